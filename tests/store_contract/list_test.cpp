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

}  // namespace orders::test
