// An API that dies without a word, again and again, while clients send orders: whatever it has
// acknowledged is there, and nothing is there that nobody sent.

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;

// What one client knows of the orders that it sent.
struct ClientLog {
    std::set<std::string> acknowledged;
    std::set<std::string> maybe;  // the answer was lost
    std::set<std::string> surprises;
};

// Sends orders to whichever API is there, singly and in batches, until it is told to stop.
void send_orders(const OrderProcesses& processes, const std::string& name, ClientLog& log,
                 std::atomic<int>& answers, const std::stop_token& stop) {
    int port = 0;
    HttpClient http(port);
    for (int n = 0; !stop.stop_requested(); ++n) {
        if (port != processes.port()) {
            port = processes.port();
            http = HttpClient(port);
        }
        const bool is_batch = n % 10 == 0;
        std::set<std::string> ids;
        json orders = json::array();
        for (int i = 0; i < (is_batch ? 20 : 1); ++i) {
            const std::string id = name + "-" + std::to_string(n) + "-" + std::to_string(i);
            ids.insert(id);
            orders.push_back(order_json(id, n % 3 == 0 ? "High" : "Normal"));
        }
        const HttpOutcome outcome =
            http.attempt({"POST",
                          is_batch ? "/api/v1/orders/batch" : "/api/v1/orders",
                          {{"Content-Type", "application/json"}},
                          is_batch ? json{{"orders", orders}}.dump() : orders[0].dump()});
        if (status_of(outcome) == 200) {
            log.acknowledged.merge(ids);
            ++answers;
        } else if (failure_of(outcome) == ConnectionFailure::refused) {
            // Never sent. Leave the processor to whoever starts the next API.
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        } else if (failure_of(outcome)) {
            log.maybe.merge(ids);
        } else {
            log.surprises.insert(std::to_string(status_of(outcome)) + " " +
                                 answer_of(outcome).body);
        }
    }
}

}  // namespace

TEST_CASE("an order is there after the API was killed behind its answer") {
    OrderProcesses processes;
    for (int i = 0; i < 5; ++i) {
        ChildProcess& api = processes.start_api();
        processes.submit(order_json("order-" + std::to_string(i)));
        api.kill();
    }
    processes.start_api();
    CHECK_EQ(processes.counts()["Pending"], 5);
    processes.start_worker();
    processes.counts_when_finished(5);
}

TEST_CASE("what was acknowledged is kept while the API is killed again and again") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_worker();
    processes.start_worker();
    std::mt19937 random = seeded_random();
    ChildProcess* api = &processes.start_api();
    std::vector<ClientLog> logs(4);
    std::atomic<int> answers = 0;
    int kills = 0;
    {
        std::vector<std::jthread> clients;
        for (std::size_t i = 0; i < logs.size(); ++i) {
            clients.emplace_back([&, i](const std::stop_token& stop) {
                send_orders(processes, "client" + std::to_string(i), logs[i], answers, stop);
            });
        }
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (kills < 10 || std::chrono::steady_clock::now() < end) {
            // Under load, and at any point of a commit.
            eventually(patience, [&, before = answers.load()] { return answers > before + 5; });
            std::this_thread::sleep_for(std::chrono::microseconds(any_of(random, 0, 100'000)));
            api->kill();
            ++kills;
            api = &processes.start_api();
        }
    }
    std::set<std::string> acknowledged;
    std::set<std::string> maybe;
    for (ClientLog& log : logs) {
        CHECK_MESSAGE(log.surprises.empty(), *log.surprises.begin());
        acknowledged.merge(log.acknowledged);
        maybe.merge(log.maybe);
    }
    std::cout << kills << " kills, " << acknowledged.size() << " orders acknowledged, "
              << maybe.size() << " perhaps" << std::endl;
    eventually(
        patience, [&] { return processes.counts(); },
        [](const json& counts) { return counts["Pending"] == 0 && counts["Processing"] == 0; });
    processes.stop_all();
    check_every_order_ended(processes.database(), acknowledged, maybe);
    for (const auto& [id, order] : stored_orders(processes.database())) {
        if (order.attempts != 1) FAIL_CHECK(id << " took " << order.attempts << " attempts");
    }
}

}  // namespace orders::test
