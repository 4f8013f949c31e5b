#include "api/http/response_head.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <chrono>

#include "api/http/origins.h"
#include "api/http/problem.h"
#include "shared/text/ascii.h"

namespace orders::http {
namespace {

// The phrase of RFC 9110, section 15: for people who look at the wire; clients go by the number.
std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 302:
            return "Found";
        case 304:
            return "Not Modified";
        case 409:
            return "Conflict";
        case 429:
            return "Too Many Requests";
        default:
            break;
    }
    const auto* const known = std::ranges::find(server_problems, status, &ProblemType::status);
    return known == server_problems.end() ? std::string_view() : known->title;
}

// RFC 9110, sections 6.4.1 and 8.6. Bytes behind such a head would be read as the next response.
bool may_have_content(int status) {
    return status >= 200 && status != 204 && status != 304;
}

// Larger than almost any head that this server sends, so that one allocation is enough.
constexpr std::size_t usual_head_bytes = 448;

template <typename Number>
void append_number(std::string& text, Number number, int base = 10) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
    text.append(digits.data(), end);
}

void append_two_digits(std::string& text, unsigned number) {
    text += static_cast<char>('0' + number / 10 % 10);
    text += static_cast<char>('0' + number % 10);
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
    assert(value.find_first_of("\r\n") == std::string_view::npos);
    head.append(name).append(": ").append(value).append("\r\n");
}

// As in RFC 9110, section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT
void append_date(std::string& head) {
    constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(now - day);
    head.append("Date: ")
        .append(weekdays.substr(std::chrono::weekday(day).c_encoding() * std::size_t{3}, 3))
        .append(", ");
    append_two_digits(head, static_cast<unsigned>(date.day()));
    head.append(" ")
        .append(months.substr((static_cast<unsigned>(date.month()) - 1) * std::size_t{3}, 3))
        .append(" ");
    append_number(head, static_cast<int>(date.year()));
    head.append(" ");
    append_two_digits(head, static_cast<unsigned>(time.hours().count()));
    head.append(":");
    append_two_digits(head, static_cast<unsigned>(time.minutes().count()));
    head.append(":");
    append_two_digits(head, static_cast<unsigned>(time.seconds().count()));
    head.append(" GMT\r\n");
}

bool has_header(const Response& response, std::string_view name) {
    return std::ranges::any_of(response.headers, [name](const auto& header) {
        return ascii::equals_ignoring_case(header.first, name);
    });
}

void append_allowed_origin(std::string& head, std::string_view origin) {
    append_header(head, "Access-Control-Allow-Origin", origin);
    append_header(head, "Access-Control-Expose-Headers", "Location, Retry-After, X-Request-Id");
    if (origin != any_origin) append_header(head, "Vary", "Origin");
}

// All but the length of the body, and the end.
void append_head(std::string& head, const Response& response, const ResponseForm& form) {
    head.append("HTTP/1.1 ");  // to HTTP/1.0 as well: RFC 9110, section 2.5
    append_number(head, response.status);
    head.append(" ").append(reason_phrase(response.status)).append("\r\n");
    append_date(head);
    if (!has_header(response, "Cache-Control")) append_header(head, "Cache-Control", "no-store");
    append_header(head, "X-Content-Type-Options", "nosniff");
    if (!form.request_id.text().empty()) {
        append_header(head, "X-Request-Id", form.request_id.text());
    }
    if (!form.allowed_origin.empty()) append_allowed_origin(head, form.allowed_origin);
    for (const auto& [name, value] : response.headers) append_header(head, name, value);
    if (response.status == 503 && !has_header(response, "Retry-After")) {
        append_header(head, "Retry-After", "1");
    }
    if (form.closes) {
        append_header(head, "Connection", "close");
    } else if (form.is_http_1_0) {
        append_header(head, "Connection", "keep-alive");
    }
}

}  // namespace

ResponseForm form_of_response_to(const FramedRequest& request) {
    return {.is_to_head = request.method == "HEAD",
            .is_http_1_0 = request.is_http_1_0,
            .closes = !request.is_keep_alive,
            .request_id = RequestId::of(request.headers)};
}

std::string to_bytes(const Response& response, const ResponseForm& form) {
    std::string bytes;
    bytes.reserve(usual_head_bytes + response.body.size());
    append_head(bytes, response, form);
    if (!may_have_content(response.status)) return bytes.append("\r\n");
    if (!response.body.empty()) append_header(bytes, "Content-Type", response.content_type);
    bytes.append("Content-Length: ");
    append_number(bytes, response.body.size());
    bytes.append("\r\n\r\n");
    if (!form.is_to_head) bytes.append(response.body);
    return bytes;
}

std::string stream_head(const Response& response, const ResponseForm& form) {
    assert(may_have_content(response.status));
    std::string bytes;
    bytes.reserve(usual_head_bytes);
    append_head(bytes, response, form);
    append_header(bytes, "Content-Type", response.content_type);
    if (!form.is_http_1_0) append_header(bytes, "Transfer-Encoding", "chunked");
    bytes.append("\r\n");
    return bytes;
}

std::string to_chunk(std::string_view piece, const ResponseForm& form) {
    if (form.is_http_1_0) return std::string(piece);
    std::string chunk;
    chunk.reserve(piece.size() + 24);
    append_number(chunk, piece.size(), 16);
    return chunk.append("\r\n").append(piece).append("\r\n");
}

}  // namespace orders::http
