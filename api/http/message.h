#pragma once

// A request as a handler sees it, and the response that comes back.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orders::http {

// The headers of a request, as they arrived and were found well formed. A view: it is good for as
// long as the request.
class Headers {
   public:
    Headers() = default;
    // `lines`: each is NAME ":" VALUE CR LF, with a token as the name.
    explicit Headers(std::string_view lines) : lines_(lines) {}

    // The value of the first header of that name, without blanks around it. Upper and lower case
    // are the same in names.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
    // The same, and an empty text if there is none.
    [[nodiscard]] std::string_view value(std::string_view name) const noexcept {
        return find(name).value_or(std::string_view());
    }

    // The values of all headers of that name as one list, with commas in between (RFC 9110, section
    // 5.3).
    [[nodiscard]] std::string joined(std::string_view name) const;

    [[nodiscard]] std::string_view lines() const noexcept { return lines_; }

   private:
    std::string_view lines_;
};

// What it refers to is good until the handler returns.
struct Request {
    std::string_view method;                   // upper case; HEAD arrives as GET
    std::string path;                          // percent-decoded but for %2F, without the query
    std::vector<std::string> path_parameters;  // what each {name} of the route matched, in order
    std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order given
    Headers headers;
    std::string_view id;      // as in its answer and in the log (request_id.h)
    std::string_view caller;  // what the operator calls the client (access.h); may be empty
    std::string_view body;    // the content, whatever its framing
};

// One with status 204 or 304 is sent without content type and body, whatever they are here.
struct Response {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";
    // Besides length and content type. Neither names nor values may contain a line's end.
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};  // a text ends with a line feed, for people who use it on a terminal
};

// Makes a response later, on another thread: it must need nothing that may be gone by then.
using ResponseMaker = std::function<Response()>;

}  // namespace orders::http
