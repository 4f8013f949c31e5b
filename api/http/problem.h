#pragma once

// Errors as RFC 9457 `application/problem+json`. A problem says what went wrong in terms of the
// request, never of the program: no exception text, no SQL, no path.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/field_error.h"
#include "api/http/message.h"

namespace orders::http {

// A kind of problem: what a client's program recognises it by, and what all problems of the kind
// have in common.
struct ProblemType {
    int status;
    std::string_view slug;   // for programs: the last part of the problem's `type`
    std::string_view title;  // for people
};

inline constexpr ProblemType foreign_origin{403, "foreign-origin", "Forbidden"};

// What the server itself answers, whatever the route; the titles are RFC 9110's.
inline constexpr std::array server_problems{
    ProblemType{400, "malformed-request", "Bad Request"},
    ProblemType{401, "unauthorized", "Unauthorized"},
    ProblemType{403, "insufficient-scope", "Forbidden"},
    foreign_origin,
    ProblemType{404, "route-not-found", "Not Found"},
    ProblemType{405, "method-not-allowed", "Method Not Allowed"},
    ProblemType{408, "request-too-slow", "Request Timeout"},
    ProblemType{413, "body-too-large", "Content Too Large"},
    ProblemType{414, "uri-too-long", "URI Too Long"},
    ProblemType{415, "unsupported-media-type", "Unsupported Media Type"},
    ProblemType{431, "header-too-large", "Request Header Fields Too Large"},
    ProblemType{500, "internal-error", "Internal Server Error"},
    ProblemType{501, "not-implemented", "Not Implemented"},
    ProblemType{503, "overloaded", "Service Unavailable"},
    ProblemType{505, "version-not-supported", "HTTP Version Not Supported"},
};

// One problem. `detail` is about this one; `members` are further members of the object, each a
// text.
struct Problem {
    ProblemType type;
    std::string detail;
    std::vector<FieldError> errors = {};
    std::vector<std::pair<std::string, std::string>> members = {};
};

[[nodiscard]] Response to_response(const Problem& problem);

// The first of server_problems that has the status. `detail` is a sentence for the client.
[[nodiscard]] Response problem_for(int status, std::string_view detail);

// Answers a request that met a bug; what the bug was is for the log.
[[nodiscard]] Response internal_error();

// If the server is at fault, the problem says which request it was, for whoever looks for it in the
// log. Does nothing to other responses.
void add_request_id(Response& response, std::string_view request_id);

}  // namespace orders::http
