// Watchers are woken when an order in work is cancelled, and when one ends while that is awaited.

#include <doctest/doctest.h>
#include <poll.h>

#include <memory>

#include "tests/store_contract/store_user.h"
#include "tests/support/eventually.h"

namespace orders::test {
namespace {

struct WatchedEnds : UsedStore {
    // Within `patience`; then it is silent again.
    bool rings() {
        pollfd source{watch->fd(), POLLIN, 0};
        const bool has_rung =
            ::poll(&source, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1;
        watch->clear();
        return has_rung;
    }
    // True if nothing has rung until now.
    bool is_silent() {
        pollfd source{watch->fd(), POLLIN, 0};
        return ::poll(&source, 1, 0) == 0;
    }
    void settle_one() {
        CHECK(user.settle(user.claim(worker, 1).at(0).lease) == SettleOutcome::settled);
    }

    std::unique_ptr<WorkWatch> watch = store->storage().open_end_watch();
    WorkerId worker = user.enlist("w");
};

}  // namespace

TEST_CASE_FIXTURE(WatchedEnds, "end_watch: it rings when an order in work is cancelled") {
    (void)user.submit(numbered_orders(2));
    (void)user.claim(worker, 1);
    CHECK(is_silent());
    (void)user.cancel("order-1");
    CHECK(is_silent());
    (void)user.cancel("order-0");
    CHECK(rings());
}

TEST_CASE_FIXTURE(WatchedEnds,
                  "end_watch: it rings for each end while that is awaited, and then no more") {
    (void)user.submit(numbered_orders(6));
    settle_one();
    CHECK(is_silent());
    CHECK(std::holds_alternative<Done>(user.act(AwaitEnds{10s})));
    CHECK(std::holds_alternative<Done>(user.act(AwaitEnds{1s})));  // shortens nothing
    CHECK(is_silent());
    settle_one();
    CHECK(rings());
    (void)user.cancel("order-5");
    CHECK(rings());
    store->pass_time(9'999ms);
    settle_one();
    CHECK(rings());
    store->pass_time(1ms);
    settle_one();
    CHECK(is_silent());
}

TEST_CASE_FIXTURE(WatchedEnds, "end_watch: it is silent after a commit that ended nothing") {
    (void)user.act(AwaitEnds{1h});
    (void)user.submit(numbered_orders(2));
    const auto held = user.claim(worker, 2);
    CHECK(user.release(held.at(0).lease));
    CHECK(user.settle(held.at(1).lease, Retry{"no_answer"}) == SettleOutcome::settled);
    CHECK(is_silent());
    (void)user.change("order-1", {.start_before = store->wall_clock() + 1h});
    CHECK(is_silent());
}

TEST_CASE_FIXTURE(WatchedEnds,
                  "end_watch: a kind that is resumed rings for work, and not for ends") {
    const auto work = store->storage().open_watch();
    (void)user.act(AwaitEnds{1h});
    (void)user.pause("default");
    (void)user.submit(an_order("a"));
    work->clear();
    (void)user.resume("default");
    pollfd source{work->fd(), POLLIN, 0};
    CHECK(::poll(&source, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
    CHECK(is_silent());
}

}  // namespace orders::test
