// Clients and workers reach for the same orders at the same time: whoever comes first, each order
// ends once in each round, and both sides are told the same.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

constexpr int orders = 200;

// Claims and settles until all orders have ended; returns which it was told that it settled.
std::set<std::string> work_off(StoreUnderTest& store) {
    StoreUser user(store);
    const WorkerId worker = user.enlist("w");
    std::set<std::string> settled;
    for (StatusCounts left = user.counts(); left.pending + left.processing > 0;
         left = user.counts()) {
        for (const ClaimedOrder& order : user.claim(worker, 3)) {
            if (user.settle(order.lease) == SettleOutcome::settled) {
                settled.insert(order.spec.order_id.text());
            }
        }
    }
    return settled;
}

}  // namespace

TEST_CASE("race: of a cancel and a claim or its settlement the first one ends the order") {
    UsedStore used;
    (void)used.user.submit(numbered_orders(orders));
    std::set<std::string> settled;
    std::set<std::string> cancelled;
    {
        const std::jthread worker([&] { settled = work_off(*used.store); });
        StoreUser client(*used.store);
        for (int number = orders - 1; number >= 0; --number) {
            const std::string id = "order-" + std::to_string(number);
            if (std::holds_alternative<Order>(client.cancel(id))) cancelled.insert(id);
        }
    }
    CHECK(settled.size() + cancelled.size() == orders);
    for (const std::string& id : settled) {
        CHECK(used.user.find(id).status == OrderStatus::processed);
    }
    for (const std::string& id : cancelled) {
        CHECK(used.user.find(id).status == OrderStatus::cancelled);
    }
    check_counts(used.user.reader());
}

TEST_CASE("race: of many retries of one order at once one begins the round") {
    UsedStore used;
    (void)used.user.submit(numbered_orders(orders));
    for (const NewOrder& order : numbered_orders(orders)) {
        (void)used.user.cancel(order.spec.order_id.text());
    }
    std::vector<int> begun(4);
    {
        std::vector<std::jthread> clients;
        for (int& mine : begun) {
            clients.emplace_back([&] {
                StoreUser client(*used.store);
                for (const NewOrder& order : numbered_orders(orders)) {
                    const auto outcome = client.retry(order.spec.order_id.text());
                    if (std::holds_alternative<Order>(outcome)) ++mine;
                }
            });
        }
    }
    CHECK(begun[0] + begun[1] + begun[2] + begun[3] == orders);
    CHECK(used.user.counts() == StatusCounts{.pending = orders});
    check_counts(used.user.reader());
}

TEST_CASE("race: an order that is retried while it is swept stands, or is gone") {
    UsedStore used;
    (void)used.user.submit(numbered_orders(orders));
    for (const NewOrder& order : numbered_orders(orders)) {
        (void)used.user.cancel(order.spec.order_id.text());
    }
    used.store->pass_time(1h);
    std::set<std::string> retried;
    {
        const std::jthread sweeper(
            [&] { (void)StoreUser(*used.store).sweep(OrderStatus::cancelled, 1min); });
        StoreUser client(*used.store);
        for (int number = orders - 1; number >= 0; --number) {
            const std::string id = "order-" + std::to_string(number);
            if (std::holds_alternative<Order>(client.retry(id))) retried.insert(id);
        }
    }
    const auto left = list_all(used.user.reader(), {.limit = OrderQuery::max_limit});
    CHECK(left.size() == retried.size());
    for (const Order& order : left) {
        CHECK(order.status == OrderStatus::pending);
        CHECK(retried.contains(order.spec.order_id.text()));
    }
    check_counts(used.user.reader());
}

}  // namespace orders::test
