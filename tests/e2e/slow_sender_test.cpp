// Clients that send a byte now and then, and go on and on: no pause is long enough to tell them
// from good ones, so only the limit for a whole request ends them.

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

using std::chrono::steady_clock;

TEST_CASE(
    "slow_sender: 64 clients that never cease to send are told when time is up, and hold up "
    "nobody") {
    constexpr std::size_t crowd = 64;
    constexpr std::chrono::milliseconds pace{100};
    OrderProcesses processes;
    processes.start_api();
    const std::vector<SlowRequest> kinds = slow_requests("/api/v1/orders");
    const auto start = steady_clock::now();
    std::deque<SlowSender> senders;
    for (std::size_t i = 0; i < crowd; ++i) {
        const SlowRequest& kind = kinds[i % kinds.size()];
        senders.emplace_back(processes.port(), kind.start, kind.rest);
        REQUIRE(senders.back().connection().is_open());
    }

    HttpClient good = processes.client();
    int served_meanwhile = 0;
    for (int round = 0; !senders.empty(); ++round) {
        REQUIRE(steady_clock::now() - start < 2 * patience);
        const nlohmann::json order = order_json("good-" + std::to_string(round));
        REQUIRE_EQ(good.post("/api/v1/orders", order).status, 200);
        served_meanwhile += senders.size() == crowd ? 1 : 0;
        for (auto sender = senders.begin(); sender != senders.end();) {
            const auto outcome = sender->trickle();
            if (!outcome) {
                ++sender;
                continue;
            }
            check_problem(answer_of(*outcome), 408, "request-too-slow");
            CHECK(sender->connection().is_closed_by_server(patience));
            CHECK(steady_clock::now() - start > std::chrono::seconds(9));
            sender = senders.erase(sender);
        }
        std::this_thread::sleep_until(start + round * pace);  // the pace of the attack
    }
    CHECK_GT(served_meanwhile, 20);
}

}  // namespace orders::test
