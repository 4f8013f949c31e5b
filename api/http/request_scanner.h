#pragma once

// Where a request ends in the bytes that a client has sent so far (RFC 9112), found without waiting
// for more of them. Bytes that were looked at once are not looked at again, so a client that sends
// one byte at a time costs no more than any other.
//
// Strict: whatever two readers could frame differently is refused, and after a refusal nothing that
// follows on the connection may be read as a request. The same bytes give the same verdict, however
// they were cut into pieces on the way.
//
// No input, no output, no locks; a RequestScanner belongs to one thread at a time.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "api/http/message.h"

namespace orders::http {

// A path whose requests may have other bodies than the rest, provided that it is spelled exactly
// so.
struct BodyLimit {
    std::string_view path;
    std::size_t max_bytes = 0;
};

struct FramingLimits {
    std::size_t max_request_line_bytes = 8 * 1024;
    std::size_t max_header_bytes = 16 * 1024;  // request line and headers together
    std::size_t max_headers = 100;
    std::size_t max_body_bytes = 1024 * 1024;
    std::span<const BodyLimit> other_bodies = {};  // must outlive the scanner
};

struct IncompleteRequest {
    // The headers are in and accepted, and the client holds the body back until it is told
    // `100 Continue`. Said once.
    bool awaits_continue = false;
};

// The views point into the bytes that were scanned.
struct FramedRequest {
    std::string_view method;  // any token, as sent
    std::string_view target;  // as sent, without a fault (request_target.h)
    Headers headers;
    std::string_view framed_body;  // as sent: with the chunk sizes if is_chunked
    bool is_chunked = false;
    bool is_encoded = false;  // compressed, for one: Content-Encoding names a coding
    bool is_http_1_0 = false;
    bool is_keep_alive = false;
    std::size_t total_bytes = 0;
};

struct FramingError {
    int status = 400;
    std::string_view detail;  // a sentence for the client; lives as long as the program
};

using FramingVerdict = std::variant<IncompleteRequest, FramedRequest, FramingError>;

class RequestScanner {
   public:
    explicit RequestScanner(const FramingLimits& limits) : limits_(limits) {}

    // `received` is all of the request so far: what was passed before, perhaps followed by more. It
    // may run on into the next request.
    [[nodiscard]] FramingVerdict scan(std::string_view received);

    // Whether what was scanned of the request shows that its method is HEAD: no answer to it may
    // have content.
    [[nodiscard]] bool is_head() const noexcept { return is_head_; }

    // Call it before the first byte of the next request.
    void restart() { *this = RequestScanner(limits_); }

   private:
    enum class Part {
        request_line,
        headers,
        counted_body,
        chunk_size,
        chunk_data,
        trailers,
        complete
    };
    // A piece of the request; views would not survive growth of the buffer.
    struct Piece {
        std::size_t offset = 0;
        std::size_t length = 0;
    };

    // All return false if there is nothing more to do: bytes are missing, or error_ is set.
    bool advance();
    bool take_request_line();
    bool take_header_line();
    bool take_header(std::string_view name, std::string_view value);
    bool take_content_type(std::string_view value);
    void take_transfer_encoding(std::string_view value);
    bool take_end_of_headers();
    [[nodiscard]] std::size_t max_body_bytes_of(std::string_view target) const;
    // Sees to it that there is one way to tell where the body ends, and that it is known here.
    bool check_framing();
    bool take_counted_body();
    bool take_chunk_size();
    bool take_chunk_data();
    bool reject(int status, std::string_view detail);

    // The line at position_ without its end; empty as above.
    std::optional<std::string_view> next_line(std::size_t end_limit, FramingError too_long);
    [[nodiscard]] Piece piece(std::string_view part) const;
    [[nodiscard]] std::string_view text(Piece part) const;
    [[nodiscard]] FramedRequest framed() const;

    FramingLimits limits_;
    std::string_view received_;  // during scan()

    Part part_ = Part::request_line;
    std::size_t position_ = 0;  // where the part that is being read begins
    std::size_t searched_ = 0;  // up to here there is no line end in it
    std::optional<FramingError> error_;

    bool is_head_ = false;
    Piece method_;
    Piece target_;
    std::size_t headers_start_ = 0;  // from here on their bytes count; trailers count anew
    Piece header_lines_;
    bool skipped_blank_line_ = false;
    bool is_http_1_0_ = false;
    std::size_t headers_ = 0;
    std::size_t hosts_ = 0;
    std::size_t authorizations_ = 0;
    std::optional<Piece> content_type_;
    std::size_t transfer_codings_ = 0;
    std::size_t chunked_codings_ = 0;
    bool is_chunked_last_ = false;
    bool has_empty_coding_ = false;
    bool is_encoded_ = false;
    bool wants_continue_ = false;
    bool wants_close_ = false;
    bool wants_keep_alive_ = false;
    std::optional<std::size_t> content_length_;

    std::size_t max_body_bytes_ = 0;
    std::size_t body_start_ = 0;
    std::size_t body_bytes_ = 0;     // of content, so far
    std::size_t chunk_bytes_ = 0;    // of the chunk that is being read
    std::size_t framing_bytes_ = 0;  // chunk sizes and their kind, so far
};

}  // namespace orders::http
