// An attempt that is to be tried again: the order waits, at most so often, and then stands at the
// end of the queue.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;
using std::chrono::milliseconds;

struct RetryingStore : UsedStore {
    // Claims the only order and has it tried again; returns how long it waits.
    milliseconds wait_after(const Retry& retry) {
        const Lease lease =
            user.claim(worker, {.limit = 1, .shares = {{.defaults = limits}}}).at(0).lease;
        CHECK(user.settle(lease, retry) == SettleOutcome::settled);
        const Order order = user.find("a");
        REQUIRE(order.is_waiting_for_time);
        return order.due_at.value() - store->wall_clock();
    }
    void let_it_become_due(milliseconds wait) {
        store->pass_time(wait);
        CHECK(user.promote() == 1);
    }

    AttemptLimits limits{.max_attempts = 20, .backoff = 10s};
    WorkerId worker = user.enlist("w");
};

void check_is_within(milliseconds wait, milliseconds longest) {
    CAPTURE(wait.count());
    CHECK(wait >= longest / 2);
    CHECK(wait <= longest);
}

}  // namespace

TEST_CASE_FIXTURE(RetryingStore, "retry: the order is Pending, waits for its time, and says why") {
    (void)user.submit({an_order("a"), an_order("b")});
    const UtcTime start = store->wall_clock();
    const Lease lease = user.claim(worker, 1).at(0).lease;
    store->pass_time(2s);
    CHECK(user.settle(lease, Retry{"no_answer", "after 2 s"}) == SettleOutcome::settled);
    CHECK(user.settle(lease) == SettleOutcome::lease_lost);
    CHECK_FALSE(user.renew(lease));

    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::pending);
    CHECK(order.is_waiting_for_time);
    CHECK(order.attempts == 1);
    CHECK_FALSE(order.worker);
    CHECK_FALSE(order.started_at);
    CHECK_FALSE(order.failure);
    REQUIRE(order.history.size() == 1);
    CHECK(order.history[0].outcome == PastAttempt::Outcome::retry);
    CHECK(order.history[0].token == lease.token);
    CHECK(order.history[0].worker == "w");
    CHECK(order.history[0].started_at == start);
    CHECK(order.history[0].ended_at == start + 2s);
    CHECK(order.history[0].reason == "no_answer");
    CHECK(order.history[0].detail == "after 2 s");
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"b"});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(RetryingStore,
                  "retry: each wait is twice as long, half of it certain, up to an hour") {
    (void)user.submit(an_order("a"));
    for (const milliseconds longest :
         {10s, 20s, 40s, 80s, 160s, 320s, 640s, 1280s, 2560s, 3600s, 3600s}) {
        const milliseconds wait = wait_after({"no_answer"});
        check_is_within(wait, longest);
        let_it_become_due(wait);
    }
}

TEST_CASE_FIXTURE(RetryingStore, "retry: what the processor asks for counts if it is longer") {
    (void)user.submit(an_order("a").with({.backoff = 1s}));
    const milliseconds asked = wait_after({.reason = "busy", .after = 90s});
    CHECK(asked == 90s);
    let_it_become_due(asked);
    const milliseconds longer = wait_after({.reason = "busy", .after = 0s});
    check_is_within(longer, 2s);
    let_it_become_due(longer);
    CHECK(wait_after({.reason = "busy", .after = 1'000h}) == 24h);
}

TEST_CASE_FIXTURE(RetryingStore, "retry: what is asked for is a second at least") {
    (void)user.submit(an_order("a").with({.backoff = 1s}));
    const milliseconds wait = wait_after({.reason = "busy", .after = 1ms});
    CHECK(wait == 1s);
}

TEST_CASE_FIXTURE(RetryingStore,
                  "retry: the last attempt has Failed, for the processor's own reason") {
    (void)user.submit(an_order("a").with({.max_attempts = 2}));
    let_it_become_due(wait_after({"no_answer", "once"}));
    const auto claimed = user.claim(worker, {.limit = 1, .shares = {{.defaults = limits}}}).at(0);
    CHECK(claimed.attempt == 2);
    CHECK(user.settle(claimed.lease, Retry{"no_answer", "twice"}) == SettleOutcome::settled);
    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::failed);
    CHECK(order.failure == "no_answer");
    CHECK(order.failure_detail == "twice");
    CHECK(order.attempts == 2);
    CHECK(order.history.size() == 1);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(RetryingStore,
                  "retry: when it is due, the order stands at the end of its priority") {
    (void)user.submit({an_order("a").high(), an_order("b")});
    const milliseconds wait = wait_after({"no_answer"});
    (void)user.submit({an_order("early").high(), an_order("normal")});
    let_it_become_due(wait);
    (void)user.submit(an_order("late").high());
    const auto claimed = user.claim(worker, 9);
    CHECK(ids_of(claimed) == Ids{"early", "a", "late", "b", "normal"});
    CHECK(claimed.at(1).attempt == 2);
}

TEST_CASE_FIXTURE(RetryingStore,
                  "retry: one that is given back while it is tried again keeps its place") {
    (void)user.submit(an_order("a"));
    let_it_become_due(wait_after({"no_answer"}));
    (void)user.submit(an_order("b"));
    CHECK(user.release(user.claim(worker, 1).at(0).lease));
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"a", "b"});
}

TEST_CASE_FIXTURE(RetryingStore,
                  "retry: a clock that was set back lets no attempt end before it began") {
    (void)user.submit(an_order("a"));
    const UtcTime start = store->wall_clock();
    const Lease lease = user.claim(worker, 1).at(0).lease;
    store->set_wall_clock(start - 2h);
    CHECK(user.settle(lease, Retry{"no_answer"}) == SettleOutcome::settled);
    CHECK(user.find("a").history.at(0).ended_at == start);
}

}  // namespace orders::test
