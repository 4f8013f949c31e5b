#include "worker/orders_in_work.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/seed.h"
#include "tests/unit/worker/in_work_user.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("orders_in_work: a finished order comes back with its result, and wakes the dispatcher") {
    InWorkUser user(1);
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    CHECK_FALSE(is_notified(user.wake));
    CHECK(user.take_now().empty());

    user.processor.finish("a", Failure{"broken"});
    const auto finished = user.take(1);
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].order.spec.order_id.text() == "a");
    CHECK(finished[0].order.lease == claimed("a", 1).lease);
    CHECK(finished[0].result == ProcessingResult(Failure{"broken"}));
    CHECK(user.take_now().empty());
}

TEST_CASE("orders_in_work: as many orders are processed at a time as there are threads, no more") {
    InWorkUser user(3);
    CHECK(user.in_work->capacity() == 3);
    user.in_work->start({claimed("a", 1), claimed("b", 2), claimed("c", 3)});
    CHECK(user.free_threads() == 0);
    user.processor.wait_until_running(3);

    user.processor.finish("b");
    CHECK(ids_of(user.take(1)) == std::vector<std::string>{"b"});
    user.in_work->start({claimed("d", 4)});
    user.processor.wait_until_begun("d");
    CHECK(user.processor.running() == 3);
    user.processor.finish_all();
    CHECK(user.take(3).size() == 3);
    CHECK(user.processor.most_running() == 3);
}

TEST_CASE("orders_in_work: each of many orders is processed once, by one thread") {
    InWorkUser user(4);
    user.processor.finish_all();
    constexpr int orders = 2'000;
    int started = 0;
    std::set<std::string> finished;
    while (finished.size() < orders) {
        std::vector<ClaimedOrder> batch;
        for (auto free = user.free_threads(); free > 0 && started < orders; --free) {
            ++started;
            batch.push_back(claimed("order-" + std::to_string(started), started));
        }
        user.in_work->start(std::move(batch));
        for (const std::string& id : ids_of(user.take(1))) CHECK(finished.insert(id).second);
    }
    const auto begun = user.processor.begun();
    CHECK(begun.size() == orders);
    CHECK(std::set(begun.begin(), begun.end()) == finished);
    CHECK(user.processor.most_running() <= 4);
    CHECK(user.free_threads() == 4);
    CHECK(user.held().empty());
}

TEST_CASE("orders_in_work: a thread is free again as soon as its order has finished") {
    InWorkUser user(3);
    CHECK(user.free_threads() == 3);
    user.in_work->start({});
    CHECK(user.free_threads() == 3);
    user.in_work->start({claimed("a", 1), claimed("b", 2)});
    CHECK(user.free_threads() == 1);

    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.free_threads() == 2);
    CHECK(user.take(1).size() == 1);
    CHECK(user.free_threads() == 2);
}

TEST_CASE("orders_in_work: orders begin in the order in which they were started") {
    InWorkUser user(1);
    user.processor.finish_all();
    for (const char* id : {"a", "b", "c"}) {
        user.in_work->start({claimed(id, 1)});
        CHECK(user.take(1).size() == 1);
    }
    CHECK(user.processor.begun() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("orders_in_work: an exception fails the order and leaves the thread at work") {
    InWorkUser user(1);
    SUBCASE("of the standard library") {
        user.processor.end(
            "a", []() -> std::optional<ProcessingResult> { throw std::runtime_error("boom"); });
    }
    SUBCASE("of any other type") {
        user.processor.end("a", []() -> std::optional<ProcessingResult> { throw 42; });
    }
    user.in_work->start({claimed("a", 1)});
    CHECK(user.take(1).at(0).result == ProcessingResult(Failure{failure_reason::processor_error}));
    CHECK(user.free_threads() == 1);

    user.processor.finish("b");
    user.in_work->start({claimed("b", 2)});
    CHECK(user.take(1).at(0).result == ProcessingResult(Completed{}));
}

TEST_CASE("orders_in_work: orders that were started and not yet taken as finished are held") {
    InWorkUser user(2);
    CHECK(user.held().empty());
    const Lease a = claimed("a", 1).lease;
    const Lease b = claimed("b", 2).lease;
    const auto held = [&] {
        auto leases = user.held();
        std::ranges::sort(leases);
        return leases;
    };
    user.in_work->start({claimed("a", 1), claimed("b", 2)});
    CHECK(held() == std::vector{a, b});
    user.processor.wait_until_running(2);
    CHECK(held() == std::vector{a, b});
    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(held() == std::vector{a, b});
    CHECK(user.take(1).size() == 1);
    CHECK(held() == std::vector{b});
}

TEST_CASE("orders_in_work: its end tells the work to stop and waits for it") {
    InWorkUser user(3);
    user.processor.ignore_stop("slow");
    user.in_work->start({claimed("quick", 1), claimed("slow", 2)});
    user.processor.wait_until_running(2);
    std::atomic<bool> may_end = false;
    const std::jthread release([&] {
        user.processor.wait_until_told_to_stop("slow");
        may_end = true;
        user.processor.finish("slow");
    });
    user.in_work.reset();
    CHECK(may_end);
    CHECK(user.processor.running() == 0);
    CHECK(user.processor.was_told_to_stop("quick"));
}

TEST_CASE("orders_in_work: whatever is done to orders, each leaves the pool once") {
    auto random = seeded_random();
    InWorkUser user(4);
    user.processor.finish_all();
    std::int64_t started = 0;
    std::set<std::int64_t> inside;
    const auto leaves = [&](const ClaimedOrder& order) {
        CHECK(inside.erase(order.lease.order.value) == 1);
    };
    for (int step = 0; step < 3'000; ++step) {
        std::vector<ClaimedOrder> batch;
        for (auto free = user.free_threads(); free > 0; --free) {
            if (any_of(random, 0, 1) == 0) continue;
            ++started;
            inside.insert(started);
            batch.push_back(claimed("order-" + std::to_string(started), started));
        }
        user.in_work->start(std::move(batch));
        const int choice = any_of(random, 0, 9);
        if (choice < 3) {
            for (const Lease& lease : user.held()) {
                if (const auto order = user.in_work->abandon(lease)) leaves(*order);
            }
        } else {
            const auto now =
                std::chrono::steady_clock::now() + (choice < 6 ? long_timeout * 2 : 0ms);
            for (const auto& [order, result, began] : user.in_work->take_finished(now))
                leaves(order);
        }
    }
    for (const auto& [order, result, began] : user.in_work->abandon_all()) leaves(order);
    CHECK(inside.empty());
    CHECK(user.held().empty());
}

}  // namespace orders::test
