// Clients that listen to events while everything around them is killed, and behind a proxy: they
// come back with the last id that they have, and hear how every order has ended.

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/proxy.h"
#include "tests/support/dose.h"
#include "tests/support/event_listener.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

// A client that never gives up.
class Follower {
   public:
    explicit Follower(const OrderProcesses& processes)
        : processes_(processes), thread_([this](const std::stop_token& stop) { follow(stop); }) {}

    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
    [[nodiscard]] std::size_t ends() const noexcept { return ends_seen_; }

    struct Seen {
        std::set<std::string> ends;  // the orders whose end it has heard of
        int gaps = 0;
        int returns = 0;
        bool do_ids_grow = true;
    };
    Seen stop() {
        thread_.request_stop();
        thread_.join();
        return seen_;
    }

   private:
    void follow(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            EventListener client(processes_.port(), "", last_);
            if (!client.is_listening()) {
                std::this_thread::yield();
                continue;
            }
            ++seen_.returns;
            while (!stop.stop_requested()) {
                const auto event = client.next(100ms);
                if (event) {
                    take(*event);
                } else if (client.is_complete() || client.is_closed()) {
                    break;
                }
            }
        }
    }
    void take(const SentEvent& event) {
        if (event.name == "gap") ++seen_.gaps;
        if (event.name == "order") {
            seen_.do_ids_grow &= event.number() > last_number_;
            const auto status = event.data["status"];
            if (status == "Processed" || status == "Failed" || status == "Cancelled") {
                seen_.ends.insert(event.data["order_id"]);
                ends_seen_ = seen_.ends.size();
            }
        }
        if (event.id.empty()) return;
        last_ = event.id;
        last_number_ = event.number();
        has_begun_ = true;
    }

    const OrderProcesses& processes_;
    std::string last_;
    std::int64_t last_number_ = 0;
    Seen seen_;
    std::atomic<bool> has_begun_ = false;
    std::atomic<std::size_t> ends_seen_ = 0;
    std::jthread thread_;  // last: it uses the above
};

}  // namespace

TEST_CASE("events_killed: whatever is killed, clients that come back miss no order's end") {
    OrderProcesses processes;
    // Not one that the kernel chooses: who connects to such a one while nobody listens may get
    // itself.
    const std::string port = std::to_string(port_to_keep());
    ChildProcess* api = &processes.start_api({"--port", port});
    ChildProcess* worker = &processes.start_worker({"--lease-seconds", "5"});
    std::deque<Follower> followers;
    for (int i = 0; i < 10; ++i) followers.emplace_back(processes);
    for (const Follower& follower : followers) {
        eventually(patience, [&] { return follower.has_begun(); });
    }
    const int rounds = dose(4, 40);
    constexpr int orders_per_round = 60;
    for (int round = 0; round < rounds; ++round) {
        std::vector<nlohmann::json> orders;
        for (int i = 0; i < orders_per_round; ++i) {
            orders.push_back(order_json("o-" + std::to_string(round) + "-" + std::to_string(i)));
        }
        processes.submit_all(orders);
        const std::size_t some = static_cast<std::size_t>(round * orders_per_round) + 10;
        eventually(patience, [&] { return followers.front().ends() >= some; });
        if (round % 2 == 0) {
            api->kill();
            api = &processes.start_api({"--port", port});
        } else {
            worker->kill();
            worker = &processes.start_worker({"--lease-seconds", "5"});
        }
    }
    const auto in_all = static_cast<std::size_t>(rounds * orders_per_round);
    processes.counts_when_finished(static_cast<int>(in_all));
    for (Follower& follower : followers) {
        eventually(patience, [&] { return follower.ends() == in_all; });
        const Follower::Seen seen = follower.stop();
        CHECK(seen.do_ids_grow);
        CHECK(seen.gaps == 0);
        CHECK(seen.returns > rounds / 2);
    }
    processes.stop_all();
    CHECK(stored_orders(processes.database()).size() == in_all);
    check_store_is_consistent(processes.database());
}

TEST_CASE("events_killed: behind nginx events come at once, also after it has cut a client off") {
    const auto program = proxy_program("nginx");
    if (!program) return skipped("nginx is not installed");
    OrderProcesses processes;
    processes.start_api();
    const Proxy nginx("nginx", *program, processes.port(), processes.port());
    std::string last;
    for (const char* id : {"a", "b"}) {
        EventListener client(nginx.port(), "", last);
        CHECK(client.is_listening());
        CHECK(client.next().value().name == "hello");
        processes.submit(order_json(id));
        const SentEvent event = client.next_order();
        CHECK(event.data["order_id"] == id);
        last = event.id;
    }
}

}  // namespace orders::test
