#include "api/http/route.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace orders {
namespace {

constexpr std::array<std::string_view, 5> methods{"GET", "POST", "PUT", "PATCH", "DELETE"};

std::string to_regex(std::string_view pattern) {
    std::string regex;
    while (!pattern.empty()) {
        if (pattern.starts_with("{}")) {
            regex += "([^/]{1,128})";
            pattern.remove_prefix(2);
        } else {
            if (std::isalnum(static_cast<unsigned char>(pattern.front())) == 0) regex += '\\';
            regex += pattern.front();
            pattern.remove_prefix(1);
        }
    }
    return regex;
}

}  // namespace

HttpRoute::HttpRoute(std::string_view pattern,
                     std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers)
    : regex_(to_regex(pattern)) {
    for (const auto& [method, handler] : handlers) {
        if (!is_routable(method)) {
            throw std::invalid_argument("no routes for " + std::string(method));
        }
        handlers_.emplace(method, handler);
        allow_.append(allow_.empty() ? "" : ", ").append(method);
        if (method == "GET") allow_.append(", HEAD");
    }
}

bool HttpRoute::is_routable(std::string_view method) {
    return std::ranges::find(methods, method) != methods.end();
}

const HttpHandler* HttpRoute::handler(std::string_view method) const {
    const auto found = handlers_.find(method);
    return found == handlers_.end() ? nullptr : &found->second;
}

}  // namespace orders
