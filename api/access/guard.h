#pragma once

// Lets a client use the API if it has one of its tokens, as far as that lets it. Routes that are
// open (health checks need no secret) are not asked about; without a token all others, known or
// unknown, answer with 401.

#include <utility>
#include <variant>

#include "api/access/tokens.h"
#include "api/http/router.h"

namespace orders {

class TokenGuard final : public http::Guard {
   public:
    explicit TokenGuard(AccessTokens tokens) : tokens_(std::move(tokens)) {}
    [[nodiscard]] std::variant<http::Caller, http::Response> look_at(
        const http::Headers& headers) const override;

   private:
    const AccessTokens tokens_;
};

}  // namespace orders
