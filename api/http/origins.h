#pragma once

// Which web pages may use the API from a browser (the header Origin, RFC 6454; CORS, the Fetch
// standard). A page of the API itself may, and those of the origins that the operator names. Any
// other page may read nothing, and has nothing done: not even by a form, which a browser sends
// without asking.
//
// Requests without the header are no page's, and pass. Constant after construction; for any thread.

#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.h"

namespace orders::http {

inline constexpr std::string_view any_origin = "*";

// Whether it is SCHEME://HOST or SCHEME://HOST:PORT, spelled as browsers do: in lower case, and
// without the scheme's own port.
[[nodiscard]] bool is_origin(std::string_view text) noexcept;

class Origins {
   public:
    // `named`: is_origin() holds for each; or any_origin.
    explicit Origins(std::vector<std::string> named = {}) : named_(std::move(named)) {}

    struct Verdict {
        bool is_foreign = false;  // the page is none of those that may
        // What the answer says of who may read it; empty if no other page than our own. It lives as
        // long as the Origins.
        std::string_view allowed = {};
    };
    [[nodiscard]] Verdict verdict_on(const Headers& headers) const noexcept;

   private:
    std::vector<std::string> named_;
};

// Whether the request only asks if a page may send another one.
[[nodiscard]] bool is_preflight(std::string_view method, const Headers& headers) noexcept;

// The answer to one from a page that may.
[[nodiscard]] Response preflight_answer(std::string methods);

}  // namespace orders::http
