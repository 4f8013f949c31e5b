// Clients that wait for an order's end, over a scripted store.

#include "api/orders/wait_desk.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_builder.h"
#include "tests/unit/orders/running_routes.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

constexpr auto never = std::chrono::hours(1);
const std::string path = "/api/v1/orders/a";

// Routes over a store with one order, which counts how often it is asked to tell of ends.
class RoutesWithOrder : public RoutesOnScript {
   public:
    explicit RoutesWithOrder(const WaitOptions& waits, std::size_t most_waiting = 1'000)
        : RoutesOnScript(patience, waits, most_waiting) {
        set(OrderStatus::pending);
        script.on_action([this](const OrderAction& action) -> ActionOutcome {
            if (std::holds_alternative<AwaitEnds>(action)) ++times_asked;
            return Done{};
        });
    }

    void set(OrderStatus status) {
        script.put({.spec = an_order("a").build().spec,
                    .status = status,
                    .created_at = StoreScript::created_at});
    }
    [[nodiscard]] std::future<HttpAnswer> ask(const std::string& query = "?wait_seconds=50") {
        return std::async(std::launch::async, [this, query] { return client().get(path + query); });
    }
    // Returns once it waits, and the store has been asked to tell of ends.
    [[nodiscard]] std::future<HttpAnswer> wait() {
        const int asked_before = times_asked;
        auto answer = ask();
        eventually(patience, [&] { return times_asked > asked_before; });
        return answer;
    }

    std::atomic<int> times_asked = 0;
};

bool is_answered(const std::future<HttpAnswer>& answer) {
    return answer.wait_for(0s) == std::future_status::ready;
}

std::string status_in(std::future<HttpAnswer>& answer) {
    REQUIRE(answer.wait_for(patience) == std::future_status::ready);
    return answer.get().json().value("status", "none");
}

}  // namespace

TEST_CASE("wait_desk: whoever waits is answered when the bell tells that the order has ended") {
    for (const OrderStatus status :
         {OrderStatus::processed, OrderStatus::failed, OrderStatus::cancelled}) {
        RoutesWithOrder routes({.look_interval = never});
        auto answer = routes.wait();
        // A ring for another order, or a change that is no end.
        routes.set(OrderStatus::processing);
        routes.ends.notify();
        CHECK_FALSE(is_answered(answer));
        routes.set(status);
        routes.ends.notify();
        CHECK_EQ(status_in(answer), std::string(to_string(status)));
    }
}

TEST_CASE("wait_desk: an end that no bell tells of is seen all the same") {
    RoutesWithOrder routes({.look_interval = 1ms});
    auto answer = routes.wait();
    CHECK_FALSE(is_answered(answer));
    routes.set(OrderStatus::processed);
    CHECK_EQ(status_in(answer), "Processed");
}

TEST_CASE("wait_desk: an order that ends before the store tells of ends is looked at once more") {
    RoutesWithOrder routes({.look_interval = never});
    routes.script.on_action([&](const OrderAction&) {
        routes.set(OrderStatus::failed);
        return Done{};
    });
    auto answer = routes.ask();
    CHECK_EQ(status_in(answer), "Failed");
}

TEST_CASE("wait_desk: what there is nothing to wait for is answered at once") {
    RoutesWithOrder routes({.look_interval = never});
    HttpClient http = routes.client();
    CHECK_EQ(http.get(path).json()["status"], "Pending");
    CHECK_EQ(http.get(path + "?wait_seconds=0").json()["status"], "Pending");
    CHECK_EQ(http.get(path + "?wait_seconds=").json()["status"], "Pending");
    check_problem(http.get("/api/v1/orders/none?wait_seconds=50"), 404, "order-not-found");
    check_problem(http.get("/api/v1/orders/-?wait_seconds=50"), 404, "order-not-found");
    for (const char* value : {"-1", "51", "1.5", "x", "%2B1", "1s", "99999999999999999999"}) {
        CAPTURE(value);
        const HttpAnswer answer = http.get(path + "?wait_seconds=" + value);
        check_problem(answer, 400, "invalid-query");
        CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"wait_seconds"});
    }
    check_problem(http.get(path + "?wait_seconds=1&wait_seconds=1"), 400, "invalid-query");
    routes.set(OrderStatus::processed);
    CHECK_EQ(http.get(path + "?wait_seconds=50").json()["status"], "Processed");
    CHECK_EQ(routes.times_asked, 0);
}

TEST_CASE("wait_desk: when the time is over, the order is answered as it is") {
    RoutesWithOrder routes({.look_interval = never});
    const auto began = std::chrono::steady_clock::now();
    const HttpAnswer answer = routes.client().get(path + "?wait_seconds=1");
    CHECK(std::chrono::steady_clock::now() - began >= 1s);
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.json()["status"], "Pending");
}

TEST_CASE("wait_desk: many wait for one order, and for more, and each gets its own") {
    RoutesWithOrder routes({.look_interval = never});
    std::vector<std::future<HttpAnswer>> answers;
    answers.push_back(routes.wait());
    for (int number = 0; number < 20; ++number) answers.push_back(routes.ask());
    routes.script.put({.spec = an_order("b").build().spec, .created_at = StoreScript::created_at});
    auto other = std::async(std::launch::async, [&] {
        return routes.client().get("/api/v1/orders/b?wait_seconds=50");
    });
    routes.set(OrderStatus::processed);
    routes.ends.notify();
    for (auto& answer : answers) CHECK_EQ(status_in(answer), "Processed");
    CHECK_FALSE(is_answered(other));
    routes.stopping.notify();
    CHECK_EQ(other.get().json()["order_id"], "b");
}

TEST_CASE("wait_desk: beyond the bound clients are answered at once") {
    RoutesWithOrder routes({.look_interval = never}, 1);
    auto first = routes.wait();
    CHECK_EQ(routes.client().get(path + "?wait_seconds=50").json()["status"], "Pending");
    CHECK_FALSE(is_answered(first));
    routes.set(OrderStatus::processed);
    routes.ends.notify();
    CHECK_EQ(status_in(first), "Processed");
}

TEST_CASE("wait_desk: a client that has left waits no longer") {
    RoutesWithOrder routes({.look_interval = 1ms}, 1);
    {
        RawConnection connection(routes.port());
        connection.send("GET " + path + "?wait_seconds=50 HTTP/1.1\r\nHost: a\r\n\r\n");
        eventually(patience, [&] { return routes.times_asked > 0; });
    }
    // Once there is room again, one who asks is not answered at once.
    HttpClient http = routes.client();
    eventually(patience, [&] {
        const auto began = std::chrono::steady_clock::now();
        CHECK_EQ(http.get(path + "?wait_seconds=1").status, 200);
        return std::chrono::steady_clock::now() - began >= 1s;
    });
}

TEST_CASE("wait_desk: a stop answers all that wait, and lets nobody wait any more") {
    RoutesWithOrder routes({.look_interval = never});
    std::vector<std::future<HttpAnswer>> answers;
    answers.push_back(routes.wait());
    answers.push_back(routes.ask());
    routes.stopping.notify();
    for (auto& answer : answers) CHECK_EQ(status_in(answer), "Pending");
    CHECK_EQ(routes.client().get(path + "?wait_seconds=50").json()["status"], "Pending");
}

TEST_CASE("wait_desk: the store is asked to tell of ends again and again, while somebody waits") {
    RoutesWithOrder routes({.look_interval = 1ms, .await_time = 2ms});
    HttpClient http = routes.client();
    CHECK_EQ(http.get(path).status, 200);
    CHECK_EQ(routes.times_asked, 0);
    auto answer = routes.wait();
    eventually(patience, [&] { return routes.times_asked >= 5; });
    routes.set(OrderStatus::processed);
    CHECK_EQ(status_in(answer), "Processed");
    // One may have been on its way.
    const int asked = routes.times_asked;
    for (int i = 0; i < 20; ++i) CHECK_EQ(http.get(path).status, 200);
    CHECK(routes.times_asked <= asked + 1);
}

TEST_CASE("wait_desk: a store that cannot be asked to tell of ends is looked at instead") {
    RoutesWithOrder routes({.look_interval = 1ms});
    routes.script.fail(StoreStep::commit, StoreError::Kind::full, StoreScript::always);
    auto answer = routes.ask();
    eventually(patience, [&] { return routes.script.calls(StoreStep::commit) > 0; });
    CHECK_FALSE(is_answered(answer));
    routes.set(OrderStatus::processed);
    CHECK_EQ(status_in(answer), "Processed");
}

TEST_CASE("wait_desk: an order that cannot be read any more is answered with that") {
    RoutesWithOrder routes({.look_interval = never});
    auto answer = routes.wait();
    routes.script.fail(StoreStep::read, StoreError::Kind::damaged, StoreScript::always);
    eventually(patience, [&] {
        routes.ends.notify();
        return is_answered(answer);
    });
    check_problem(answer.get(), 503, "store-damaged");
}

TEST_CASE("wait_desk: on a real store an end is seen, before the wait begins or after") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    const nlohmann::json order{{"order_id", "a"}, {"priority", "High"}};
    CHECK_EQ(http.post("/api/v1/orders", order).status, 200);
    auto answer = std::async(std::launch::async,
                             [&] { return routes.client().get(path + "?wait_seconds=50"); });
    CHECK_EQ(http.send({"POST", path + "/cancel"}).status, 200);
    CHECK_EQ(status_in(answer), "Cancelled");
}

}  // namespace orders::test
