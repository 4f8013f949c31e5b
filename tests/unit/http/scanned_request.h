#pragma once

// What the scanner says of bytes, as one status: short to compare in a table.

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "api/http/chunked_body.h"
#include "api/http/request_scanner.h"

namespace orders::http::test {

inline constexpr FramingLimits limits{.max_request_line_bytes = 200,
                                      .max_header_bytes = 1000,
                                      .max_headers = 10,
                                      .max_body_bytes = 64};

struct Outcome {
    int status = 0;  // 0: incomplete, 200: complete, otherwise of the refusal
    std::size_t total_bytes = 0;
    std::string method = {};
    std::string target = {};
    std::string content_type = {};
    std::string content = {};
    bool is_keep_alive = false;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline Outcome outcome_of(const FramingVerdict& verdict) {
    if (const auto* const error = std::get_if<FramingError>(&verdict)) {
        CHECK_FALSE(error->detail.empty());
        return {.status = error->status};
    }
    const auto* const request = std::get_if<FramedRequest>(&verdict);
    if (request == nullptr) return {};
    return {.status = 200,
            .total_bytes = request->total_bytes,
            .method = std::string(request->method),
            .target = std::string(request->target),
            .content_type = std::string(request->headers.value("content-type")),
            .content = request->is_chunked ? joined_chunks(request->framed_body)
                                           : std::string(request->framed_body),
            .is_keep_alive = request->is_keep_alive};
}

// In one piece, and one byte at a time; each time the bytes lie elsewhere in the memory.
inline Outcome scan(const std::string& bytes) {
    RequestScanner scanner(limits);
    Outcome at_once = outcome_of(scanner.scan(bytes));

    RequestScanner dribbled_scanner(limits);
    Outcome dribbled;
    for (std::size_t count = 1; count <= bytes.size() && dribbled.status == 0; ++count) {
        const std::string so_far = bytes.substr(0, count);
        dribbled = outcome_of(dribbled_scanner.scan(so_far));
    }
    CHECK(dribbled == at_once);
    return at_once;
}

inline int status_of(const std::string& bytes) {
    return scan(bytes).status;
}

inline std::string post(const std::string& headers_and_body) {
    return "POST /orders HTTP/1.1\r\nHost: a\r\n" + headers_and_body;
}

inline std::string chunked(const std::string& body) {
    return post("Transfer-Encoding: chunked\r\n\r\n" + body);
}

inline std::string times(std::size_t count, const std::string& text) {
    std::string repeated;
    for (std::size_t i = 0; i < count; ++i) repeated += text;
    return repeated;
}

struct Case {
    const char* why;
    std::string bytes;
    int status;
};

inline void check(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        CAPTURE(one.why);
        CHECK(status_of(one.bytes) == one.status);
    }
}

}  // namespace orders::http::test
