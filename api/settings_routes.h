#pragma once

// What this API is and how it is set, for people and programs that watch it: GET /api/v1/settings.
// Nothing of it changes while the process lives, and nothing of it is secret.

#include <span>
#include <string>
#include <string_view>

#include "api/http/server.h"
#include "api/settings.h"

namespace orders {

class SettingsRoutes {
   public:
    // `store` is how the store is called in the log.
    SettingsRoutes(const ApiSettings& settings, std::string_view store, bool is_open);

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        http::Access access;
        void (SettingsRoutes::*handler)(const http::Request&, http::Reply);
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // This must outlive the server's run().
    void add_to(http::Server& server);

   private:
    void get_settings(const http::Request& request, http::Reply reply);

    const std::string body_;
};

}  // namespace orders
