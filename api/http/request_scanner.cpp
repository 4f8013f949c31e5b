#include "api/http/request_scanner.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "api/http/chunked_body.h"
#include "api/http/grammar.h"
#include "api/http/request_target.h"
#include "shared/text/ascii.h"

namespace orders::http {
namespace {

constexpr std::size_t max_chunk_size_line_bytes = 256;

bool is_forbidden_in_line(char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

bool list_contains(std::string_view list, std::string_view lower_case) {
    bool is_found = false;
    for_each_element(list, [&](std::string_view element) {
        is_found = is_found || ascii::equals_ignoring_case(element, lower_case);
    });
    return is_found;
}

constexpr FramingError headers_too_large{431, "The request's headers are too large."};
constexpr FramingError body_too_large{413, "The request's body is too large."};

}  // namespace

FramingVerdict RequestScanner::scan(std::string_view received) {
    received_ = received;
    while (!error_ && part_ != Part::complete && advance()) {
    }
    if (error_) return *error_;
    if (part_ == Part::complete) return framed();
    const bool is_body_next = part_ == Part::counted_body || part_ == Part::chunk_size;
    IncompleteRequest incomplete;
    if (is_body_next && received_.size() == body_start_) {
        incomplete.awaits_continue = std::exchange(wants_continue_, false);
    }
    return incomplete;
}

bool RequestScanner::advance() {
    switch (part_) {
        case Part::request_line:
            return take_request_line();
        case Part::headers:
        case Part::trailers:
            return take_header_line();
        case Part::counted_body:
            return take_counted_body();
        case Part::chunk_size:
            return take_chunk_size();
        case Part::chunk_data:
            return take_chunk_data();
        case Part::complete:
            break;
    }
    return false;
}

bool RequestScanner::take_request_line() {
    // Whatever becomes of the line, the answer's form depends on it.
    is_head_ = received_.substr(position_).starts_with("HEAD ");
    const auto line = next_line(std::min(limits_.max_request_line_bytes, limits_.max_header_bytes),
                                {414, "The request line is too long."});
    if (!line) return false;
    if (line->empty() && !skipped_blank_line_) {
        // Some old clients end a body with one line end too many (RFC 9112, section 2.2).
        skipped_blank_line_ = true;
        return true;
    }
    const std::size_t method_end = line->find(' ');
    const std::size_t target_end = line->rfind(' ');
    if (method_end == std::string_view::npos || target_end <= method_end + 1) {
        return reject(400, "The request line must be a method, a target and a version.");
    }
    const std::string_view method = line->substr(0, method_end);
    const std::string_view target = line->substr(method_end + 1, target_end - method_end - 1);
    const std::string_view version = line->substr(target_end + 1);
    if (!is_token(method)) return reject(400, "The request's method is not a token.");
    if (!version.starts_with("HTTP/")) return reject(400, "The request names no HTTP version.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return reject(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    }
    if (const auto fault = fault_of_target(method, target)) return reject(400, *fault);
    max_body_bytes_ = max_body_bytes_of(target);
    method_ = piece(method);
    target_ = piece(target);
    header_lines_.offset = position_;
    is_http_1_0_ = version == "HTTP/1.0";
    part_ = Part::headers;
    return true;
}

std::size_t RequestScanner::max_body_bytes_of(std::string_view target) const {
    if (limits_.other_bodies.empty()) return limits_.max_body_bytes;
    const auto other = std::ranges::find(limits_.other_bodies, path_of(target), &BodyLimit::path);
    return other == limits_.other_bodies.end() ? limits_.max_body_bytes : other->max_bytes;
}

bool RequestScanner::take_header_line() {
    const auto line = next_line(headers_start_ + limits_.max_header_bytes, headers_too_large);
    if (!line) return false;
    if (line->empty()) {
        if (part_ == Part::headers) return take_end_of_headers();
        part_ = Part::complete;
        return true;
    }
    if (++headers_ > limits_.max_headers) return reject(431, "The request has too many headers.");
    if (line->front() == ' ' || line->front() == '\t') {
        return reject(400, "A header must not be folded over several lines.");
    }
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos || !is_token(line->substr(0, colon))) {
        return reject(400, "A header must be a name, a colon directly after it, and a value.");
    }
    return take_header(line->substr(0, colon), ascii::trimmed(line->substr(colon + 1)));
}

bool RequestScanner::take_header(std::string_view name, std::string_view value) {
    // Trailers have to be well formed, but none of them means anything here.
    if (part_ == Part::trailers) return true;
    if (ascii::equals_ignoring_case(name, "content-length")) {
        const auto length = parse_size(value, 10);
        if (!length) return reject(400, "Content-Length must be a number.");
        if (content_length_) return reject(400, "Content-Length must be given once.");
        content_length_ = length;
    } else if (ascii::equals_ignoring_case(name, "transfer-encoding")) {
        take_transfer_encoding(value);
    } else if (ascii::equals_ignoring_case(name, "content-type")) {
        return take_content_type(value);
    } else if (ascii::equals_ignoring_case(name, "content-encoding")) {
        for_each_element(value, [this](std::string_view coding) {
            const bool is_none = coding.empty() || ascii::equals_ignoring_case(coding, "identity");
            is_encoded_ = is_encoded_ || !is_none;
        });
    } else if (ascii::equals_ignoring_case(name, "authorization")) {
        ++authorizations_;
    } else if (ascii::equals_ignoring_case(name, "host")) {
        ++hosts_;
        if (!is_host(value)) return reject(400, "Host must be a host, perhaps with a port.");
    } else if (ascii::equals_ignoring_case(name, "connection")) {
        wants_close_ = wants_close_ || list_contains(value, "close");
        wants_keep_alive_ = wants_keep_alive_ || list_contains(value, "keep-alive");
    } else if (ascii::equals_ignoring_case(name, "expect")) {
        // HTTP/1.0 clients could not make sense of the interim answer.
        wants_continue_ = !is_http_1_0_ && ascii::equals_ignoring_case(value, "100-continue");
    }
    return true;
}

// Which of two a reader goes by is not certain. One header with a list is the same as two
// (RFC 9110, section 5.3).
bool RequestScanner::take_content_type(std::string_view value) {
    if (is_list(value) || (content_type_ && text(*content_type_) != value)) {
        return reject(400, "Content-Type must be given once.");
    }
    content_type_ = piece(value);
    return true;
}

void RequestScanner::take_transfer_encoding(std::string_view value) {
    for_each_element(value, [this](std::string_view coding) {
        is_chunked_last_ = ascii::equals_ignoring_case(coding, "chunked");
        has_empty_coding_ = has_empty_coding_ || coding.empty();
        ++transfer_codings_;
        if (is_chunked_last_) ++chunked_codings_;
    });
}

bool RequestScanner::take_end_of_headers() {
    if (hosts_ > 1) return reject(400, "Host must be given once.");
    if (hosts_ == 0 && !is_http_1_0_) return reject(400, "The request has no Host header.");
    if (authorizations_ > 1) return reject(400, "Authorization must be given once.");
    if (!check_framing()) return false;
    constexpr std::size_t line_end_bytes = 2;
    header_lines_.length = position_ - line_end_bytes - header_lines_.offset;
    body_start_ = position_;
    part_ = transfer_codings_ > 0 ? Part::chunk_size : Part::counted_body;
    return true;
}

// RFC 9112, section 6.3. What counts is the list of codings, however many headers it is spread
// over.
bool RequestScanner::check_framing() {
    if (transfer_codings_ == 0) {
        if (content_length_.value_or(0) <= max_body_bytes_) return true;
        return reject(body_too_large.status, body_too_large.detail);
    }
    if (content_length_) {
        return reject(400, "Content-Length and Transfer-Encoding exclude each other.");
    }
    if (is_http_1_0_) return reject(400, "HTTP/1.0 knows no Transfer-Encoding.");
    if (!is_chunked_last_ || chunked_codings_ > 1 || has_empty_coding_) {
        return reject(400, "The last Transfer-Encoding, and no other, must be chunked.");
    }
    if (transfer_codings_ > 1) {
        return reject(501, "The only Transfer-Encoding known here is chunked.");
    }
    return true;
}

bool RequestScanner::take_counted_body() {
    body_bytes_ = content_length_.value_or(0);
    if (received_.size() - position_ < body_bytes_) return false;
    position_ += body_bytes_;
    part_ = Part::complete;
    return true;
}

bool RequestScanner::take_chunk_size() {
    const std::size_t line_start = position_;
    const auto line = next_line(position_ + max_chunk_size_line_bytes,
                                {400, "The line of a chunk's size is too long."});
    if (!line) return false;
    const auto size = chunk_size_in(*line);
    if (!size) return reject(400, "A chunk must begin with its size as a hexadecimal number.");
    // Chunks of one byte each would otherwise make a body several times as large as it may be.
    framing_bytes_ += position_ - line_start + 2;
    if (*size > max_body_bytes_ - body_bytes_ ||
        framing_bytes_ > max_body_bytes_ + limits_.max_header_bytes) {
        return reject(body_too_large.status, body_too_large.detail);
    }
    chunk_bytes_ = *size;
    headers_start_ = position_;
    part_ = *size == 0 ? Part::trailers : Part::chunk_data;
    return true;
}

bool RequestScanner::take_chunk_data() {
    constexpr std::string_view line_end = "\r\n";
    if (received_.size() - position_ <= chunk_bytes_) return false;
    const std::string_view after = received_.substr(position_ + chunk_bytes_, line_end.size());
    if (!line_end.starts_with(after)) {
        return reject(400, "A chunk is longer than its size says.");
    }
    if (after.size() < line_end.size()) return false;
    body_bytes_ += chunk_bytes_;
    position_ += chunk_bytes_ + line_end.size();
    searched_ = position_;
    part_ = Part::chunk_size;
    return true;
}

bool RequestScanner::reject(int status, std::string_view detail) {
    error_ = FramingError{status, detail};
    return false;
}

std::optional<std::string_view> RequestScanner::next_line(std::size_t end_limit,
                                                          FramingError too_long) {
    const std::size_t line_feed = received_.find('\n', searched_);
    const bool is_whole = line_feed != std::string_view::npos;
    searched_ = is_whole ? line_feed + 1 : received_.size();
    // Before anything else, so that a long line is treated the same whether its end is there or
    // not.
    if (searched_ > end_limit) {
        error_ = too_long;
        return std::nullopt;
    }
    if (!is_whole) return std::nullopt;
    std::string_view line = received_.substr(position_, line_feed - position_);
    position_ = searched_;
    if (!line.ends_with('\r')) {
        reject(400, "A line must end with carriage return and line feed.");
        return std::nullopt;
    }
    line.remove_suffix(1);
    if (std::any_of(line.begin(), line.end(), is_forbidden_in_line)) {
        reject(400, "The request has a control character where none may be.");
        return std::nullopt;
    }
    return line;
}

RequestScanner::Piece RequestScanner::piece(std::string_view part) const {
    if (part.empty()) return {};  // it need not lie in what was received
    return {static_cast<std::size_t>(part.data() - received_.data()), part.size()};
}

std::string_view RequestScanner::text(Piece part) const {
    return received_.substr(part.offset, part.length);
}

FramedRequest RequestScanner::framed() const {
    return {.method = text(method_),
            .target = text(target_),
            .headers = Headers(text(header_lines_)),
            .framed_body = received_.substr(body_start_, position_ - body_start_),
            .is_chunked = transfer_codings_ > 0,
            .is_encoded = is_encoded_,
            .is_http_1_0 = is_http_1_0_,
            .is_keep_alive = !wants_close_ && (!is_http_1_0_ || wants_keep_alive_),
            .total_bytes = position_};
}

}  // namespace orders::http
