#pragma once

// Routes that a class has as a table of its own functions: `Routes::table()` has entries with a
// method, a pattern, an access, and a handler, which is a member function.

#include <utility>

#include "api/http/server.h"

namespace orders::http {

// The routes must outlive the server's last request.
template <typename Routes>
void add_table(Server& server, Routes& routes) {
    for (const auto& entry : Routes::table()) {
        server.add(
            {.method = entry.method,
             .pattern = entry.pattern,
             .access = entry.access,
             .handler = [&routes, handler = entry.handler](const Request& request, Reply reply) {
                 (routes.*handler)(request, std::move(reply));
             }});
    }
}

}  // namespace orders::http
