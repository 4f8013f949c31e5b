#pragma once

// The one place where a response is put into the form of HTTP/1.1: status line, headers, Date.
//
// Pure functions but for the time of day; for any thread.

#include <string>
#include <string_view>

#include "api/http/message.h"
#include "api/http/request_id.h"
#include "api/http/request_scanner.h"

namespace orders::http {

// What a response's form depends on, besides what it says.
struct ResponseForm {
    bool is_to_head = false;  // it has no body then
    bool is_http_1_0 = false;
    bool closes = true;  // the connection, after this response
    RequestId request_id = {};
    // What the answer says of which web pages may read it (origins.h); empty if it says nothing.
    std::string_view allowed_origin = {};
};

// With the request's id, and no origin.
[[nodiscard]] ResponseForm form_of_response_to(const FramedRequest& request);

// The whole response. A 503 that does not say when to try again says: after a second.
[[nodiscard]] std::string to_bytes(const Response& response, const ResponseForm& form);

// The head of a response whose body follows in pieces (to_chunk()); its own body is not sent. Its
// status must be one that may have a body: neither 204 nor 304.
[[nodiscard]] std::string stream_head(const Response& response, const ResponseForm& form);

// A piece of such a body; the empty one ends it. HTTP/1.0 gets pieces as they are.
[[nodiscard]] std::string to_chunk(std::string_view piece, const ResponseForm& form);

}  // namespace orders::http
