// Orders are deleted because there are too many, or too large ones; and with each goes all that it
// carried.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

struct FullStore : UsedStore {
    // Deletes until there is no more to delete; returns how many orders that took.
    std::size_t sweep_beyond(std::int64_t max_bytes) {
        std::size_t deleted = 0;
        for (int calls = 0; calls < 1'000; ++calls) {
            const Swept swept = user.housekeeping().sweep_beyond(max_bytes);
            deleted += swept.deleted;
            if (!swept.has_more) return deleted;
        }
        FAIL("it finds no end");
        return deleted;
    }
    // Submitted now, and Completed now.
    void finish(const std::string& id, const std::string& payload = {},
                const std::string& result = {}) {
        auto order = an_order(id);
        if (!payload.empty()) order.carrying(payload);
        (void)user.submit(order);
        (void)user.settle(user.claim(worker, 1).at(0).lease,
                          Completed{result.empty() ? nullptr : json_text(result)});
    }
    std::size_t orders_left() { return list_all(user.reader(), {.limit = 1'000}).size(); }

    static constexpr std::int64_t each = counted_bytes_per_order;
    WorkerId worker = user.enlist("w");
};

}  // namespace

TEST_CASE_FIXTURE(FullStore, "sweep_beyond: the oldest go until the rest is within the bound") {
    for (int number = 0; number < 10; ++number) finish("order-" + std::to_string(number));
    CHECK(sweep_beyond(10 * each) == 0);
    CHECK(sweep_beyond(10 * each - 1) == 1);
    CHECK_FALSE(user.is_there("order-0"));
    CHECK(sweep_beyond(6 * each) == 3);
    CHECK_FALSE(user.is_there("order-3"));
    CHECK(user.is_there("order-4"));
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(FullStore, "sweep_beyond: payloads and results count by their bytes") {
    const std::string large = '"' + std::string(9'998, 'x') + '"';
    finish("payload", large);
    finish("result", {}, large);
    finish("both", large, large);
    finish("plain");
    (void)user.submit(an_order("last").carrying(large));
    CHECK(sweep_beyond(50'000 + 5 * each) == 0);
    CHECK(sweep_beyond(50'000 + 5 * each - 1) == 1);
    CHECK(sweep_beyond(40'000 + 4 * each - 1) == 1);
    CHECK_FALSE(user.is_there("result"));
    CHECK(user.is_there("both"));
    CHECK(sweep_beyond(10'000 + 2 * each) == 1);
    CHECK(user.is_there("plain"));
    CHECK(store->storage().verify().examples == std::vector<std::string>{});
}

TEST_CASE_FIXTURE(
    FullStore,
    "sweep_beyond: what has not ended stays, however much that is, and so does the newest") {
    finish("processed");
    (void)user.submit(an_order("failed"));
    (void)user.settle(user.claim(worker, 1).at(0).lease, Failure{"no", "because"});
    (void)user.submit({an_order("cancelled"), an_order("in-work")});
    (void)user.cancel("cancelled");
    const Lease held = user.claim(worker, 1).at(0).lease;
    (void)user.submit({an_order("waiting").due(1h), an_order("queued").of_kind("other")});
    (void)user.pause("other");
    finish("last");
    CHECK(sweep_beyond(0) == 3);
    CHECK(ids_of(list_all(user.reader(), {})) ==
          std::vector<std::string>{"last", "queued", "waiting", "in-work"});
    CHECK(user.settle(held) == SettleOutcome::settled);
    (void)user.submit(an_order("newest"));
    CHECK(sweep_beyond(0) == 2);
    check_counts(user.reader());
    CHECK(store->storage().verify().findings == 0);
}

TEST_CASE_FIXTURE(FullStore,
                  "sweep_beyond: a call deletes a bounded number, and says that there is more") {
    (void)user.submit(numbered_orders(1'000));
    user.settle(user.claim(worker, 1'000));
    (void)user.submit(an_order("last"));
    const Swept swept = user.housekeeping().sweep_beyond(0);
    CHECK(swept.deleted < 1'000);
    CHECK(swept.has_more);
    CHECK(swept.deleted + sweep_beyond(0) == 1'000);
}

TEST_CASE_FIXTURE(FullStore,
                  "sweep_beyond: what ends later is deleted later, though it came earlier") {
    (void)user.submit(an_order("long"));
    const Lease held = user.claim(worker, 1).at(0).lease;
    finish("short");
    (void)user.submit(an_order("last"));
    CHECK(sweep_beyond(0) == 1);
    CHECK(user.settle(held) == SettleOutcome::settled);
    CHECK(sweep_beyond(0) == 1);
    CHECK_FALSE(user.is_there("long"));
}

TEST_CASE_FIXTURE(FullStore, "sweep_beyond: several stores may delete at once, and not too much") {
    (void)user.submit(numbered_orders(600));
    user.settle(user.claim(worker, 600));
    StoreUser other(*store);
    std::size_t deleted = 0;
    for (bool has_more = true; has_more;) {
        const Swept one = user.housekeeping().sweep_beyond(100 * each);
        const Swept another = other.housekeeping().sweep_beyond(100 * each);
        deleted += one.deleted + another.deleted;
        has_more = one.has_more || another.has_more;
    }
    CHECK(deleted == 500);
    CHECK(orders_left() == 100);
}

TEST_CASE_FIXTURE(FullStore,
                  "sweep_beyond: with an order goes all that it carried, by age as by size") {
    const auto fill = [&](const std::string& id) {
        (void)user.submit(an_order(id).carrying("[1,2]").with({.max_attempts = 3}));
        CHECK(user.release(user.claim(worker, 1).at(0).lease));
        (void)user.settle(user.claim(worker, 1).at(0).lease, Completed{json_text("{}")});
    };
    const auto fill_failed = [&](const std::string& id) {
        (void)user.submit(an_order(id).fingerprinted(1));
        (void)user.settle(user.claim(worker, 1).at(0).lease, Failure{"no", "because"});
    };
    fill("a");
    fill_failed("b");
    (void)user.submit(an_order("c").carrying("[3]"));
    (void)user.cancel("c");
    fill("d");
    (void)user.submit(an_order("last"));
    store->pass_time(1s);
    CHECK(user.sweep(OrderStatus::processed, 500ms) == 2);
    CHECK(user.sweep(OrderStatus::failed, 500ms) == 1);
    CHECK(user.sweep(OrderStatus::cancelled, 500ms) == 1);
    CHECK(store->storage().verify().examples == std::vector<std::string>{});
    CHECK(sweep_beyond(each) == 0);  // nothing else is left, and nothing else is counted
}

TEST_CASE_FIXTURE(UsedStore, "sweep_beyond: Cancelled orders have an age of their own") {
    (void)user.submit({an_order("a"), an_order("b"), an_order("last")});
    (void)user.cancel("a");
    store->pass_time(10s);
    (void)user.cancel("b");
    store->pass_time(1ms);
    CHECK(user.sweep(OrderStatus::failed, 1ms) == 0);
    CHECK(user.sweep(OrderStatus::processed, 1ms) == 0);
    CHECK(user.sweep(OrderStatus::cancelled, 10s) == 1);
    CHECK_FALSE(user.is_there("a"));
    store->pass_time(10s);
    CHECK(user.sweep(OrderStatus::cancelled, 10s) == 1);
    check_counts(user.reader());
}

}  // namespace orders::test
