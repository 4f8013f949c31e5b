#pragma once

// OrderRoutes on a real server at a port that the kernel chose, with an intake and readers as in
// order-api: over a store in a directory of the test's own, whose clock stands still until the test
// moves it, or over one that does as a script says.
//
// Belongs to the test's main thread; the flags may be set at any time.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "api/http/server.h"
#include "api/intake/admission.h"
#include "api/intake/group_commit.h"
#include "api/intake/order_acts.h"
#include "api/intake/order_intake.h"
#include "api/orders/action_routes.h"
#include "api/orders/bulk_desk.h"
#include "api/orders/order_readers.h"
#include "api/orders/order_reads.h"
#include "api/orders/order_routes.h"
#include "api/orders/wait_desk.h"
#include "api/orders/waiting_places.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_store.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

// Rings when the test says so.
class SignalledWatch final : public WorkWatch {
   public:
    explicit SignalledWatch(WakeSignal& signal) : signal_(signal) {}
    [[nodiscard]] int fd() const noexcept override { return signal_.fd(); }
    void clear() noexcept override { signal_.clear(); }

   private:
    WakeSignal& signal_;
};

// Everything but the store.
class RunningRoutes {
   public:
    RunningRoutes(const RunningRoutes&) = delete;
    RunningRoutes& operator=(const RunningRoutes&) = delete;

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] HttpClient client() const { return HttpClient(port_); }

    std::atomic<bool> is_stopping = false;
    std::atomic<int> fatal_calls = 0;
    WakeSignal ends;      // rung when orders have ended
    WakeSignal stopping;  // lets nobody wait any more

   protected:
    RunningRoutes(std::unique_ptr<IntakeStore> store, std::chrono::milliseconds max_wait,
                  std::function<std::unique_ptr<OrderReader>()> open_reader,
                  const WaitOptions& waits = {}, std::size_t most_waiting = 1'000)
        : commits_(std::move(store), {.max_wait = max_wait},
                   [this](const StoreError&) { ++fatal_calls; }),
          readers_(std::move(open_reader)),
          places_(most_waiting),
          waits_(acts_, reads_, places_, std::make_unique<SignalledWatch>(ends), stopping, waits) {
        routes_.add_to(server_);
        action_routes_.add_to(server_);
        port_ = server_.bind().port;
        server_thread_ = std::jthread([this] { server_.run(patience); });
    }
    ~RunningRoutes() {
        stopping.notify();
        server_.stop();
        server_thread_.join();
    }

   private:
    http::Server server_{{.handler_threads = 4}};
    OrderAdmission admission_{AdmissionLimits{}};
    GroupCommit commits_;
    OrderIntake intake_{commits_, admission_};
    OrderReaders readers_;
    OrderReads reads_{readers_};
    OrderActs acts_{commits_};
    WaitingPlaces places_;
    WaitDesk waits_;
    OrderRoutes routes_{intake_, reads_, waits_, is_stopping};
    BulkDesk bulk_{acts_, reads_, is_stopping};
    ActionRoutes action_routes_{acts_, bulk_, reads_};
    int port_ = 0;
    std::jthread server_thread_;
};

// A base, so that it is there before the routes and after them.
struct StoreDirectory {
    TempDir directory;
    ManualClock clock;
    std::unique_ptr<Storage> storage = sqlite::open_storage(directory.file("orders.db"), clock);
};

class RoutesOnStore : private StoreDirectory, public RunningRoutes {
   public:
    RoutesOnStore()
        : RunningRoutes(storage->open_intake(), patience,
                        [this] { return storage->open_reader(); }) {}

    using StoreDirectory::clock;
    using StoreDirectory::storage;
};

struct ScriptOfRoutes {
    StoreScript script;
    std::atomic<int> readers_opened = 0;
    std::atomic<bool> is_opening_broken = false;
    std::atomic<bool> has_bug = false;  // in opening
};

class RoutesOnScript : public ScriptOfRoutes, public RunningRoutes {
   public:
    explicit RoutesOnScript(std::chrono::milliseconds max_wait = patience,
                            const WaitOptions& waits = {}, std::size_t most_waiting = 1'000)
        : RunningRoutes(
              std::make_unique<ScriptedStore>(script), max_wait,
              [this] {
                  if (has_bug) throw std::logic_error("exception in orders.cpp: no SELECT");
                  if (is_opening_broken) {
                      throw StoreError(StoreError::Kind::unusable, StoreError::Cure::restart,
                                       "open /tmp/orders.db", "SQLITE_CANTOPEN: errno 14");
                  }
                  ++readers_opened;
                  return std::make_unique<ScriptedReader>(script);
              },
              waits, most_waiting) {}
};

}  // namespace orders::test
