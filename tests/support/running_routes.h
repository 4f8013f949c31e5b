#pragma once

// OrderRoutes on a real server at a port that the kernel chose, with an intake and readers as in
// order-api: over a store in a directory of the test's own, or over one that does as a script says.
// The clock stands still until the test moves it.
//
// Belongs to the test's main thread; the flags may be set at any time.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "api/http/problem.h"
#include "api/http/server.h"
#include "api/intake/order_intake.h"
#include "api/orders/order_readers.h"
#include "api/orders/order_routes.h"
#include "shared/storage/open_store.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_store.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

// Everything but the store.
class RunningRoutes {
   public:
    RunningRoutes(const RunningRoutes&) = delete;
    RunningRoutes& operator=(const RunningRoutes&) = delete;

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] HttpClient client() const { return HttpClient(port_); }

    ManualClock clock;
    std::atomic<bool> is_stopping = false;
    std::atomic<int> fatal_calls = 0;

   protected:
    RunningRoutes(std::unique_ptr<OrderStore> store, IntakeLimits limits,
                  std::function<std::unique_ptr<OrderReader>()> open_reader)
        : intake_(std::move(store), bell_, clock, limits, [this] { ++fatal_calls; }),
          readers_(std::move(open_reader)) {
        routes_.add_to(server_);
        port_ = server_.bind();
        server_thread_ = std::jthread([this] { server_.run(patience); });
    }
    ~RunningRoutes() {
        server_.stop();
        server_thread_.join();
    }

   private:
    TempDir directory_;
    HttpServer server_{{.handler_threads = 4}, http_problem};
    Doorbell bell_{directory_.file("bell")};
    OrderIntake intake_;
    OrderReaders readers_;
    OrderRoutes routes_{intake_, readers_, clock, is_stopping};
    int port_ = 0;
    std::jthread server_thread_;
};

// A base, so that it is there before the routes and after them.
struct StoreDirectory {
    TempDir directory;
    const std::string location = directory.file("orders.db");
};

class RoutesOnStore : private StoreDirectory, public RunningRoutes {
   public:
    RoutesOnStore()
        : RunningRoutes(open_order_store(location), IntakeLimits{.max_wait = patience},
                        [this] { return open_order_reader(location); }),
          store_(open_order_store(location)) {}

    // Another store on the same orders.
    [[nodiscard]] OrderStore& store() { return *store_; }

   private:
    std::unique_ptr<OrderStore> store_;
};

struct ScriptOfRoutes {
    StoreScript script;
    std::atomic<int> readers_opened = 0;
    std::atomic<bool> is_opening_broken = false;
};

class RoutesOnScript : public ScriptOfRoutes, public RunningRoutes {
   public:
    explicit RoutesOnScript(IntakeLimits limits = {.max_wait = patience})
        : RunningRoutes(std::make_unique<ScriptedStore>(script), limits, [this] {
              if (is_opening_broken) {
                  throw StoreError(StoreError::Kind::unusable, "open /tmp/orders.db",
                                   "SQLITE_CANTOPEN: errno 14");
              }
              ++readers_opened;
              return std::make_unique<ScriptedStore>(script);
          }) {}
};

}  // namespace orders::test
