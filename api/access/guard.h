#pragma once

// Lets a client use the API if it has one of its tokens. Routes that are open (health checks need
// no secret) are not asked about; without a token all others, known or unknown, answer with 401.

#include <optional>
#include <utility>

#include "api/access/tokens.h"
#include "api/http/router.h"

namespace orders {

class TokenGuard final : public http::Guard {
   public:
    explicit TokenGuard(AccessTokens tokens) : tokens_(std::move(tokens)) {}
    [[nodiscard]] std::optional<http::Response> refusal_of(
        const http::Headers& headers) const override;

   private:
    const AccessTokens tokens_;
};

}  // namespace orders
