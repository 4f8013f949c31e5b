// Workers that wait for orders.

#include "api/claims/claim_desk.h"

#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/unit/claims/claims_on_store.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

bool is_answered(const std::future<HttpAnswer>& answer) {
    return answer.wait_for(0s) == std::future_status::ready;
}

std::string id_in(const HttpAnswer& answer) {
    const auto orders = answer.json().at("orders");
    return orders.empty() ? "" : orders.at(0).at("order_id").get<std::string>();
}

// Whose workers the store is told of within moments, so that a test knows who waits.
constexpr ClaimDeskOptions telling{.look_interval = std::chrono::hours(1), .note_interval = 1ms};

std::string waiting_as(const std::string& worker, const std::string& more = {}) {
    return R"({"worker":")" + worker + R"(","wait_seconds":30)" + more + "}";
}

}  // namespace

TEST_CASE("claim_desk: who waits gets an order when the bell rings") {
    ClaimsOnStore api(
        {.look_interval = std::chrono::hours(1), .note_interval = std::chrono::hours(1)});
    auto answer = api.ask();
    api.submit({an_order("a")});
    eventually(patience, [&] {
        api.work.notify();  // it may not have come to wait before
        return is_answered(answer);
    });
    CHECK_EQ(id_in(answer.get()), "a");
}

TEST_CASE("claim_desk: an order that comes while its worker comes to wait is not overlooked") {
    ClaimsOnStore api;  // what is overlooked is not found before the claim's time is over
    for (int number = 0; number < 1'000; ++number) {
        const std::string id = "order-" + std::to_string(number);
        auto answer = api.ask();
        api.submit({an_order(id)});
        api.work.notify();
        REQUIRE_EQ(id_in(answer.get()), id);
    }
}

TEST_CASE("claim_desk: a missed ring costs no more than the next look") {
    ClaimsOnStore api({.look_interval = 1ms, .note_interval = 1ms});
    auto answer = api.ask();
    eventually(patience, [&] { return api.live_workers() == 1; });
    api.submit({an_order("a")});
    CHECK_EQ(id_in(answer.get()), "a");
}

TEST_CASE("claim_desk: the one that waits for longer goes first, and one order has one taker") {
    ClaimsOnStore api(telling);
    std::vector<std::future<HttpAnswer>> answers;
    for (std::size_t number = 1; number <= 5; ++number) {
        answers.push_back(std::async(std::launch::async, [&api, number] {
            return api.post("/claims", waiting_as("w" + std::to_string(number)));
        }));
        eventually(patience, [&] { return api.live_workers() == number; });
    }
    for (std::size_t number = 0; number < 5; ++number) {
        api.submit({an_order("order-" + std::to_string(number))});
        api.work.notify();
        CHECK_EQ(id_in(answers[number].get()), "order-" + std::to_string(number));
        for (std::size_t later = number + 1; later < 5; ++later) {
            CHECK_FALSE(is_answered(answers[later]));
        }
    }
}

TEST_CASE("claim_desk: who waits for another kind goes on waiting") {
    ClaimsOnStore api(telling);
    auto mail = std::async(std::launch::async, [&api] {
        return api.post("/claims", waiting_as("m", R"(,"kinds":["mail"])"));
    });
    auto print = std::async(std::launch::async, [&api] {
        return api.post("/claims", waiting_as("p", R"(,"kinds":["print"])"));
    });
    eventually(patience, [&] { return api.live_workers() == 2; });
    api.submit({an_order("a").of_kind("print")});
    api.work.notify();
    CHECK_EQ(id_in(print.get()), "a");
    CHECK_FALSE(is_answered(mail));
    api.stopping.notify();
    CHECK_EQ(id_in(mail.get()), "");
}

TEST_CASE("claim_desk: when its time is over, a worker gets an empty list") {
    ClaimsOnStore api;
    const auto began = std::chrono::steady_clock::now();
    CHECK_EQ(id_in(api.claim(R"(,"wait_seconds":1)")), "");
    CHECK(std::chrono::steady_clock::now() - began >= 1s);
    CHECK_EQ(id_in(api.claim()), "");
}

TEST_CASE("claim_desk: an API that stops claims nothing more, and lets nobody wait") {
    ClaimsOnStore api(telling);
    auto answer = api.ask();
    eventually(patience, [&] { return api.live_workers() == 1; });
    api.stopping.notify();
    CHECK_EQ(id_in(answer.get()), "");
    api.submit({an_order("a")});
    CHECK_EQ(id_in(api.claim(R"(,"wait_seconds":30)")), "");
    CHECK_EQ(api.find("a").status, OrderStatus::pending);
}

TEST_CASE("claim_desk: beyond the bound workers are answered at once") {
    ClaimsOnStore api(telling, 1);
    auto first = api.ask();
    eventually(patience, [&] { return api.live_workers() == 1; });
    CHECK_EQ(id_in(api.claim(R"(,"wait_seconds":30)")), "");
    CHECK_FALSE(is_answered(first));
    api.submit({an_order("a"), an_order("b")});
    // It claims all the same, and behind the one that waits.
    CHECK_EQ(id_in(api.claim(R"(,"wait_seconds":30)")), "b");
    CHECK_EQ(id_in(first.get()), "a");
}

TEST_CASE("claim_desk: a worker that has left waits no longer, and is given nothing") {
    ClaimsOnStore api({.look_interval = 1ms, .note_interval = 1ms}, 1);
    {
        RawConnection connection(api.port());
        const std::string body = ClaimsOnStore::claim_body(R"(,"wait_seconds":30)");
        REQUIRE(
            connection.send("POST /api/v1/claims HTTP/1.1\r\nHost: a\r\nContent-Type: "
                            "application/json\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body));
        eventually(patience, [&] { return api.live_workers() == 1; });
    }
    // Once there is room again, one who asks is not answered at once.
    eventually(patience, [&] {
        const auto began = std::chrono::steady_clock::now();
        (void)api.claim(R"(,"wait_seconds":1)");
        return std::chrono::steady_clock::now() - began >= 1s;
    });
    api.submit({an_order("a")});
    const auto order = api.claim().json().at("orders").at(0);
    CHECK_EQ(order.at("order_id"), "a");
    CHECK_EQ(order.at("attempt"), 1);
}

}  // namespace orders::test
