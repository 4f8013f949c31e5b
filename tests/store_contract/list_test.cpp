// Lists, page by page.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <tuple>
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

    using Filter = std::tuple<std::optional<OrderStatus>, std::optional<Priority>, std::size_t>;
    const std::vector<Filter> filters{
        {std::nullopt, std::nullopt, 60},
        {std::nullopt, Priority::high, 20},
        {OrderStatus::pending, std::nullopt, 30},
        {OrderStatus::pending, Priority::high, 0},
        {OrderStatus::processing, std::nullopt, 10},
        {OrderStatus::processing, Priority::normal, 10},
        {OrderStatus::processed, Priority::high, 15},
        {OrderStatus::failed, std::nullopt, 5},
        {OrderStatus::failed, Priority::normal, 0},
    };
    for (const auto& [status, priority, expected] : filters) {
        for (const std::size_t limit : {1U, 7U, 60U, 1'000U}) {
            const auto listed =
                list_all(user.reader(), {.status = status, .priority = priority, .limit = limit});
            CHECK(listed.size() == expected);
            int last = 60;
            for (const Order& order : listed) {
                const int number = std::stoi(order.spec.order_id.text().substr(6));
                CHECK(number < last);
                last = number;
                CHECK(order.status == status.value_or(order.status));
                CHECK(order.spec.priority == priority.value_or(order.spec.priority));
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
    const auto first_page = [&](const OrderQuery& query) {
        std::vector<std::string> ids;
        for (const Order& order : user.reader().list(query).orders) {
            ids.push_back(order.spec.order_id.text());
        }
        return ids;
    };
    const std::vector<std::string> old{"old"};
    CHECK(first_page({.status = OrderStatus::pending}) == old);
    CHECK(first_page({.status = OrderStatus::pending, .priority = Priority::normal}) == old);
    CHECK(first_page({.priority = Priority::normal}) == old);
    CHECK_FALSE(user.reader().list({.status = OrderStatus::pending, .limit = 1}).next_before);
}

TEST_CASE_FIXTURE(UsedStore, "list: Pending orders of both priorities come newest first") {
    std::vector<std::string> newest_first;
    for (int number = 0; number < 30; ++number) {
        auto order = an_order("order-" + std::to_string(number));
        (void)user.submit(number % 4 == 1 ? order.high() : order);
        newest_first.insert(newest_first.begin(), "order-" + std::to_string(number));
    }
    for (const std::size_t limit : {1U, 4U, 30U}) {
        std::vector<std::string> ids;
        for (const Order& order :
             list_all(user.reader(), {.status = OrderStatus::pending, .limit = limit})) {
            ids.push_back(order.spec.order_id.text());
        }
        CHECK(ids == newest_first);
    }
}

}  // namespace orders::test
