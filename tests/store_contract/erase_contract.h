#pragma once

// The part of the store contract that is about deleting old orders; see order_store_contract.h.

#include "tests/store_contract/order_store_contract.h"

namespace orders::test {

inline FinishedOrders find_finished(StoreUser& user, OrderStatus status, UtcTime before,
                                    UtcTime now, OrderSequence after = {},
                                    std::size_t limit = 1'000) {
    return user.store().find_finished(
        {.status = status, .finished_before = before, .now = now, .after = after, .limit = limit});
}

inline std::size_t erase(StoreUser& user, const std::vector<OrderSequence>& orders,
                         OrderStatus status, UtcTime before) {
    const auto work = user.store().begin();
    const std::size_t erased = work->erase(orders, status, before);
    work->commit();
    return erased;
}

// Orders p0 to p4 Processed, f0 to f4 Failed, one Processing and two Pending, in this order of
// arrival. The finished ones were submitted at the start, and finished a second later.
template <typename Backend>
struct FinishedStore {
    FinishedStore() {
        worker = user.enlist("w");
        for (int i = 0; i < 5; ++i) user.submit(an_order("p" + std::to_string(i)).high());
        for (int i = 0; i < 5; ++i) user.submit(an_order("f" + std::to_string(i)));
        finished = user.claim(worker, 10);
        clock.advance(1s);
        for (std::size_t i = 0; i < 5; ++i) user.settle(finished[i].lease);
        for (std::size_t i = 5; i < 10; ++i) user.settle(finished[i].lease, Failure{"timeout"});
        user.submit({an_order("processing"), an_order("pending"), an_order("last")});
        processing = user.claim(worker, 1).at(0).lease;
    }

    [[nodiscard]] std::vector<OrderSequence> all() const {
        std::vector<OrderSequence> orders;
        for (const auto& order : finished) orders.push_back(order.lease.order);
        orders.push_back(processing.order);
        for (int next = 1; next <= 10; ++next) {
            orders.push_back({processing.order.value + next});  // two of them there
        }
        return orders;
    }
    [[nodiscard]] UtcTime now() const { return clock.now().utc; }
    void check_gone(const std::string& id) { CHECK_FALSE(user.store().find(order_id(id))); }

    Backend backend;
    ManualClock clock;
    StoreUser user{backend, clock};
    WorkerId worker;
    std::vector<ClaimedOrder> finished;
    Lease processing;
};

TEST_CASE_TEMPLATE_DEFINE("OrderStore: only orders of the status and age asked for are erased",
                          Backend, store_erases_finished) {
    FinishedStore<Backend> store;
    const UtcTime finished_at = store.now();
    CHECK(erase(store.user, store.all(), OrderStatus::processed, finished_at) == 0);
    CHECK(erase(store.user, store.all(), OrderStatus::failed, finished_at) == 0);

    CHECK(erase(store.user, store.all(), OrderStatus::processed, finished_at + 1ms) == 5);
    store.check_gone("p0");
    store.check_gone("p4");
    CHECK(store.user.report().total() ==
          StatusCounts{.pending = 2, .processing = 1, .processed = 0, .failed = 5});
    check_counts(store.user.store(), store.clock.now());

    CHECK(erase(store.user, store.all(), OrderStatus::failed, finished_at + 1ms) == 5);
    store.check_gone("f0");
    CHECK(store.user.report().total() ==
          StatusCounts{.pending = 2, .processing = 1, .processed = 0, .failed = 0});
    check_counts(store.user.store(), store.clock.now());
    // However old: what is not finished stays, and what is gone is gone.
    CHECK(erase(store.user, store.all(), OrderStatus::processed, finished_at + 1h) == 0);
    CHECK(erase(store.user, store.all(), OrderStatus::failed, finished_at + 1h) == 0);
    CHECK(store.user.settle(store.processing) == SettleOutcome::settled);
    check_counts(store.user.store(), store.clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: what was erased without a commit is still there", Backend,
                          store_forgets_uncommitted_erase) {
    FinishedStore<Backend> store;
    {
        const auto work = store.user.store().begin();
        CHECK(work->erase(store.all(), OrderStatus::processed, store.now() + 1ms) == 5);
    }
    CHECK(store.user.find("p0").status == OrderStatus::processed);
    check_counts(store.user.store(), store.clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: the id of an erased order may be submitted again", Backend,
                          store_accepts_erased_id) {
    FinishedStore<Backend> store;
    CHECK_FALSE(store.user.submit(an_order("p0")));
    (void)erase(store.user, store.all(), OrderStatus::processed, store.now() + 1ms);
    CHECK(store.user.submit(an_order("p0")));
    CHECK(store.user.find("p0").status == OrderStatus::pending);
    // An old lease of the first one is not a lease of the second.
    CHECK(store.user.settle(store.finished[0].lease) == SettleOutcome::lease_lost);
    check_counts(store.user.store(), store.clock.now());
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: the order submitted last is never erased, so that no lease "
    "ever fits another order",
    Backend, store_keeps_last_order) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    const WorkerId worker = user.enlist("w");
    user.submit({an_order("a"), an_order("b")});
    const auto claimed = user.claim(worker, 2);
    for (const auto& order : claimed) user.settle(order.lease);
    clock.advance(1s);
    const UtcTime now = clock.now().utc;
    CHECK(find_finished(user, OrderStatus::processed, now, now).orders ==
          std::vector{claimed[0].lease.order});
    CHECK(erase(user, {claimed[0].lease.order, claimed[1].lease.order}, OrderStatus::processed,
                now) == 1);
    CHECK(user.find("b").status == OrderStatus::processed);
    user.submit(an_order("c"));
    const Lease next = user.claim(worker, 1).at(0).lease;
    CHECK(next.order > claimed[1].lease.order);
    CHECK(user.settle(claimed[1].lease) == SettleOutcome::lease_lost);
    // Now there is a later one.
    CHECK(erase(user, {claimed[1].lease.order}, OrderStatus::processed, now) == 1);
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: the walk over old orders finds each of them once, in order",
                          Backend, store_walks_finished) {
    FinishedStore<Backend> store;
    const UtcTime before = store.now() + 1ms;
    for (const OrderStatus status : {OrderStatus::processed, OrderStatus::failed}) {
        const std::size_t first = status == OrderStatus::processed ? 0 : 5;
        for (const std::size_t limit : {1U, 2U, 5U, 100U}) {
            std::vector<OrderSequence> found;
            std::optional<OrderSequence> after = OrderSequence{};
            while (after) {
                const FinishedOrders part =
                    find_finished(store.user, status, before, store.now() + 1h, *after, limit);
                CHECK(part.orders.size() <= limit);
                found.insert(found.end(), part.orders.begin(), part.orders.end());
                after = part.next_after;
            }
            REQUIRE(found.size() == 5);
            for (std::size_t i = 0; i < 5; ++i) {
                CHECK(found[i] == store.finished[first + i].lease.order);
            }
        }
    }
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: the walk tells which order it passed may be old later",
                          Backend, store_walk_names_others) {
    FinishedStore<Backend> store;
    const UtcTime finished_at = store.now();
    const auto first_other = [&](OrderStatus status, UtcTime before) {
        return find_finished(store.user, status, before, finished_at + 1h).first_other;
    };
    // None is old enough: each is waited for by its own walk.
    CHECK(first_other(OrderStatus::processed, finished_at) == store.finished[0].lease.order);
    CHECK(first_other(OrderStatus::failed, finished_at) == store.finished[5].lease.order);
    // All are: the Failed ones are nothing to the walk over Processed ones, Processing ones are.
    CHECK(first_other(OrderStatus::processed, finished_at + 1s) == store.processing.order);
    CHECK_FALSE(first_other(OrderStatus::failed, finished_at + 1s));
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: orders from before the wall clock was set back do not hide "
    "the old ones behind them",
    Backend, store_walks_past_future) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    const UtcTime right = clock.now().utc;
    const WorkerId worker = user.enlist("w");
    clock.set_utc(right + 1'000h);
    user.submit(an_order("future"));
    clock.set_utc(right);
    user.submit({an_order("a"), an_order("b")});
    const auto claimed = user.claim(worker, 2);
    for (const auto& order : claimed) user.settle(order.lease);
    clock.advance(1h);
    const FinishedOrders found =
        find_finished(user, OrderStatus::processed, clock.now().utc, clock.now().utc);
    CHECK(found.orders == std::vector{claimed[0].lease.order, claimed[1].lease.order});
}

#define RUN_ERASE_CONTRACT(Backend)                                      \
    TEST_CASE_TEMPLATE_INVOKE(store_erases_finished, Backend);           \
    TEST_CASE_TEMPLATE_INVOKE(store_forgets_uncommitted_erase, Backend); \
    TEST_CASE_TEMPLATE_INVOKE(store_accepts_erased_id, Backend);         \
    TEST_CASE_TEMPLATE_INVOKE(store_keeps_last_order, Backend);          \
    TEST_CASE_TEMPLATE_INVOKE(store_walks_finished, Backend);            \
    TEST_CASE_TEMPLATE_INVOKE(store_walk_names_others, Backend);         \
    TEST_CASE_TEMPLATE_INVOKE(store_walks_past_future, Backend)

}  // namespace orders::test
