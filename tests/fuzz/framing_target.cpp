// Fuzz target: the framing of requests (api/http/request_scanner.h). The input is what a client
// sends on one connection. Whatever it is, the verdicts do not depend on how it was cut, nothing
// outside the input is touched, the limits hold, and nothing is accepted that others might frame
// differently.
//
// With ORDERS_PLANTED_DEFECT it ends at the first whole request that is chunked and has a trailer.
// A fuzzer that does not come upon one finds nothing.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/http/chunked_body.h"
#include "api/http/request_scanner.h"
#include "tests/fuzz/invariant.h"
#include "tests/fuzz/pieces.h"

namespace orders::test {

using namespace orders::http;

namespace {

// Small, so that a small input goes beyond each of them.
constexpr FramingLimits limits{
    .max_request_line_bytes = 64, .max_header_bytes = 256, .max_headers = 8, .max_body_bytes = 48};
// Headers, chunk sizes and trailers each have their share, and so have content and its framing.
constexpr std::size_t max_request_bytes = 3 * limits.max_header_bytes + 2 * limits.max_body_bytes;

// A copy with nothing behind it: reading on is an error that the address sanitizer sees.
class Bytes {
   public:
    explicit Bytes(std::string_view bytes)
        : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
        bytes.copy(bytes_.get(), size_);
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

   private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

bool is_inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

bool is_final(const FramingVerdict& verdict) {
    return !std::holds_alternative<IncompleteRequest>(verdict);
}

bool is_same(const FramingVerdict& one, const FramingVerdict& other) {
    if (one.index() != other.index()) return false;
    if (const auto* error = std::get_if<FramingError>(&one)) {
        const auto& other_error = std::get<FramingError>(other);
        return error->status == other_error.status && error->detail == other_error.detail;
    }
    const auto* request = std::get_if<FramedRequest>(&one);
    if (request == nullptr) return true;
    const auto& other_request = std::get<FramedRequest>(other);
    return request->method == other_request.method && request->target == other_request.target &&
           request->headers.lines() == other_request.headers.lines() &&
           request->framed_body == other_request.framed_body &&
           request->is_chunked == other_request.is_chunked &&
           request->is_encoded == other_request.is_encoded &&
           request->is_http_1_0 == other_request.is_http_1_0 &&
           request->is_keep_alive == other_request.is_keep_alive &&
           request->total_bytes == other_request.total_bytes;
}

#ifdef ORDERS_PLANTED_DEFECT
bool has_trailer(const FramedRequest& request) {
    if (!request.is_chunked || !request.framed_body.ends_with("\r\n\r\n")) return false;
    const std::string_view lines = request.framed_body.substr(0, request.framed_body.size() - 4);
    const std::string_view last = lines.substr(lines.rfind('\n') + 1);
    return last.find_first_of("0123456789abcdefABCDEF") != 0;  // else it may be a chunk's size
}

void check_for_defect(const FramedRequest& request) {
    require(!has_trailer(request), "the planted defect is not found");
}
#else
void check_for_defect(const FramedRequest&) {}
#endif

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

// By searching for text alone, as a proxy in front might frame it: there is one way to do so.
void check_unambiguous(std::string_view request) {
    if (request.starts_with("\r\n")) request.remove_prefix(2);
    const std::size_t end = request.find("\r\n\r\n");
    require(end != request.npos, "a request's head ends with a blank line");
    std::string head(request.substr(0, end + 2));
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
    const std::size_t line_ends = count(head, "\r\n");
    require(count(head, "\n") == line_ends, "a head has no line feed that stands alone");
    require(count(head, "\r") == line_ends, "a head has no carriage return that stands alone");
    require(head.find('\0') == head.npos, "a head has no NUL");
    require(count(head, "\ncontent-length:") + count(head, "\ntransfer-encoding:") <= 1,
            "a request is framed in one way");
    require(count(head, "\nhost:") <= 1, "a request names one host");
    for (const std::string_view name : {"\ncontent-length", "\ntransfer-encoding"}) {
        for (const char blank : {' ', '\t'}) {
            require(count(head, std::string(name) + blank) == 0, "no blank stands before a colon");
        }
    }
}

// What a decoder makes of a target must not depend on whose it is.
void check_decodable(std::string_view target) {
    require(target.find('#') == target.npos, "a target has no fragment");
    for (std::size_t at = target.find('%'); at != target.npos; at = target.find('%', at + 1)) {
        require(target.size() - at > 2 &&
                    std::isxdigit(static_cast<unsigned char>(target[at + 1])) &&
                    std::isxdigit(static_cast<unsigned char>(target[at + 2])),
                "a percent sign has two digits behind it");
    }
}

void check(const FramedRequest& request, std::string_view input) {
    check_decodable(request.target);
    check_unambiguous(input.substr(0, request.total_bytes));
    for (const std::string_view part :
         {request.method, request.target, request.headers.lines(), request.framed_body}) {
        require(is_inside(part, input.substr(0, request.total_bytes)), "views lie in the request");
    }
    require(request.total_bytes > 0, "a request has bytes");
    require(request.total_bytes <= input.size(), "a request ends within the input");
    require(request.total_bytes <= max_request_bytes, "a request is within the limits");
    require(request.framed_body.size() <= request.total_bytes, "a body is part of its request");
    require(!request.method.empty() && !request.target.empty(), "a request has method and target");
    require(request.method.size() + request.target.size() <= limits.max_request_line_bytes,
            "a request line is within its limit");

    const std::string content =
        request.is_chunked ? joined_chunks(request.framed_body) : std::string(request.framed_body);
    require(content.size() <= limits.max_body_bytes, "a body's content is within its limit");
    require(!request.is_chunked || content.size() < request.framed_body.size(),
            "chunks are larger than their content");
    for (const std::string_view name : {"host", "content-length", "x"}) {
        require(is_inside(request.headers.value(name), request.headers.lines()),
                "a header's value lies in the headers");
    }
    check_for_defect(request);
}

void check(const FramingError& error) {
    require(error.status >= 400 && error.status < 600, "a refusal has a status");
    require(!error.detail.empty(), "a refusal says why");
}

// In pieces, each time elsewhere in memory. What is final stays so, whatever follows.
void check_in_pieces(const FramingVerdict& expected, std::string_view input) {
    RequestScanner scanner(limits);
    std::size_t received = 0;
    bool is_continue_said = false;
    for (const std::string_view piece : pieces_of(input)) {
        received += piece.size();
        const Bytes so_far(input.substr(0, received));
        const FramingVerdict verdict = scanner.scan(so_far.view());
        if (is_final(verdict)) {
            require(is_same(verdict, expected), "the verdict does not depend on the cuts");
            return;
        }
        const bool awaits_continue = std::get<IncompleteRequest>(verdict).awaits_continue;
        require(!awaits_continue || !is_continue_said, "100 Continue is asked for once");
        is_continue_said = is_continue_said || awaits_continue;
    }
    require(!is_final(expected), "what was final at once is final in pieces");
}

void check_connection(std::string_view input) {
    RequestScanner scanner(limits);
    while (true) {
        const FramingVerdict verdict = scanner.scan(input);
        check_in_pieces(verdict, input);
        if (const auto* error = std::get_if<FramingError>(&verdict)) return check(*error);
        const auto* request = std::get_if<FramedRequest>(&verdict);
        if (request == nullptr) {
            return require(input.size() <= max_request_bytes, "what is unfinished is bounded");
        }
        check(*request, input);
        input.remove_prefix(request->total_bytes);
        scanner.restart();
    }
}

}  // namespace
}  // namespace orders::test

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    orders::test::check_connection(input);
    return 0;
}
