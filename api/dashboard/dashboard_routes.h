#pragma once

// Serves the dashboard below /ui/, to which / leads: a page that asks the API with the reader's own
// token. The files are open to everybody, as they tell nothing; so are the addresses of all pages,
// each of which gets the same file. What it refers to it refers to relatively, so that it works
// behind a proxy that has it below a path of its own.
//
// Assets may be kept for ever, because their path has a hash in it; the page is asked for anew each
// time, and is not sent again to who has it. gzip was done when the program was built.

#include "api/http/server.h"

namespace orders {

class DashboardRoutes {
   public:
    // False if the program was built without the dashboard. Add the routes of the API first: these
    // are many, and looked at in order.
    [[nodiscard]] static bool are_built_in() noexcept;
    static void add_to(http::Server& server);
};

}  // namespace orders
