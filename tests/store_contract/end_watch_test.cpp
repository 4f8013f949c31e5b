// Watchers are woken when an order in work is cancelled, and when one ends while that is awaited.

#include <doctest/doctest.h>

#include "tests/store_contract/heard_watch.h"
#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

struct WatchedEnds : UsedStore {
    void settle_one() {
        CHECK(user.settle(user.claim(worker, 1).at(0).lease) == SettleOutcome::settled);
    }

    HeardWatch watch{store->storage().open_end_watch()};
    WorkerId worker = user.enlist("w");
};

}  // namespace

TEST_CASE_FIXTURE(WatchedEnds, "end_watch: it rings when an order in work is cancelled") {
    (void)user.submit(numbered_orders(2));
    (void)user.claim(worker, 1);
    CHECK(watch.is_silent());
    (void)user.cancel("order-1");
    CHECK(watch.is_silent());
    (void)user.cancel("order-0");
    CHECK(watch.rings());
}

TEST_CASE_FIXTURE(WatchedEnds,
                  "end_watch: it rings for each end while that is awaited, and then no more") {
    (void)user.submit(numbered_orders(6));
    settle_one();
    CHECK(watch.is_silent());
    CHECK(std::holds_alternative<Done>(user.act(AwaitEnds{10s})));
    CHECK(std::holds_alternative<Done>(user.act(AwaitEnds{1s})));  // shortens nothing
    CHECK(watch.is_silent());
    settle_one();
    CHECK(watch.rings());
    (void)user.cancel("order-5");
    CHECK(watch.rings());
    store->pass_time(9'999ms);
    settle_one();
    CHECK(watch.rings());
    store->pass_time(1ms);
    settle_one();
    CHECK(watch.is_silent());
}

TEST_CASE_FIXTURE(WatchedEnds, "end_watch: it is silent after a commit that ended nothing") {
    (void)user.act(AwaitEnds{1h});
    (void)user.submit(numbered_orders(2));
    const auto held = user.claim(worker, 2);
    CHECK(user.release(held.at(0).lease));
    CHECK(user.settle(held.at(1).lease, Retry{"no_answer"}) == SettleOutcome::settled);
    CHECK(watch.is_silent());
    (void)user.change("order-1", {.start_before = store->wall_clock() + 1h});
    CHECK(watch.is_silent());
}

TEST_CASE_FIXTURE(WatchedEnds,
                  "end_watch: a kind that is resumed rings for work, and not for ends") {
    HeardWatch work{store->storage().open_watch()};
    (void)user.act(AwaitEnds{1h});
    (void)user.pause("default");
    (void)user.submit(an_order("a"));
    CHECK(work.rings());  // of the order that was created
    (void)user.resume("default");
    CHECK(work.rings());
    CHECK(watch.is_silent());
}

}  // namespace orders::test
