// Lists, page by page.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {

TEST_CASE_FIXTURE(UsedStore, "list: pages hold every order that matches once, newest first") {
    for (int number = 0; number < 60; ++number) {
        auto order = an_order("order-" + std::to_string(number));
        (void)user.submit(number % 3 == 0 ? order.high() : order);
    }
    const WorkerId worker = user.enlist("w");
    const auto claimed = user.claim(worker, 30);  // all 20 High, 10 Normal
    for (std::size_t at = 0; at < 15; ++at) (void)user.settle(claimed[at].lease);
    for (std::size_t at = 15; at < 20; ++at) {
        (void)user.settle(claimed[at].lease, Failure{"timeout"});
    }

    const std::vector<std::pair<OrderFilter, std::size_t>> filters{
        {{}, 60},
        {{.priority = Priority::high}, 20},
        {{.statuses = {OrderStatus::pending}}, 30},
        {{.statuses = {OrderStatus::pending}, .priority = Priority::high}, 0},
        {{.statuses = {OrderStatus::processing}}, 10},
        {{.statuses = {OrderStatus::processing}, .priority = Priority::normal}, 10},
        {{.statuses = {OrderStatus::processed}, .priority = Priority::high}, 15},
        {{.statuses = {OrderStatus::failed}}, 5},
        {{.statuses = {OrderStatus::failed}, .priority = Priority::normal}, 0},
        {{.statuses = {OrderStatus::cancelled}}, 0},
        {{.statuses = {OrderStatus::pending, OrderStatus::failed}}, 35},
    };
    for (const auto& [filter, expected] : filters) {
        for (const std::size_t limit : {1U, 7U, 60U, 1'000U}) {
            const auto listed = list_all(user.reader(), {.filter = filter, .limit = limit});
            CHECK(listed.size() == expected);
            int last = 60;
            for (const Order& order : listed) {
                const int number = std::stoi(order.spec.order_id.text().substr(6));
                CHECK(number < last);
                last = number;
                CHECK(filter.fits(order));
            }
        }
    }
    CHECK(user.reader().list({.limit = 60}).orders.size() == 60);
    CHECK_FALSE(user.reader().list({.limit = 60}).next_before);
}

TEST_CASE_FIXTURE(UsedStore, "list: the first page of a rare kind shows it, however old it is") {
    (void)user.submit(an_order("old"));
    std::vector<NewOrder> newer;
    for (const NewOrder& order : numbered_orders(10'100)) {
        newer.push_back(order);
        newer.back().spec.priority = Priority::high;
    }
    (void)user.submit(newer);
    const auto claimed = user.claim(user.enlist("w"), newer.size());
    REQUIRE(claimed.size() == newer.size());
    user.settle(claimed);
    const auto first_page = [&](const OrderFilter& filter) {
        return ids_of(user.reader().list({.filter = filter}).orders);
    };
    const OrderFilter pending{.statuses = {OrderStatus::pending}};
    const std::vector<std::string> old{"old"};
    CHECK(first_page(pending) == old);
    CHECK(first_page({.statuses = {OrderStatus::pending}, .priority = Priority::normal}) == old);
    CHECK(first_page({.priority = Priority::normal}) == old);
    CHECK_FALSE(user.reader().list({.filter = pending, .limit = 1}).next_before);
}

TEST_CASE_FIXTURE(UsedStore, "list: Pending orders of all kinds and priorities come newest first") {
    std::vector<std::string> newest_first;
    for (int number = 0; number < 30; ++number) {
        auto order = an_order("order-" + std::to_string(number));
        if (number % 4 == 1) order.high();
        if (number % 3 == 1) order.of_kind("mail");
        (void)user.submit(order);
        newest_first.insert(newest_first.begin(), "order-" + std::to_string(number));
    }
    for (const std::size_t limit : {1U, 4U, 30U}) {
        CHECK(ids_of(list_all(user.reader(), {.filter = {.statuses = {OrderStatus::pending}},
                                              .limit = limit})) == newest_first);
    }
}

TEST_CASE_FIXTURE(UsedStore,
                  "list: what waits for its time, or was queued anew, stands by its age") {
    const UtcTime now = store->wall_clock();
    (void)user.submit({an_order("failed"), an_order("due-later").due(now + 1h), an_order("old"),
                       an_order("due-soon").due(now + 1s), an_order("new")});
    const WorkerId worker = user.enlist("w");
    (void)user.settle(user.claim(worker, 1).at(0).lease, Failure{"no"});
    store->pass_time(1s);
    CHECK(user.promote() == 1);
    (void)user.retry("failed");
    const OrderFilter pending{.statuses = {OrderStatus::pending}};
    for (const std::size_t limit : {1U, 2U, 3U, 10U}) {
        CHECK(ids_of(list_all(user.reader(), {.filter = pending, .limit = limit})) ==
              std::vector<std::string>{"new", "due-soon", "old", "due-later", "failed"});
    }
    CHECK(user.find("due-later").is_waiting_for_time);
    const auto page = user.reader().list({.filter = pending, .limit = 4});
    CHECK(page.orders.at(3).is_waiting_for_time);
    CHECK(page.orders.at(3).due_at == now + 1h);
    CHECK_FALSE(page.orders.at(1).is_waiting_for_time);
}

TEST_CASE_FIXTURE(UsedStore,
                  "list: what has become of some, in the order in which they are named") {
    (void)user.submit({an_order("processed"), an_order("in-work"), an_order("pending"),
                       an_order("due-later").due(store->wall_clock() + 1h)});
    const WorkerId worker = user.enlist("w");
    user.settle(user.claim(worker, 1));
    (void)user.claim(worker, 1);
    const std::vector<OrderId> named{order_id("due-later"), order_id("none"), order_id("processed"),
                                     order_id("in-work"), order_id("pending")};
    CHECK(user.reader().statuses_of(named) ==
          std::vector<std::optional<OrderStatus>>{OrderStatus::pending, std::nullopt,
                                                  OrderStatus::processed, OrderStatus::processing,
                                                  OrderStatus::pending});
    CHECK(user.reader().statuses_of({}).empty());
}

TEST_CASE_FIXTURE(UsedStore,
                  "list: orders are shown without payload, options, result and history") {
    (void)user.submit(an_order("a").of_kind("mail").carrying("[1]").with({.max_attempts = 7}));
    const WorkerId worker = user.enlist("w");
    CHECK(user.release(user.claim(worker, 1).at(0).lease));
    (void)user.settle(user.claim(worker, 1).at(0).lease, Failure{"no", "because"});
    const Order order = user.reader().list({}).orders.at(0);
    CHECK(order.spec.kind.name() == "mail");
    CHECK(order.failure == "no");
    CHECK_FALSE(order.spec.payload);
    CHECK(order.spec.options == AttemptOptions{});
    CHECK_FALSE(order.failure_detail);
    CHECK(order.history.empty());
}

}  // namespace orders::test
