// Watchers are woken when there is work.

#include <doctest/doctest.h>

#include <vector>

#include "tests/store_contract/heard_watch.h"
#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

struct WatchedStore : UsedStore {
    HeardWatch watch{store->storage().open_watch()};
};

}  // namespace

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings after a commit that created orders") {
    CHECK(watch.is_silent());
    (void)user.submit(an_order("a"));
    CHECK(watch.rings());
    CHECK(watch.is_silent());
    (void)user.submit({an_order("a"), an_order("b")});
    CHECK(watch.rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: every watch hears it, and finds the work there") {
    HeardWatch other{store->storage().open_watch()};
    (void)user.submit(an_order("a"));
    CHECK(watch.rings());
    CHECK(user.worker().has_claimable({ClaimShare{}}));
    CHECK(other.rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings after a commit that gave orders back") {
    (void)user.submit(an_order("a"));
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    CHECK(watch.rings());
    CHECK(user.release(lease));
    CHECK(watch.rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings after a commit that took orders back") {
    (void)user.submit(an_order("a"));
    (void)user.claim(user.enlist("w"), 1);
    CHECK(watch.rings());
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(watch.rings());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it is silent after a commit that made nothing claimable") {
    const std::vector<NewOrder> orders{an_order("a"), an_order("b")};
    (void)user.submit(orders);
    CHECK(watch.rings());
    (void)user.submit(orders);
    (void)user.commit({.look_ups = {orders}, .is_probe = true});
    const WorkerId worker = user.enlist("w");
    const auto claimed =
        user.claim(worker, {.limit = 2, .shares = {{.defaults = {.max_attempts = 1}}}});
    CHECK(user.renew(claimed.at(0).lease));
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    CHECK_FALSE(user.release(claimed.at(0).lease));
    store->pass_time(lease_time);
    CHECK(user.take_back_expired(1).at(0).failure);
    CHECK(user.sweep(OrderStatus::processed, 1ms) == 1);
    user.worker().retire(worker, {});
    (void)user.submit(an_order("later").due(1h));
    CHECK(watch.is_silent());
}

TEST_CASE_FIXTURE(WatchedStore, "watch: it rings when orders whose time has come are queued") {
    (void)user.submit(an_order("a").due(1s));
    CHECK(watch.is_silent());
    store->pass_time(1s);
    CHECK(user.promote() == 1);
    CHECK(watch.rings());
    CHECK(user.worker().has_claimable({ClaimShare{}}));
}

}  // namespace orders::test
