// What an order carries goes with it, from its creation to its processor, as it was sent.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

constexpr AttemptOptions some_options{.timeout = 7s, .max_attempts = 3, .backoff = 60s};

std::string text_of(std::size_t bytes) {
    return '"' + std::string(bytes - 2, 'x') + '"';
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore, "content: an order is found, and claimed, with all that it carries") {
    const UtcTime soon = store->wall_clock() + 1h;
    const std::string payload = R"({"n":1e999,"n":-0.0 , "s":"\u0000\ud83d ü"})";
    (void)user.submit(
        an_order("a").of_kind("mail").carrying(payload).with(some_options).to_begin_before(soon));
    for (const OrderSpec& spec :
         {user.find("a").spec, user.claim(user.enlist("w"), 1).at(0).spec, user.find("a").spec}) {
        CHECK(*spec.payload == payload);
        CHECK(spec.kind.name() == "mail");
        CHECK(spec.options == some_options);
        CHECK(spec.start_before == soon);
    }
}

TEST_CASE_FIXTURE(UsedStore, "content: an order that carries nothing has nothing") {
    (void)user.submit({an_order("plain"), an_order("null").carrying("null")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    for (const OrderSpec& spec : {user.find("plain").spec, claimed.at(0).spec}) {
        CHECK_FALSE(spec.payload);
        CHECK(spec.kind.is_default());
        CHECK(spec.options == AttemptOptions{});
        CHECK_FALSE(spec.start_before);
    }
    CHECK(*claimed.at(1).spec.payload == "null");
}

TEST_CASE_FIXTURE(UsedStore, "content: each of many orders of a claim has its own payload") {
    std::vector<NewOrder> orders = numbered_orders(100);
    for (std::size_t number = 0; number < orders.size(); number += 3) {
        orders[number].spec.payload = json_text(std::to_string(number));
    }
    (void)user.submit(orders);
    const auto claimed = user.claim(user.enlist("w"), 100);
    REQUIRE(claimed.size() == 100);
    for (std::size_t number = 0; number < claimed.size(); ++number) {
        CAPTURE(number);
        const JsonText& payload = claimed[number].spec.payload;
        CHECK((payload != nullptr) == (number % 3 == 0));
        if (payload) CHECK(*payload == std::to_string(number));
    }
}

TEST_CASE_FIXTURE(UsedStore, "content: a claim returns no more payload than it may") {
    constexpr std::size_t bytes = ClaimRequest::most_payload_bytes / 8;
    for (int number = 0; number < 10; ++number) {
        (void)user.submit(an_order(std::to_string(number)).carrying(text_of(bytes)));
    }
    (void)user.submit(an_order("plain"));
    const WorkerId worker = user.enlist("w");
    const WorkerTurn turn{.worker = worker, .lease_time = 10s, .claim = {.limit = 100}};
    const WorkerOutcomes outcomes = user.worker().take_turn(turn);
    CHECK(outcomes.claimed.size() == 8);
    CHECK(outcomes.has_more);
    CHECK(ids_of(user.claim(worker, 100)) == std::vector<std::string>{"8", "9", "plain"});
}

TEST_CASE_FIXTURE(UsedStore,
                  "content: an order in work keeps its payload, and so does one that ended") {
    (void)user.submit(an_order("a").carrying("[1]"));
    const WorkerId worker = user.enlist("w");
    CHECK(user.release(user.claim(worker, 1).at(0).lease));
    CHECK(*user.find("a").spec.payload == "[1]");
    user.settle(user.claim(worker, 1));
    CHECK(*user.find("a").spec.payload == "[1]");
}

TEST_CASE_FIXTURE(UsedStore,
                  "content: what comes again under a swept id has nothing of the first") {
    (void)user.submit(an_order("a").carrying("[1]").with(some_options).fingerprinted(1));
    const WorkerId worker = user.enlist("w");
    CHECK(user.release(user.claim(worker, 1).at(0).lease));
    CHECK(user.settle(user.claim(worker, 1).at(0).lease, Failure{"broken", "why"}) ==
          SettleOutcome::settled);
    (void)user.submit(an_order("last"));
    store->pass_time(1h);
    CHECK(user.sweep(OrderStatus::failed, 1min) == 1);
    CHECK(user.submit(an_order("a")));
    const Order order = user.find("a");
    CHECK_FALSE(order.spec.payload);
    CHECK(order.spec.options == AttemptOptions{});
    CHECK_FALSE(order.failure_detail);
    CHECK(order.history.empty());
}

TEST_CASE_FIXTURE(UsedStore, "content: a claim says what holds for the attempt") {
    (void)user.submit({an_order("own").with(some_options), an_order("silent"),
                       an_order("half").with({.max_attempts = 9})});
    const AttemptLimits defaults{.timeout = 30s, .max_attempts = 15, .backoff = 20s};
    const auto claimed =
        user.claim(user.enlist("w"), {.limit = 3, .shares = {{.defaults = defaults}}});
    CHECK(claimed.at(0).limits == AttemptLimits{.timeout = 7s, .max_attempts = 3, .backoff = 60s});
    CHECK(claimed.at(1).limits == defaults);
    CHECK(claimed.at(2).limits == AttemptLimits{.timeout = 30s, .max_attempts = 9, .backoff = 20s});
}

}  // namespace orders::test
