#pragma once

// What answers in the API's place while its store is waited for: `GET /livez` with 200, all else,
// `GET /readyz` too, with 503.

#include <functional>
#include <thread>

#include "api/http/server.h"

namespace orders {

class UnreadyServer {
   public:
    // Serves once it has bound the port. Throws as Server and `bind` do.
    UnreadyServer(const http::ServerOptions& options,
                  const std::function<void(http::Server&)>& bind);
    // Gives the port free.
    ~UnreadyServer();
    UnreadyServer(const UnreadyServer&) = delete;
    UnreadyServer& operator=(const UnreadyServer&) = delete;

   private:
    http::Server server_;
    std::jthread thread_;
};

}  // namespace orders
