#include "api/http/exchange.h"

#include <algorithm>
#include <cstring>

#include "api/http/route.h"

namespace orders {
namespace {

// The library decodes before it looks for the route, and a slash that was encoded is none that
// separates (RFC 3986, section 2.2): encoded once more, it comes out as it was sent.
void append_keeping_slashes(std::string& text, std::string_view path) {
    for (std::size_t at = 0; at < path.size(); ++at) {
        text.push_back(path[at]);
        const std::string_view encoded = path.substr(at, 3);
        if (encoded == "%2F" || encoded == "%2f") text.append("25");
    }
}

}  // namespace

AnswerForm form_of_answer_to(const FramedRequest& request) {
    return {.is_to_head = request.method == "HEAD",
            .is_http_1_0 = request.is_http_1_0,
            .closes = !request.is_keep_alive};
}

HttpExchange::HttpExchange(const FramedRequest& framed)
    : request(framed), form(form_of_answer_to(framed)) {
    // A method that the library cannot route takes the place of one that no route has.
    const bool is_known = framed.method == "HEAD" || HttpRoute::is_routable(framed.method);
    library_input_.append(is_known ? framed.method : "OPTIONS");
    library_input_.append(" ");
    append_keeping_slashes(library_input_, path_of(framed.target));
    library_input_.append(" HTTP/1.1\r\n\r\n");
}

HttpExchange::HttpExchange(HttpResponse response, const AnswerForm& answer_form)
    : ready(std::move(response)),
      form(answer_form),
      library_input_(form.is_to_head ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n") {}

ssize_t HttpExchange::read(char* bytes, std::size_t size) {
    const std::size_t count = std::min(size, library_input_.size() - position_);
    std::memcpy(bytes, library_input_.data() + position_, count);
    position_ += count;
    return static_cast<ssize_t>(count);
}

ssize_t HttpExchange::write(const char* bytes, std::size_t size) {
    output.append(bytes, size);
    return static_cast<ssize_t>(size);
}

// A target may be a whole URL (RFC 9112, section 3.2.2).
std::string_view path_of(std::string_view target) {
    constexpr std::string_view scheme = "http://";
    target = target.substr(0, target.find_first_of("?#"));
    if (!target.starts_with(scheme)) return target;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
    std::vector<std::pair<std::string, std::string>> query;
    target = target.substr(0, target.find('#'));
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

}  // namespace orders
