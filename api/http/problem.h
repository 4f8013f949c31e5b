#pragma once

// Errors as RFC 9457 `application/problem+json`. A problem says what went wrong in terms of the
// request, never of the program: no exception text, no SQL, no path.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/field_error.h"
#include "api/http/message.h"

namespace orders::http {

struct Problem {
    int status;
    // What kind of problem it is, for programs: the last part of the problem's `type`.
    std::string_view slug;
    // The same for people; the same for every problem of this kind.
    std::string_view title;
    // About this one.
    std::string detail;
    std::vector<FieldError> errors = {};
    // Further members of the object, each a text.
    std::vector<std::pair<std::string, std::string>> members = {};
};

[[nodiscard]] Response to_response(const Problem& problem);

// What the server itself answers, whatever the route: 400, 401, 404, 405, 408, 413, 414, 415, 431,
// 500, 501, 503, 505. `detail` is a sentence for the client.
[[nodiscard]] Response problem_for(int status, std::string_view detail);

// To a request that met a bug; what the bug was is for the log.
[[nodiscard]] Response internal_error();

}  // namespace orders::http
