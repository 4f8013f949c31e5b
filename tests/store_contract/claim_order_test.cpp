// What a claim does with orders that are too late, and with Normal ones that wait behind High ones.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;

// Normal orders n0, n1, ..., then so many High ones: h0, h1, ...
std::vector<NewOrder> normal_behind_high(int normal, int high) {
    std::vector<NewOrder> orders;
    for (int number = 0; number < normal; ++number) {
        orders.push_back(an_order("n" + std::to_string(number)));
    }
    for (int number = 0; number < high; ++number) {
        orders.push_back(an_order("h" + std::to_string(number)).high());
    }
    return orders;
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore, "claim_order: what is too late to begin is never handed out") {
    const UtcTime start = store->wall_clock();
    (void)user.submit({an_order("late").to_begin_before(start + 1s),
                       an_order("in-time").to_begin_before(start + 1s + 1ms), an_order("plain"),
                       an_order("late-too").high().to_begin_before(start + 1s)});
    store->pass_time(1s);
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) == Ids{"in-time", "plain"});
    for (const char* id : {"late", "late-too"}) {
        const Order order = user.find(id);
        CHECK(order.status == OrderStatus::failed);
        CHECK(order.failure == failure_reason::expired);
        CHECK(order.attempts == 0);
        CHECK(order.finished_at == store->wall_clock());
        CHECK_FALSE(order.started_at);
        CHECK_FALSE(order.worker);
        CHECK(order.history.empty());
    }
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "claim_order: what has begun in time may begin again") {
    (void)user.submit({an_order("charged").to_begin_before(store->wall_clock() + 1s),
                       an_order("released").to_begin_before(store->wall_clock() + 1s)});
    const WorkerId worker = user.enlist("w");
    const auto claimed = user.claim(worker, 2);
    CHECK(user.release(claimed.at(1).lease));
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"charged", "released"});
}

TEST_CASE_FIXTURE(UsedStore, "claim_order: High first, always, unless it is asked otherwise") {
    (void)user.submit(normal_behind_high(1, 12));
    store->pass_time(24h);
    const auto claimed = ids_of(user.claim(user.enlist("w"), 13));
    CHECK(claimed.back() == "n0");
}

TEST_CASE_FIXTURE(UsedStore,
                  "claim_order: while the oldest Normal order waits for too long, every fourth is "
                  "Normal") {
    (void)user.submit(normal_behind_high(2, 12));
    const WorkerId worker = user.enlist("w");
    const ClaimRequest request{.limit = 5, .normal_max_wait = 60s};
    CHECK(ids_of(user.claim(worker, request)) == Ids{"h0", "h1", "h2", "h3", "h4"});
    store->pass_time(60s);
    CHECK(ids_of(user.claim(worker, {.limit = 1, .normal_max_wait = 60s})) == Ids{"h5"});
    store->pass_time(1ms);
    CHECK(ids_of(user.claim(worker, request)) == Ids{"n0", "h6", "h7", "h8", "n1"});
    CHECK(ids_of(user.claim(worker, request)) == Ids{"h9", "h10", "h11"});
}

TEST_CASE_FIXTURE(UsedStore,
                  "claim_order: every fourth is Normal across claims of one order each") {
    (void)user.submit(normal_behind_high(9, 12));
    const WorkerId worker = user.enlist("w");
    store->pass_time(61s);
    Ids ids;
    for (int number = 0; number < 12; ++number) {
        ids.push_back(
            ids_of(user.claim(worker, {.limit = 1, .normal_max_wait = 60s})).at(0).substr(0, 1));
    }
    CHECK(ids == Ids{"h", "h", "h", "n", "h", "h", "h", "n", "h", "h", "h", "n"});
}

TEST_CASE_FIXTURE(UsedStore, "claim_order: a Normal order that nobody may claim makes no way") {
    (void)user.submit({an_order("paused").of_kind("mail"), an_order("other").of_kind("print")});
    (void)user.pause("mail");
    store->pass_time(1h);
    (void)user.submit(normal_behind_high(1, 8));
    CHECK(ids_of(user.claim(user.enlist("w"), {.limit = 5,
                                               .shares = {{.kinds = {{Kind()}, {a_kind("mail")}}}},
                                               .normal_max_wait = 60s})) ==
          Ids{"h0", "h1", "h2", "h3", "h4"});
}

TEST_CASE_FIXTURE(UsedStore, "claim_order: an order that was due later waits from then on") {
    (void)user.submit(an_order("n").due(1h));
    (void)user.submit(normal_behind_high(0, 8));
    store->pass_time(1h);
    CHECK(user.promote() == 1);
    const WorkerId worker = user.enlist("w");
    const ClaimRequest request{.limit = 4, .normal_max_wait = 60s};
    CHECK(ids_of(user.claim(worker, request)) == Ids{"h0", "h1", "h2", "h3"});
    store->pass_time(61s);
    CHECK(ids_of(user.claim(worker, request)) == Ids{"n", "h4", "h5", "h6"});
}

}  // namespace orders::test
