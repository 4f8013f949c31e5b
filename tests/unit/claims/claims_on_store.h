#pragma once

// ClaimRoutes on a real server at a port that the kernel chose, over a store in a directory of the
// test's own, whose clock stands still until the test moves it. The rings of the store's bell are
// the test's to give.
//
// Belongs to the test's main thread, but for ask(), which any may call.

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/claims/claim_desk.h"
#include "api/claims/claim_routes.h"
#include "api/http/server.h"
#include "api/intake/group_commit.h"
#include "api/intake/order_acts.h"
#include "api/orders/order_readers.h"
#include "api/orders/order_reads.h"
#include "api/orders/waiting_places.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

class ClaimsOnStore {
   public:
    explicit ClaimsOnStore(
        const ClaimDeskOptions& options = {.look_interval = std::chrono::hours(1)},
        std::size_t most_waiting = 1'000)
        : places_(most_waiting),
          incarnation_(storage->open_reader()->identity().incarnation),
          desk_(commits_, reads_, places_, std::make_unique<Bell>(work), stopping, incarnation_,
                options),
          routes_(desk_, acts_, reads_, incarnation_, {}) {
        routes_.add_to(server_);
        port_ = server_.bind().port;
        server_thread_ = std::jthread([this] { server_.run(patience); });
    }
    ~ClaimsOnStore() {
        stopping.notify();
        server_.stop();
        server_thread_.join();
    }
    ClaimsOnStore(const ClaimsOnStore&) = delete;
    ClaimsOnStore& operator=(const ClaimsOnStore&) = delete;

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] HttpAnswer post(const std::string& path, const std::string& body) const {
        return HttpClient(port_).post("/api/v1" + path, body);
    }
    [[nodiscard]] HttpAnswer claim(const std::string& more = {}) const {
        return post("/claims", claim_body(more));
    }
    [[nodiscard]] static std::string claim_body(const std::string& more) {
        return R"({"worker":"py-1")" + more + "}";
    }
    // Waits for an order in the background.
    [[nodiscard]] std::future<HttpAnswer> ask(const std::string& more = R"(,"wait_seconds":30)") {
        return std::async(std::launch::async, [this, more] { return claim(more); });
    }
    // Creates orders as another process does, without a ring.
    void submit(const std::vector<NewOrder>& orders) { (void)submit_by(*intake_of_other_, orders); }
    static IntakeOutcomes submit_by(IntakeStore& store, const std::vector<NewOrder>& orders) {
        return store.begin()->commit({.creates = {orders}});
    }
    [[nodiscard]] Order find(const std::string& id) {
        return storage->open_reader()->find(order_id(id)).value();
    }
    [[nodiscard]] std::size_t live_workers() {
        return storage->open_reader()->report().workers.size();
    }

    TempDir directory;
    ManualClock clock;
    std::unique_ptr<Storage> storage = sqlite::open_storage(directory.file("orders.db"), clock);
    WakeSignal work;      // rung when orders may be claimed
    WakeSignal stopping;  // lets nobody wait any more

   private:
    class Bell final : public WorkWatch {
       public:
        explicit Bell(WakeSignal& signal) : signal_(signal) {}
        [[nodiscard]] int fd() const noexcept override { return signal_.fd(); }
        void clear() noexcept override { signal_.clear(); }

       private:
        WakeSignal& signal_;
    };

    http::Server server_{{.handler_threads = 4}};
    GroupCommit commits_{storage->open_intake(), {.max_wait = patience}, [](const StoreError&) {}};
    std::unique_ptr<IntakeStore> intake_of_other_ = storage->open_intake();
    OrderReaders readers_{[this] { return storage->open_reader(); }};
    OrderReads reads_{readers_};
    OrderActs acts_{commits_};
    WaitingPlaces places_;
    const std::string incarnation_;
    ClaimDesk desk_;
    ClaimRoutes routes_;
    int port_ = 0;
    std::jthread server_thread_;
};

}  // namespace orders::test
