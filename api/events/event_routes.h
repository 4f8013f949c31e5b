#pragma once

// The route of events: what a client asks for, handed to the desk.

#include <span>
#include <string_view>

#include "api/events/event_desk.h"
#include "api/http/message.h"
#include "api/http/reply.h"
#include "api/http/server.h"

namespace orders {

class EventRoutes {
   public:
    // The desk must outlive the server's run().
    explicit EventRoutes(EventDesk& desk) : desk_(desk) {}

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        http::Access access;
        void (EventRoutes::*handler)(const http::Request&, http::Reply);
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // This must outlive the server's run() too.
    void add_to(http::Server& server);

   private:
    void listen(const http::Request& request, http::Reply reply);

    EventDesk& desk_;
};

}  // namespace orders
