#pragma once

// Errors as RFC 9457 `application/problem+json`. A problem says what went wrong in terms of the
// request, never of the program: no exception text, no SQL, no path.

#include <string>
#include <string_view>
#include <vector>

#include "api/http/server.h"

namespace orders {

// One field of the request that is at fault. `field` is empty where it is the request as a whole.
struct FieldError {
    std::string field;
    std::string detail;
    friend bool operator==(const FieldError&, const FieldError&) = default;
};

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

[[nodiscard]] HttpResponse to_response(const Problem& problem);

// The answer to what never reaches a route: for HttpErrorHandler.
[[nodiscard]] HttpResponse http_problem(int status, std::string_view detail);

}  // namespace orders
