#pragma once

// One path of the server, and what it does for each method. Does not change once it is made.

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/server.h"

namespace orders {

class HttpRoute {
   public:
    // As HttpServer::route(). Throws std::invalid_argument for a method that routes cannot have.
    HttpRoute(std::string_view pattern,
              std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers);

    // Whether there can be routes for the method; HEAD goes wherever GET goes.
    [[nodiscard]] static bool is_routable(std::string_view method);

    // Null where the path does not know the method.
    [[nodiscard]] const HttpHandler* handler(std::string_view method) const;
    // The methods that it knows, for the header of that name.
    [[nodiscard]] const std::string& allow() const noexcept { return allow_; }
    // Matches the paths that the pattern stands for, with a group for each {}. All its repetitions
    // are bounded: those of libstdc++ recurse.
    [[nodiscard]] const std::string& regex() const noexcept { return regex_; }

   private:
    std::map<std::string, HttpHandler, std::less<>> handlers_;
    std::string allow_;
    std::string regex_;
};

}  // namespace orders
