// Who has acted on an order, if those who did have a name.

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

std::vector<std::string> actions_on(StoreUser& user, const std::string& id) {
    std::vector<std::string> actions;
    for (const PastAction& action : user.find(id).actions) {
        actions.push_back(std::string(to_string(action.what)) + " by " + action.name);
    }
    return actions;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(UsedStore,
                  "action_history: what clients with a name did is kept with the order") {
    (void)user.submit({an_order("a"), an_order("other")});
    const UtcTime start = store->wall_clock();
    const auto changed = user.act(ChangeOrder{order_id("a"), {.priority = Priority::high}, "ann"});
    CHECK(std::get<Order>(changed).actions.size() == 1);
    store->pass_time(1s);
    (void)user.act(CancelOrder{order_id("a"), "bob"});
    (void)user.act(RetryOrder{order_id("a"), "ann"});
    CHECK(actions_on(user, "a") == Texts{"change by ann", "cancel by bob", "retry by ann"});
    const auto actions = user.find("a").actions;
    CHECK(actions.at(0).at == start);
    CHECK(actions.at(1).at == start + 1s);
    CHECK(user.find("other").actions.empty());
}

TEST_CASE_FIXTURE(UsedStore,
                  "action_history: what was refused, and what nobody with a name did, is not") {
    (void)user.submit(an_order("a"));
    (void)user.cancel("a");
    (void)user.retry("a");
    (void)user.change("a", {.priority = Priority::high});
    CHECK(std::holds_alternative<NotAllowed>(user.act(RetryOrder{order_id("a"), "ann"})));
    CHECK(std::holds_alternative<NoSuchOrder>(user.act(CancelOrder{order_id("b"), "ann"})));
    const auto fault =
        user.act(ChangeOrder{order_id("a"), {.max_attempts = std::optional(0)}, "ann"});
    CHECK(std::holds_alternative<InvalidChange>(fault));
    CHECK(user.find("a").actions.empty());
}

TEST_CASE_FIXTURE(UsedStore,
                  "action_history: each of many orders that are acted on at once has it") {
    std::vector<NewOrder> orders = numbered_orders(30);
    (void)user.submit(orders);
    (void)user.cancel("order-3");
    for (const auto what : {BulkAction::What::cancel, BulkAction::What::retry}) {
        const OrderFilter filter{.statuses = {what == BulkAction::What::cancel
                                                  ? OrderStatus::pending
                                                  : OrderStatus::cancelled}};
        const auto found = user.reader().find_matching(filter, {}, 100);
        (void)user.act(BulkAction{what, filter, found.orders, "ann"});
    }
    CHECK(actions_on(user, "order-3") == Texts{"retry by ann"});
    for (const char* const id : {"order-0", "order-29"}) {
        CHECK(actions_on(user, id) == Texts{"cancel by ann", "retry by ann"});
    }
}

TEST_CASE_FIXTURE(UsedStore, "action_history: the newest hundred are kept, and go with the order") {
    (void)user.submit({an_order("a"), an_order("newest")});
    for (int number = 0; number < 103; ++number) {
        const Priority priority = number % 2 == 0 ? Priority::high : Priority::normal;
        (void)user.act(
            ChangeOrder{order_id("a"), {.priority = priority}, "ann-" + std::to_string(number)});
    }
    const auto actions = user.find("a").actions;
    REQUIRE(actions.size() == 100);
    CHECK(actions.front().name == "ann-3");
    CHECK(actions.back().name == "ann-102");

    (void)user.cancel("a");
    store->pass_time(2h);
    CHECK(user.sweep(OrderStatus::cancelled, 1h) == 1);
    (void)user.submit(an_order("a"));
    CHECK(user.find("a").actions.empty());
}

}  // namespace orders::test
