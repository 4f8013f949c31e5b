#pragma once

// Which route a request takes: the HTTP library's own matching, and nothing else of it. The library
// is shown the method and the path; what it does not see, it cannot decompress, parse as a form,
// cut into ranges or trip over.
//
// Routes are added at the start by one thread; from then on match() may be called by several at a
// time. Only the .cpp files of this class, the server and the client know the library.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orders::http {

struct RouteMatch {
    std::size_t path = 0;                 // as add() numbered it
    std::string decoded_path;             // percent-decoded but for %2F
    std::vector<std::string> parameters;  // what each {name} matched, in order
};

class RouteMatcher {
   public:
    RouteMatcher();
    ~RouteMatcher();
    RouteMatcher(const RouteMatcher&) = delete;
    RouteMatcher& operator=(const RouteMatcher&) = delete;

    // Adds a path, and returns its number, counted from 0. Each `{name}` in the pattern stands for
    // one segment of up to 128 characters other than `/`; the name is for people. The path that was
    // added first matches first.
    std::size_t add(std::string_view pattern);

    // The method, as a text that stays, if the library can be shown a request with it.
    [[nodiscard]] static std::optional<std::string_view> known_method(std::string_view method);

    // `path` as the client wrote it, without a fault (request_target.h) and without the query; the
    // method must be known. Empty if no pattern matches.
    [[nodiscard]] std::optional<RouteMatch> match(std::string_view method,
                                                  std::string_view path) const;

   private:
    class Library;
    std::unique_ptr<Library> library_;
    std::size_t paths_ = 0;
};

// The query of a request's target, decoded.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_of(std::string_view target);

}  // namespace orders::http
