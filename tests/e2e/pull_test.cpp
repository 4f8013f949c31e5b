// Workers that pull: claims that wait, and which orders they get.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "shared/os/boot_time.h"
#include "tests/support/eventually.h"
#include "tests/support/halted_process.h"
#include "tests/support/order_processes.h"
#include "tests/support/puller.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Ids = std::vector<std::string>;

// For claims that must not end because their time is over.
const json long_wait{{"wait_seconds", 30}};

// Raises this process's limit if it may.
bool may_open(std::size_t files) {
    rlimit limit{};
    REQUIRE_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur >= files;
}

}  // namespace

TEST_CASE("pull: a claim that waits is answered when an order comes") {
    OrderProcesses processes;
    processes.start_api();
    WaitingPuller puller(processes.port(), "py-1", long_wait);
    processes.submit(order_json("a"));
    const json orders = puller.orders();
    REQUIRE_EQ(ids_of(orders), Ids{"a"});
    CHECK_EQ(orders[0]["status"], "Processing");
    CHECK_EQ(orders[0]["worker"], "api:py-1");
    CHECK_EQ(orders[0]["attempt"], 1);
    CHECK_EQ(orders[0]["payload"], nullptr);
    CHECK_EQ(orders[0]["lease_expires_in_seconds"], 30);
    CHECK_EQ(orders[0]["deadline_in_seconds"], 300);
    CHECK_EQ(processes.order("a")["status"], "Processing");
}

TEST_CASE("pull: a claim that waits is answered when an order's time has come") {
    OrderProcesses processes;
    processes.start_api();
    WaitingPuller puller(processes.port(), "py-1", long_wait);
    json order = order_json("later");
    order["delay_seconds"] = 1;
    processes.submit(order);
    CHECK_EQ(ids_of(puller.orders()), Ids{"later"});
}

TEST_CASE("pull: a claim for which nothing comes gets an empty list when its time is over") {
    OrderProcesses processes;
    processes.start_api();
    Puller puller(processes.port());
    CHECK(puller.claim().empty());
    const auto begin = std::chrono::steady_clock::now();
    CHECK(puller.claim({{"wait_seconds", 1}}).empty());
    CHECK_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_CASE("pull: a claim gets as many orders as it asks for, of the kinds that it takes") {
    OrderProcesses processes;
    processes.start_api();
    for (const char* id : {"m1", "m2", "m3"}) processes.submit(order_of_kind(id, "mail"));
    processes.submit(order_of_kind("r1", "report"));
    processes.submit(order_json("d1"));
    Puller puller(processes.port());
    CHECK_EQ(ids_of(puller.claim({{"limit", 2}, {"kinds", {"mail"}}})), Ids{"m1", "m2"});
    CHECK(puller.claim({{"limit", 9}, {"kinds", {"nobody-knows-it"}}}).empty());
    CHECK_EQ(ids_of(puller.claim({{"kinds", {"report", "nobody-knows-it"}}})), Ids{"r1"});
    CHECK_EQ(ids_of(puller.claim({{"limit", 1000}})), Ids{"m3", "d1"});
}

TEST_CASE("pull: High comes before Normal, for claims that find orders and for those that wait") {
    OrderProcesses processes;
    processes.start_api();
    const std::vector<json> orders{order_json("n1"), order_json("n2"), order_json("h1", "High"),
                                   order_json("h2", "High")};
    SUBCASE("which are there") {
        processes.submit_all(orders);
        Puller puller(processes.port());
        CHECK_EQ(ids_of(puller.claim({{"limit", 3}})), Ids{"h1", "h2", "n1"});
        CHECK_EQ(ids_of(puller.claim()), Ids{"n2"});
    }
    SUBCASE("which are waited for: whoever asked first gets the first") {
        WaitingPuller first(processes.port(), "first", long_wait);
        first.wait_until_known();
        WaitingPuller second(processes.port(), "second", long_wait);
        processes.submit_all(orders);
        CHECK_EQ(ids_of(first.orders()), Ids{"h1"});
        CHECK_EQ(ids_of(second.orders()), Ids{"h2"});
    }
}

TEST_CASE("pull: a claim's answer has the payload byte for byte") {
    OrderProcesses processes;
    processes.start_api();
    const std::string payload =
        R"({ "b":1E+400, "a":[1.50,"\u00e9\u0000"],
             "lease":"1.1.no", "a":null })";
    const HttpAnswer created = processes.client().post(
        "/api/v1/orders", R"({"order_id":"a","priority":"High","payload":)" + payload + "}");
    REQUIRE_EQ(created.status, 200);
    const HttpAnswer answer = Puller(processes.port()).claim_answer(json::object());
    CHECK_NE(answer.body.find(R"("payload":)" + payload +
                              R"(,"traceparent":null,"tracestate":null,"attempt":1,"lease":")"),
             std::string::npos);
}

TEST_CASE("pull: of many that wait, one gets the order that comes") {
    OrderProcesses processes;
    processes.start_api();
    std::deque<WaitingPuller> waiting;
    for (int i = 0; i < 100; ++i) {
        waiting.emplace_back(processes.port(), "p" + std::to_string(i), long_wait);
    }
    processes.submit(order_json("a"));
    eventually(patience, [&] { return processes.order("a")["status"] == "Processing"; });
    processes.stop_all();  // which answers the others
    Ids claimed;
    for (WaitingPuller& puller : waiting)
        std::ranges::move(ids_of(puller.orders()), std::back_inserter(claimed));
    CHECK_EQ(claimed, Ids{"a"});
}

TEST_CASE("pull: however many wait for one kind, whoever asks for another gets its orders") {
    constexpr std::size_t pullers = 1'100;  // more than are served at a time
    if (!may_open(pullers + 100)) return skipped("needs more open files");
    OrderProcesses processes;
    processes.start_api();
    std::deque<RawConnection> waiting;
    for (std::size_t i = 0; i < pullers; ++i) {
        waiting.push_back(begin_claim(processes.port(), "p" + std::to_string(i),
                                      {{"wait_seconds", 30}, {"kinds", {"mail"}}}));
    }
    HttpClient http = processes.client();
    eventually(patience,
               [&] { return http.get("/api/v1/report").json()["workers"].size() >= pullers; });
    processes.submit(order_of_kind("a", "report"));
    CHECK_EQ(ids_of(Puller(processes.port()).claim({{"kinds", {"report"}}})), Ids{"a"});
}

TEST_CASE("pull: who has left gets nothing, and the order is the next one's at once, uncharged") {
    OrderProcesses processes;
    processes.start_api();
    for (int i = 0; i < 20; ++i) {
        { const WaitingPuller left(processes.port(), "left", long_wait); }
        processes.submit(order_json("o" + std::to_string(i)));
        Puller puller(processes.port());
        const json order = puller.claim_one(long_wait);
        CHECK_EQ(order["attempt"], 1);
        CHECK_EQ(order["worker"], puller.name_in_orders());
    }
}

TEST_CASE("pull: an API that stops answers those who wait at once, with nothing") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    WaitingPuller one(processes.port(), "one", long_wait);
    WaitingPuller two(processes.port(), "two", long_wait);
    const auto begin = std::chrono::steady_clock::now();
    api.signal(SIGTERM);
    CHECK(one.orders().empty());
    CHECK(two.orders().empty());
    CHECK_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    CHECK_EQ(api.wait_exit(patience), exited(0));
}

TEST_CASE("pull: an API that stops gives out no orders any more, and takes what was done") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--stop-delay-seconds", "2"});
    processes.submit_all({order_json("held"), order_json("left")});
    Puller puller(processes.port());
    const json held = puller.claim_one();
    WaitingPuller waiting(processes.port(), "waiting", {{"wait_seconds", 30}, {"kinds", {"mail"}}});
    api.signal(SIGTERM);
    CHECK(waiting.orders().empty());  // so it is known that it stops
    CHECK(puller.claim(long_wait).empty());
    CHECK_EQ(puller.ask(held["lease"], "renew").status, 200);
    CHECK_EQ(puller.ask(held["lease"], "complete").status, 200);
    CHECK_EQ(api.wait_exit(patience), exited(0));
}

TEST_CASE("pull: whichever of two APIs takes an order, whoever waits at the other gets it") {
    OrderProcesses processes;
    processes.start_api();
    const int first = processes.port();
    processes.start_api();
    const int second = processes.port();
    WaitingPuller waiting(first, "one", {{"wait_seconds", 30}, {"limit", 2}});
    processes.submit(order_json("a"));  // to the second
    const json orders = waiting.orders();
    REQUIRE_EQ(ids_of(orders), Ids{"a"});
    // A lease is worth the same at both.
    Puller other(second);
    CHECK_EQ(other.ask(orders[0]["lease"], "renew").status, 200);
    CHECK_EQ(other.ask(orders[0]["lease"], "complete").status, 200);
    CHECK_EQ(Puller(first).ask(orders[0]["lease"], "complete").json()["already_settled"], true);
}

TEST_CASE("pull: two APIs give each order to one worker") {
    OrderProcesses processes;
    processes.start_api();
    Puller one(processes.port(), "one");
    processes.start_api();
    Puller two(processes.port(), "two");
    std::vector<json> orders;
    for (int i = 0; i < 200; ++i) orders.push_back(order_json("o" + std::to_string(i)));
    processes.submit_all(orders);
    std::multiset<std::string> claimed;
    for (int i = 0; i < 10; ++i) {
        for (Puller* puller : {&one, &two}) {
            for (const std::string& id : ids_of(puller->claim({{"limit", 10}}))) claimed.insert(id);
        }
    }
    CHECK_EQ(claimed.size(), orders.size());
    CHECK_EQ(std::set<std::string>(claimed.begin(), claimed.end()).size(), orders.size());
}

TEST_CASE("pull: nobody gets orders of a kind that is paused, until it is resumed") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    REQUIRE_EQ(http.send({"POST", "/api/v1/kinds/mail/pause"}).status, 200);
    processes.submit(order_of_kind("a", "mail"));
    processes.submit(order_json("b"));
    Puller puller(processes.port());
    CHECK_EQ(ids_of(puller.claim({{"limit", 9}})), Ids{"b"});
    CHECK(puller.claim({{"wait_seconds", 1}, {"kinds", {"mail"}}}).empty());
    WaitingPuller waiting(processes.port(), "waiting", long_wait);
    REQUIRE_EQ(http.send({"POST", "/api/v1/kinds/mail/resume"}).status, 200);
    CHECK_EQ(ids_of(waiting.orders()), Ids{"a"});
}

TEST_CASE("pull: what a worker that died has held comes back, without any order-worker") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit_all({order_json("orphan"), order_json("kept")});
    Puller dead(processes.port(), "dead");
    const json orphan = dead.claim_one({{"lease_seconds", 5}});
    Puller alive(processes.port(), "alive");
    const json kept = alive.claim_one({{"lease_seconds", 5}});
    REQUIRE_EQ(alive.ask(kept["lease"], "renew", {{"lease_seconds", 600}}).status, 200);

    const auto claimed_at = time_since_boot();
    Puller heir(processes.port(), "heir");
    const json again = heir.claim_one(long_wait);
    CHECK_EQ(again["order_id"], "orphan");
    CHECK_EQ(again["attempt"], 2);
    CHECK_GT(again["token"], orphan["token"]);
    const json seen = processes.order("orphan");
    CHECK_EQ(seen["attempt_history"][0]["worker"], "api:dead");
    CHECK_EQ(seen["attempt_history"][0]["outcome"], "lease_expired");
    for (const char* action : {"complete", "release", "renew"}) {
        CHECK_EQ(dead.ask(orphan["lease"], action).status, 409);
    }
    CHECK_EQ(heir.ask(again["lease"], "complete").status, 200);
    outlast(std::chrono::seconds(5), claimed_at);
    CHECK_EQ(alive.ask(kept["lease"], "complete").status, 200);
    CHECK_EQ(processes.order("kept")["attempts"], 1);
}

TEST_CASE("pull: an order ends when its time is over, however long its lease is") {
    OrderProcesses processes;
    processes.start_api();
    json order = order_json("a");
    order["timeout_seconds"] = 1;
    processes.submit(order);
    Puller puller(processes.port());
    const json claimed = puller.claim_one({{"lease_seconds", 600}});
    CHECK_LE(claimed["lease_expires_in_seconds"], 1);
    CHECK_LE(claimed["deadline_in_seconds"], 1);
    const json ended = processes.finished_order("a");
    CHECK_EQ(ended["status"], "Failed");
    CHECK_EQ(ended["failure"], "timeout");
    const HttpAnswer late = puller.ask(claimed["lease"], "renew");
    CHECK_EQ(late.status, 409);
    CHECK_EQ(late.json()["order_status"], "Failed");
}

}  // namespace orders::test
