// Clients whose requests never come to an end, because they fall silent or because they send a byte
// now and then, on and on. No pause is long enough to tell the latter from good clients, so only
// the limit for a whole request ends them.

#include "tests/support/slow_sender.h"

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using std::chrono::steady_clock;

void check_told_that_time_is_up(const HttpOutcome& outcome, RawConnection& connection) {
    check_problem(answer_of(outcome), 408, "request-too-slow");
    CHECK(connection.is_closed_by_server(patience));
}

// Each has sent the beginning of a request, and sends nothing more.
std::deque<RawConnection> silent_clients(int port, int count) {
    const std::vector<SlowRequest> kinds = slow_requests("/api/v1/orders");
    std::deque<RawConnection> clients;
    for (int i = 0; i < count; ++i) {
        RawConnection& client = clients.emplace_back(port);
        REQUIRE(client.send(kinds[static_cast<std::size_t>(i) % kinds.size()].start));
    }
    return clients;
}

// These go on sending, each time trickle() is called.
std::deque<SlowSender> slow_senders(int port, int count) {
    const std::vector<SlowRequest> kinds = slow_requests("/api/v1/orders");
    std::deque<SlowSender> senders;
    for (int i = 0; i < count; ++i) {
        const SlowRequest& kind = kinds[static_cast<std::size_t>(i) % kinds.size()];
        senders.emplace_back(port, kind.start, kind.rest);
        REQUIRE(senders.back().connection().is_open());
    }
    return senders;
}

}  // namespace

// Both kinds side by side, because the limit is ten real seconds.
TEST_CASE("slow_sender: clients that never finish are told when time is up, and hold up nobody") {
    constexpr std::chrono::milliseconds pace{100};
    OrderProcesses processes;
    processes.start_api();
    const auto start = steady_clock::now();
    std::deque<RawConnection> silent = silent_clients(processes.port(), 100);
    std::deque<SlowSender> senders = slow_senders(processes.port(), 64);
    const std::size_t crowd = senders.size();

    HttpClient good = processes.client();
    int served_meanwhile = 0;
    for (int round = 0; !senders.empty(); ++round) {
        REQUIRE(steady_clock::now() - start < 2 * patience);
        HttpClient newcomer = processes.client();
        REQUIRE_EQ(newcomer.get("/livez").status, 200);
        const nlohmann::json order = order_json("good-" + std::to_string(round));
        REQUIRE_EQ(good.post("/api/v1/orders", order).status, 200);
        served_meanwhile += senders.size() == crowd ? 1 : 0;
        for (auto sender = senders.begin(); sender != senders.end();) {
            const auto outcome = sender->trickle();
            if (!outcome) {
                ++sender;
                continue;
            }
            check_told_that_time_is_up(*outcome, sender->connection());
            CHECK(steady_clock::now() - start > std::chrono::seconds(9));
            sender = senders.erase(sender);
        }
        std::this_thread::sleep_until(start + round * pace);  // the pace of the attack
    }
    CHECK_GT(served_meanwhile, 20);
    for (RawConnection& client : silent) {
        check_told_that_time_is_up(client.read_answer(patience), client);
    }
}

}  // namespace orders::test
