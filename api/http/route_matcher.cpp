#include "api/http/route_matcher.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

#include "shared/text/ascii.h"

namespace orders::http {
namespace {

constexpr std::array<std::string_view, 7> known_methods{"GET",   "HEAD",   "POST",   "PUT",
                                                        "PATCH", "DELETE", "OPTIONS"};

// All its repetitions are bounded, because those of libstdc++ recurse.
std::string to_regex(std::string_view pattern) {
    std::string regex;
    while (!pattern.empty()) {
        if (pattern.front() == '{') {
            regex += "([^/]{1,128})";
            pattern.remove_prefix(pattern.find('}') + 1);
        } else {
            if (!ascii::is_letter_or_digit(pattern.front())) regex += '\\';
            regex += pattern.front();
            pattern.remove_prefix(1);
        }
    }
    return regex;
}

// The library decodes before it looks for the route, and a slash that was encoded does not separate
// segments (RFC 3986, section 2.2): encoded once more, it comes out as it was sent.
void append_keeping_slashes(std::string& text, std::string_view path) {
    for (std::size_t at = 0; at < path.size(); ++at) {
        text.push_back(path[at]);
        const std::string_view encoded = path.substr(at, 3);
        if (encoded == "%2F" || encoded == "%2f") text.append("25");
    }
}

// What the library reads a request from: the one line of text that it needs, made anew because what
// the client sent also has a query, perhaps a host, and headers. What it would answer is discarded.
class RequestText final : public httplib::Stream {
   public:
    RequestText(std::string_view method, std::string_view path) {
        text_.reserve(method.size() + path.size() + 16);
        text_.append(method).append(" ");
        append_keeping_slashes(text_, path);
        text_.append(" HTTP/1.1\r\n\r\n");
    }

    ssize_t read(char* bytes, std::size_t size) override {
        const std::size_t count = std::min(size, text_.size() - position_);
        std::memcpy(bytes, text_.data() + position_, count);
        position_ += count;
        return static_cast<ssize_t>(count);
    }
    using Stream::write;
    ssize_t write(const char*, std::size_t size) override { return static_cast<ssize_t>(size); }
    [[nodiscard]] bool is_readable() const override { return true; }
    [[nodiscard]] bool is_writable() const override { return true; }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }

   private:
    std::string text_;
    std::size_t position_ = 0;
};

}  // namespace

class RouteMatcher::Library final : public httplib::Server {
   public:
    Library() {
        // Otherwise it would make an answer of them.
        set_exception_handler(
            [](const httplib::Request&, httplib::Response&, std::exception_ptr exception) {
                std::rethrow_exception(std::move(exception));
            });
    }

    // Every path with every method, so that the router can tell what a path does not allow.
    void add(const std::string& regex, std::size_t path) {
        const Handler plain = [path](const httplib::Request& request, httplib::Response&) {
            request.progress(path, 0);
        };
        // The kind of handler that is called before the library does anything with a body.
        const HandlerWithContentReader before_body =
            [path](const httplib::Request& request, httplib::Response&,
                   const httplib::ContentReader&) { request.progress(path, 0); };
        Get(regex, plain);  // HEAD too
        Options(regex, plain);
        Post(regex, before_body);
        Put(regex, before_body);
        Patch(regex, before_body);
        Delete(regex, before_body);
    }

    std::optional<RouteMatch> match(std::string_view method, std::string_view path) {
        std::optional<RouteMatch> match;
        RequestText text(method, path);
        bool is_closed = false;
        process_request(text, true, is_closed, [&match](httplib::Request& request) {
            // A member that only the library's clients use; here it is the way from the handler
            // back to this call, which the library gives no other.
            request.progress = [&match, &request](std::uint64_t number, std::uint64_t) {
                match = RouteMatch{static_cast<std::size_t>(number), request.path, {}};
                for (std::size_t i = 1; i < request.matches.size(); ++i) {
                    match->parameters.push_back(request.matches[i].str());
                }
                return true;
            };
        });
        return match;
    }
};

RouteMatcher::RouteMatcher() : library_(std::make_unique<Library>()) {}

RouteMatcher::~RouteMatcher() = default;

std::size_t RouteMatcher::add(std::string_view pattern) {
    library_->add(to_regex(pattern), paths_);
    return paths_++;
}

std::optional<std::string_view> RouteMatcher::known_method(std::string_view method) {
    const auto* const known = std::ranges::find(known_methods, method);
    if (known == known_methods.end()) return std::nullopt;
    return *known;
}

std::optional<RouteMatch> RouteMatcher::match(std::string_view method,
                                              std::string_view path) const {
    return library_->match(method, path);
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
    std::vector<std::pair<std::string, std::string>> query;
    const std::size_t mark = target.find('?');
    if (mark == std::string_view::npos) return query;
    std::string_view rest = target.substr(mark + 1);
    const auto decoded = [](std::string_view text) {
        return httplib::detail::decode_url(std::string(text), true);
    };
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        query.emplace_back(decoded(pair.substr(0, equals)), equals == std::string_view::npos
                                                                ? ""
                                                                : decoded(pair.substr(equals + 1)));
    }
    return query;
}

}  // namespace orders::http
