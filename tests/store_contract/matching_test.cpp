// Lists and searches by filter: whatever the filter, and in whatever portions, just those orders
// that fit, each once.

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

// Of all portions, in the order in which they come.
std::vector<OrderSequence> match_all(OrderReader& reader, const OrderFilter& filter,
                                     std::size_t limit) {
    std::vector<OrderSequence> all;
    OrderSequence after;
    for (;;) {
        const MatchingOrders found = reader.find_matching(filter, after, limit);
        CHECK(found.orders.size() <= limit);
        all.insert(all.end(), found.orders.begin(), found.orders.end());
        if (!found.next_after) return all;
        CHECK(*found.next_after > after);
        after = *found.next_after;
    }
}

// Two hundred orders in all states, of three kinds, some of them queued anew or waiting.
struct MixedStore : UsedStore {
    MixedStore() {
        const WorkerId worker = user.enlist("w");
        for (int number = 0; number < 200; ++number) {
            if (number % 10 == 0) store->pass_time(1s);
            auto order = an_order(id_of(number));
            if (chance(3)) order.high();
            if (chance(2)) order.of_kind(chance(2) ? "mail" : "print");
            if (chance(5)) order.due(std::chrono::seconds(1 + random() % 40));
            (void)user.submit(order);
        }
        for (const ClaimedOrder& order : user.claim(worker, 90)) {
            if (chance(4)) continue;
            ProcessingResult result = Completed{};
            if (chance(2)) result = Failure{chance(2) ? "timeout" : "no"};
            if (chance(6)) result = Retry{"busy"};
            (void)user.settle(order.lease, result);
        }
        (void)user.promote(10);
        for (int number = 0; number < 200; ++number) {
            if (chance(6)) (void)user.cancel(id_of(number));
            if (chance(4)) (void)user.retry(id_of(number));
            if (chance(9)) (void)user.change(id_of(number), {.due = std::optional<DueTime>()});
        }
    }

    static std::string id_of(int number) { return "order-" + std::to_string(number); }
    bool chance(int one_in) { return random() % static_cast<unsigned>(one_in) == 0; }

    OrderFilter some_filter() {
        OrderFilter filter;
        for (const OrderStatus status : all_statuses) {
            if (chance(3)) filter.statuses.push_back(status);
        }
        std::ranges::shuffle(filter.statuses, random);
        if (chance(3)) filter.kind = a_kind(chance(2) ? "mail" : chance(2) ? "default" : "none");
        if (chance(3)) filter.priority = chance(2) ? Priority::high : Priority::normal;
        if (chance(6)) filter.reason = chance(2) ? "timeout" : "other";
        if (chance(6)) filter.created_after = store->wall_clock() - 12s;
        if (chance(6)) filter.created_before = store->wall_clock() - 6s;
        return filter;
    }

    std::mt19937 random{20'261'127};
};

}  // namespace

TEST_CASE_FIXTURE(MixedStore, "matching: lists by any filter hold just what fits, newest first") {
    const auto all = list_all(user.reader(), {.limit = 1'000});
    REQUIRE(all.size() == 200);
    for (int round = 0; round < 300; ++round) {
        const OrderFilter filter = some_filter();
        std::vector<std::string> expected;
        for (const Order& order : all) {
            if (filter.fits(order)) expected.push_back(order.spec.order_id.text());
        }
        for (const std::size_t limit : {1U, 3U, 50U, 1'000U}) {
            CAPTURE(round);
            CAPTURE(limit);
            CHECK(ids_of(list_all(user.reader(), {.filter = filter, .limit = limit})) == expected);
        }
    }
}

TEST_CASE_FIXTURE(MixedStore, "matching: a search finds just what fits, in the order of arrival") {
    const auto all = list_all(user.reader(), {.limit = 1'000});
    const auto sequences = match_all(user.reader(), {}, 1'000);
    REQUIRE(sequences.size() == all.size());
    CHECK(std::ranges::is_sorted(sequences));
    for (int round = 0; round < 300; ++round) {
        const OrderFilter filter = some_filter();
        std::vector<OrderSequence> expected;
        for (std::size_t at = 0; at < all.size(); ++at) {
            if (filter.fits(all[all.size() - 1 - at])) expected.push_back(sequences[at]);
        }
        for (const std::size_t limit : {1U, 3U, 50U, 1'000U}) {
            CAPTURE(round);
            CAPTURE(limit);
            CHECK((match_all(user.reader(), filter, limit) == expected));
        }
    }
}

TEST_CASE_FIXTURE(UsedStore,
                  "matching: a call looks at a bounded number of orders, and says where to go on") {
    std::vector<NewOrder> orders = numbered_orders(10'100);
    orders.push_back(an_order("rare").of_kind("rare"));
    (void)user.submit(orders);
    user.settle(user.claim(user.enlist("w"), {.limit = 20'000}));
    const OrderFilter filter{.kind = a_kind("rare")};
    const MatchingOrders first = user.reader().find_matching(filter, {}, 10);
    CHECK(first.orders.empty());
    REQUIRE(first.next_after);
    CHECK(match_all(user.reader(), filter, 10).size() == 1);
}

TEST_CASE_FIXTURE(UsedStore, "matching: a filter that nothing fits finds nothing") {
    CHECK(user.reader().find_matching({}, {}, 10).orders.empty());
    (void)user.submit(an_order("a"));
    CHECK(user.reader().find_matching({.kind = a_kind("unknown")}, {}, 10).orders.empty());
    CHECK(user.reader().list({.filter = {.kind = a_kind("unknown")}}).orders.empty());
    CHECK_FALSE(user.reader().find_matching({.kind = a_kind("unknown")}, {}, 10).next_after);
}

}  // namespace orders::test
