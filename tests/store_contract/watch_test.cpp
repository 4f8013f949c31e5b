// Watchers are woken when there is work.

#include <doctest/doctest.h>
#include <poll.h>

#include <memory>
#include <vector>

#include "tests/store_contract/store_user.h"
#include "tests/support/eventually.h"

namespace orders::test {
namespace {

struct WatchedStore : UsedStore {
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

    std::unique_ptr<WorkWatch> watch = store->storage().open_watch();
};

}  // namespace

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings after a commit that created orders") {
    CHECK(is_silent());
    (void)user.submit(an_order("a"));
    CHECK(rings());
    CHECK(is_silent());
    (void)user.submit({an_order("a"), an_order("b")});
    CHECK(rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: every watch hears it, and finds the work there") {
    const auto other = store->storage().open_watch();
    (void)user.submit(an_order("a"));
    CHECK(rings());
    CHECK(user.worker().has_claimable({}));
    pollfd source{other->fd(), POLLIN, 0};
    CHECK(::poll(&source, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings after a commit that gave orders back") {
    (void)user.submit(an_order("a"));
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    CHECK(rings());
    CHECK(user.release(lease));
    CHECK(rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings after a commit that took orders back") {
    (void)user.submit(an_order("a"));
    (void)user.claim(user.enlist("w"), 1);
    CHECK(rings());
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it is silent after a commit that made nothing claimable") {
    const std::vector<NewOrder> orders{an_order("a"), an_order("b")};
    (void)user.submit(orders);
    CHECK(rings());
    (void)user.submit(orders);
    (void)user.commit({.look_ups = {orders}, .is_probe = true});
    const WorkerId worker = user.enlist("w");
    const auto claimed = user.claim(worker, {.limit = 2, .defaults = {.max_attempts = 1}});
    CHECK(user.renew(claimed.at(0).lease));
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    CHECK_FALSE(user.release(claimed.at(0).lease));
    store->pass_time(lease_time);
    CHECK(user.take_back_expired(1).at(0).has_failed);
    CHECK(user.sweep(OrderStatus::processed, 1ms) == 1);
    user.worker().retire(worker);
    (void)user.submit(an_order("later").due(1h));
    CHECK(is_silent());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings when orders whose time has come are queued") {
    (void)user.submit(an_order("a").due(1s));
    CHECK(is_silent());
    store->pass_time(1s);
    CHECK(user.promote() == 1);
    CHECK(rings());
    CHECK(user.worker().has_claimable({}));
}

}  // namespace orders::test
