// Orders are cancelled: whatever waits ends at once, and what is in work is taken from its worker.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {

TEST_CASE_FIXTURE(UsedStore, "cancel: an order that is Pending ends at once, without an attempt") {
    (void)user.submit({an_order("queued"), an_order("waiting").due(1h)});
    store->pass_time(2s);
    for (const char* id : {"queued", "waiting"}) {
        const auto order = std::get<Order>(user.cancel(id));
        CHECK(order.spec.order_id.text() == id);
        CHECK(order.status == OrderStatus::cancelled);
        CHECK(order.finished_at == store->wall_clock());
        CHECK_FALSE(order.started_at);
        CHECK_FALSE(order.worker);
        CHECK_FALSE(order.failure);
        CHECK_FALSE(order.is_waiting_for_time);
        CHECK(order.attempts == 0);
    }
    store->pass_time(2h);
    CHECK(user.promote() == 0);
    CHECK(user.claim(user.enlist("w"), 9).empty());
    CHECK(user.counts() == StatusCounts{.cancelled = 2});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "cancel: an order in work ends at once, and its worker has lost it") {
    (void)user.submit({an_order("a").carrying("[1]"), an_order("b")});
    const UtcTime start = store->wall_clock();
    const std::int64_t cancels = user.worker().cancel_count();
    const auto held = user.claim(user.enlist("w"), 2);
    store->pass_time(2s);
    const auto order = std::get<Order>(user.cancel("a"));
    CHECK(order.status == OrderStatus::cancelled);
    CHECK(order.worker == "w");
    CHECK(order.started_at == start);
    CHECK(order.finished_at == start + 2s);
    CHECK(order.attempts == 1);
    CHECK(*user.find("a").spec.payload == "[1]");
    CHECK(user.find("a").history.empty());

    CHECK(user.worker().cancel_count() == cancels + 1);
    CHECK_FALSE(user.renew(held.at(0).lease));
    CHECK_FALSE(user.release(held.at(0).lease));
    CHECK(user.settle(held.at(0).lease) == SettleOutcome::lease_lost);
    CHECK(user.renew(held.at(1).lease));
    CHECK(user.find("a").status == OrderStatus::cancelled);
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "cancel: what waits is no loss to any worker") {
    (void)user.submit(an_order("a"));
    const std::int64_t cancels = user.worker().cancel_count();
    (void)user.cancel("a");
    CHECK(user.worker().cancel_count() == cancels);
}

TEST_CASE_FIXTURE(UsedStore, "cancel: an order that has ended, or is not there, is left alone") {
    (void)user.submit({an_order("good"), an_order("bad"), an_order("cancelled")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    (void)user.settle(claimed.at(0).lease);
    (void)user.settle(claimed.at(1).lease, Failure{"broken"});
    (void)user.cancel("cancelled");
    CHECK(std::get<NotAllowed>(user.cancel("good")).status == OrderStatus::processed);
    CHECK(std::get<NotAllowed>(user.cancel("bad")).status == OrderStatus::failed);
    CHECK(std::get<NotAllowed>(user.cancel("cancelled")).status == OrderStatus::cancelled);
    CHECK(std::holds_alternative<NoSuchOrder>(user.cancel("missing")));
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "cancel: a group creates before it acts, and acts in order") {
    const std::vector<NewOrder> created{an_order("a")};
    const OrderAction cancel = CancelOrder{order_id("a")};
    const OrderAction retry = RetryOrder{order_id("a")};
    const auto outcomes =
        user.commit({.creates = {created}, .actions = {&cancel, &cancel, &retry}}).acted;
    REQUIRE(outcomes.size() == 3);
    CHECK(std::get<Order>(outcomes[0]).status == OrderStatus::cancelled);
    CHECK(std::holds_alternative<NotAllowed>(outcomes[1]));
    CHECK(std::get<Order>(outcomes[2]).status == OrderStatus::pending);
    CHECK(user.find("a").status == OrderStatus::pending);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "cancel: no order ends before it came, though the clock is set back") {
    (void)user.submit(an_order("a"));
    const UtcTime created_at = store->wall_clock();
    store->set_wall_clock(created_at - 2h);
    CHECK(std::get<Order>(user.cancel("a")).finished_at == created_at);
}

TEST_CASE_FIXTURE(UsedStore, "cancel: those of many that fit the filter are cancelled") {
    (void)user.submit({an_order("a").of_kind("mail"), an_order("b"), an_order("c").of_kind("mail"),
                       an_order("d").of_kind("mail"), an_order("e").of_kind("mail").high()});
    const OrderFilter mails{.statuses = {OrderStatus::pending}, .kind = a_kind("mail")};
    const MatchingOrders found = user.reader().find_matching(mails, {}, 100);
    REQUIRE(found.orders.size() == 4);
    // Meanwhile one has ended and another is in work.
    (void)user.cancel("c");
    CHECK(ids_of(user.claim(user.enlist("w"), 1)) == std::vector<std::string>{"e"});
    auto orders = found.orders;
    orders.push_back({12'345});
    const auto done = std::get<BulkDone>(
        user.act(BulkAction{BulkAction::What::cancel, mails, std::move(orders)}));
    CHECK(done.changed == 2);
    CHECK(user.find("a").status == OrderStatus::cancelled);
    CHECK(user.find("b").status == OrderStatus::pending);
    CHECK(user.find("d").status == OrderStatus::cancelled);
    CHECK(user.find("e").status == OrderStatus::processing);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "cancel: many in work are cancelled at once, but none that has ended") {
    (void)user.submit(numbered_orders(3));
    const auto held = user.claim(user.enlist("w"), 2);
    (void)user.settle(held.at(0).lease);
    const auto found = user.reader().find_matching({.priority = Priority::normal}, {}, 100).orders;
    const auto done = std::get<BulkDone>(
        user.act(BulkAction{BulkAction::What::cancel, {.priority = Priority::normal}, found}));
    CHECK(done.changed == 2);
    CHECK(user.counts() == StatusCounts{.processed = 1, .cancelled = 2});
}

}  // namespace orders::test
