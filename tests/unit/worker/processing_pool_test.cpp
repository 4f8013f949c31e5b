#include "worker/processing_pool.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "tests/support/scripted_processor.h"
#include "tests/support/seed.h"
#include "worker/processors/simulated.h"

namespace orders {
namespace {

using namespace std::chrono_literals;
using test::patience;
using test::ScriptedProcessor;
using SteadyClock = std::chrono::steady_clock;

// Never up in these tests: a deadline passes where a test hands in a later time.
constexpr std::chrono::milliseconds long_timeout = 1h;

ClaimedOrder claimed(const std::string& id, std::int64_t sequence, std::int64_t units = 1) {
    return {.lease = {.order = {sequence}, .token = 1},
            .order_id = test::order_id(id),
            .priority = Priority::normal,
            .processing_time = ProcessingTime::parse(units).value(),
            .attempt = 1};
}

bool is_notified(const WakeSignal& wake, std::chrono::milliseconds within = 0ms) {
    pollfd source{wake.fd(), POLLIN, 0};
    return ::poll(&source, 1, static_cast<int>(within.count())) == 1;
}

std::vector<std::string> ids_of(const std::vector<FinishedOrder>& finished) {
    std::vector<std::string> ids;
    for (const auto& [order, result] : finished) ids.push_back(order.order_id.text());
    return ids;
}

// A pool with its processor, used as the dispatcher does.
struct PoolUser {
    explicit PoolUser(std::size_t threads, std::chrono::milliseconds timeout = long_timeout)
        : pool(std::make_unique<ProcessingPool>(processor, threads, timeout, wake)) {}

    // Waits for the wake signal, for each time that something is missing.
    std::vector<FinishedOrder> take(std::size_t count) {
        std::vector<FinishedOrder> finished;
        while (finished.size() < count) {
            if (!is_notified(wake, patience)) throw std::runtime_error("the wake signal is silent");
            wake.clear();
            std::ranges::move(pool->take_finished(SteadyClock::now()),
                              std::back_inserter(finished));
        }
        return finished;
    }
    std::vector<FinishedOrder> take_now() { return pool->take_finished(SteadyClock::now()); }

    ScriptedProcessor processor;
    WakeSignal wake;
    std::unique_ptr<ProcessingPool> pool;
};

TEST_CASE("ProcessingPool: a finished order comes back with its result, and wakes the dispatcher") {
    PoolUser user(1);
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    CHECK_FALSE(is_notified(user.wake));
    CHECK(user.take_now().empty());

    user.processor.finish("a", Failure{"broken"});
    const auto finished = user.take(1);
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].order.order_id.text() == "a");
    CHECK(finished[0].order.lease == claimed("a", 1).lease);
    CHECK(finished[0].result == ProcessingResult(Failure{"broken"}));
    CHECK(user.take_now().empty());
}

TEST_CASE("ProcessingPool: as many orders are processed at a time as there are threads, no more") {
    PoolUser user(3);
    CHECK(user.pool->threads() == 3);
    user.pool->start({claimed("a", 1), claimed("b", 2), claimed("c", 3)});
    CHECK(user.pool->free_threads() == 0);
    user.processor.wait_until_running(3);

    user.processor.finish("b");
    CHECK(ids_of(user.take(1)) == std::vector<std::string>{"b"});
    user.pool->start({claimed("d", 4)});
    user.processor.wait_until_begun("d");
    CHECK(user.processor.running() == 3);
    user.processor.finish_all();
    CHECK(user.take(3).size() == 3);
    CHECK(user.processor.most_running() == 3);
}

TEST_CASE("ProcessingPool: each of many orders is processed once, by one thread") {
    PoolUser user(4);
    user.processor.finish_all();
    constexpr int orders = 2'000;
    int started = 0;
    std::set<std::string> finished;
    while (finished.size() < orders) {
        std::vector<ClaimedOrder> batch;
        for (auto free = user.pool->free_threads(); free > 0 && started < orders; --free) {
            ++started;
            batch.push_back(claimed("order-" + std::to_string(started), started));
        }
        user.pool->start(std::move(batch));
        for (const std::string& id : ids_of(user.take(1))) CHECK(finished.insert(id).second);
    }
    const auto begun = user.processor.begun();
    CHECK(begun.size() == orders);
    CHECK(std::set(begun.begin(), begun.end()) == finished);
    CHECK(user.processor.most_running() <= 4);
    CHECK(user.pool->free_threads() == 4);
    CHECK(user.pool->held().empty());
}

TEST_CASE("ProcessingPool: a thread is free again as soon as its order has finished") {
    PoolUser user(3);
    CHECK(user.pool->free_threads() == 3);
    user.pool->start({});
    CHECK(user.pool->free_threads() == 3);
    user.pool->start({claimed("a", 1), claimed("b", 2)});
    CHECK(user.pool->free_threads() == 1);

    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.pool->free_threads() == 2);
    CHECK(user.take(1).size() == 1);
    CHECK(user.pool->free_threads() == 2);
}

TEST_CASE("ProcessingPool: orders begin in the order in which they were started") {
    PoolUser user(1);
    user.processor.finish_all();
    for (const char* id : {"a", "b", "c"}) {
        user.pool->start({claimed(id, 1)});
        CHECK(user.take(1).size() == 1);
    }
    CHECK(user.processor.begun() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("ProcessingPool: an order's time is up a timeout after a thread began with it") {
    PoolUser user(2);
    CHECK_FALSE(user.pool->next_deadline());
    const auto before = SteadyClock::now();
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto first = user.pool->next_deadline();
    REQUIRE(first);
    CHECK(*first >= before + long_timeout);
    CHECK(*first <= SteadyClock::now() + long_timeout);

    // The earliest counts, until its order has finished.
    user.pool->start({claimed("b", 2)});
    user.processor.wait_until_begun("b");
    CHECK(user.pool->next_deadline() == first);
    user.processor.finish("a");
    CHECK(user.take(1).size() == 1);
    CHECK(user.pool->next_deadline() > first);
    user.processor.finish("b");
    CHECK(user.take(1).size() == 1);
    CHECK_FALSE(user.pool->next_deadline());
}

TEST_CASE(
    "ProcessingPool: an order has Failed at its deadline, though its processing does not stop") {
    PoolUser user(2);
    user.processor.ignore_stop("a");
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.pool->next_deadline().value();

    CHECK(user.pool->take_finished(deadline - 1ns).empty());
    CHECK_FALSE(user.processor.was_told_to_stop("a"));
    const auto late = user.pool->take_finished(deadline);
    REQUIRE(late.size() == 1);
    CHECK(late[0].order.lease == claimed("a", 1).lease);
    CHECK(late[0].result == ProcessingResult(Failure{failure_reason::timeout}));
    CHECK(user.processor.was_told_to_stop("a"));

    // It is over for the dispatcher, but not for the thread.
    CHECK(user.pool->held().empty());
    CHECK_FALSE(user.pool->next_deadline());
    CHECK(user.pool->take_finished(deadline + 1h).empty());
    CHECK(user.pool->free_threads() == 1);

    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.pool->free_threads() == 2);
    CHECK(user.pool->take_finished(deadline + 1h).empty());
}

TEST_CASE("ProcessingPool: the deadline of one order does not touch the others") {
    PoolUser user(2);
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.pool->next_deadline().value();
    user.pool->start({claimed("b", 2)});
    user.processor.wait_until_begun("b");

    CHECK(ids_of(user.pool->take_finished(deadline)) == std::vector<std::string>{"a"});
    CHECK_FALSE(user.processor.was_told_to_stop("b"));
    CHECK(user.pool->held() == std::vector{claimed("b", 2).lease});
    user.processor.finish("b");
    const auto finished = user.take(1);
    CHECK(ids_of(finished) == std::vector<std::string>{"b"});
    CHECK(finished.at(0).result == ProcessingResult(Completed{}));
}

TEST_CASE(
    "ProcessingPool: a result that comes after the deadline is a timeout, whoever looks when") {
    PoolUser user(1, 0ms);
    user.processor.finish("a");
    user.pool->start({claimed("a", 1)});
    const auto finished = user.take(1);
    CHECK(finished.at(0).result == ProcessingResult(Failure{failure_reason::timeout}));
}

TEST_CASE("ProcessingPool: processing that does not stop after its deadline is pointed out once") {
    PoolUser user(2);
    user.processor.ignore_stop("a");
    user.pool->start({claimed("a", 1), claimed("b", 2)});
    user.processor.wait_until_begun("a");
    user.processor.wait_until_begun("b");
    const auto deadline = user.pool->next_deadline().value();
    CHECK(user.pool->take_stuck(deadline).empty());
    user.processor.finish("b");
    CHECK(user.take(1).size() == 1);
    const auto stuck = user.pool->take_stuck(deadline + 1h);
    REQUIRE(stuck.size() == 1);
    CHECK(stuck[0].order_id.text() == "a");
    CHECK(user.pool->take_stuck(deadline + 2h).empty());
    user.processor.finish("a");
}

TEST_CASE("ProcessingPool: an order that finished before its deadline was looked at did finish") {
    PoolUser user(1);
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.pool->next_deadline().value();
    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    const auto finished = user.pool->take_finished(deadline + 1h);
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].result == ProcessingResult(Completed{}));
}

TEST_CASE("ProcessingPool: an exception fails the order and leaves the thread at work") {
    PoolUser user(1);
    SUBCASE("of the standard library") {
        user.processor.end(
            "a", []() -> std::optional<ProcessingResult> { throw std::runtime_error("boom"); });
    }
    SUBCASE("of any other type") {
        user.processor.end("a", []() -> std::optional<ProcessingResult> { throw 42; });
    }
    user.pool->start({claimed("a", 1)});
    CHECK(user.take(1).at(0).result == ProcessingResult(Failure{failure_reason::processor_error}));
    CHECK(user.pool->free_threads() == 1);

    user.processor.finish("b");
    user.pool->start({claimed("b", 2)});
    CHECK(user.take(1).at(0).result == ProcessingResult(Completed{}));
}

TEST_CASE("ProcessingPool: held are the orders that were started and not yet taken as finished") {
    PoolUser user(2);
    CHECK(user.pool->held().empty());
    const Lease a = claimed("a", 1).lease;
    const Lease b = claimed("b", 2).lease;
    const auto held = [&] {
        auto leases = user.pool->held();
        std::ranges::sort(leases);
        return leases;
    };
    user.pool->start({claimed("a", 1), claimed("b", 2)});
    CHECK(held() == std::vector{a, b});
    user.processor.wait_until_running(2);
    CHECK(held() == std::vector{a, b});
    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(held() == std::vector{a, b});
    CHECK(user.take(1).size() == 1);
    CHECK(held() == std::vector{b});
}

TEST_CASE("ProcessingPool: after an interrupt each order comes back as it ended") {
    PoolUser user(4);
    user.processor.ignore_stop("done");
    user.processor.ignore_stop("broken");
    user.pool->start(
        {claimed("given-up", 1), claimed("done", 2), claimed("broken", 3), claimed("late", 4)});
    user.processor.wait_until_running(4);
    user.processor.finish("late");
    REQUIRE(is_notified(user.wake, patience));

    user.pool->interrupt();
    for (const char* id : {"given-up", "done", "broken"}) {
        user.processor.wait_until_told_to_stop(id);
    }
    user.processor.finish("done");
    user.processor.end("broken", []() -> std::optional<ProcessingResult> {
        throw std::runtime_error("stopped rudely");
    });
    std::map<std::string, std::optional<ProcessingResult>> results;
    for (const auto& [order, result] : user.take(4)) results[order.order_id.text()] = result;
    REQUIRE(results.size() == 4);
    CHECK_FALSE(results["given-up"]);
    CHECK(results["done"] == ProcessingResult(Completed{}));
    CHECK(results["broken"] == ProcessingResult(Failure{failure_reason::processor_error}));
    CHECK(results["late"] == ProcessingResult(Completed{}));
    CHECK(user.pool->held().empty());
}

TEST_CASE("ProcessingPool: an interrupt gives back what has not begun, and that never begins") {
    // Which of them a thread has begun by then is up to the scheduler; none may be lost or doubled.
    constexpr std::int64_t orders = 32;
    for (int round = 0; round < 20; ++round) {
        PoolUser user(orders);
        std::vector<ClaimedOrder> batch;
        for (std::int64_t number = 0; number < orders; ++number) {
            batch.push_back(claimed("order-" + std::to_string(number), number));
        }
        user.pool->start(std::move(batch));
        user.pool->interrupt();
        const auto finished = user.take(orders);
        const auto ids = ids_of(finished);
        CHECK(std::set(ids.begin(), ids.end()).size() == orders);
        for (const auto& [order, result] : finished) CHECK_FALSE(result);
        CHECK(user.pool->free_threads() == orders);

        const auto begun = user.processor.begun();
        for (const std::string& id : begun) CHECK(user.processor.was_told_to_stop(id));
        user.pool.reset();
        CHECK(user.processor.begun() == begun);
    }
}

TEST_CASE("ProcessingPool: an abandoned order is told to stop, and its result is dropped") {
    PoolUser user(1);
    user.processor.ignore_stop("a");
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.pool->next_deadline().value();

    const auto abandoned = user.pool->abandon(claimed("a", 1).lease);
    REQUIRE(abandoned);
    CHECK(abandoned->order_id.text() == "a");
    CHECK(user.processor.was_told_to_stop("a"));
    CHECK(user.pool->held().empty());
    CHECK_FALSE(user.pool->next_deadline());
    CHECK_FALSE(user.pool->abandon(claimed("a", 1).lease));
    CHECK(user.pool->free_threads() == 0);

    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.pool->free_threads() == 1);
    CHECK(user.pool->take_finished(deadline + 1h).empty());
}

TEST_CASE("ProcessingPool: an order that has finished but was not taken can be abandoned too") {
    PoolUser user(1);
    user.processor.finish("a");
    user.pool->start({claimed("a", 1)});
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.pool->abandon(claimed("a", 1).lease));
    CHECK(user.pool->held().empty());
    CHECK(user.take_now().empty());
}

TEST_CASE("ProcessingPool: only the lease that is held can be abandoned") {
    PoolUser user(1);
    user.pool->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    CHECK_FALSE(user.pool->abandon({.order = {1}, .token = 2}));
    CHECK_FALSE(user.pool->abandon({.order = {2}, .token = 1}));
    CHECK_FALSE(user.processor.was_told_to_stop("a"));

    // What has timed out is not held any more.
    CHECK(user.pool->take_finished(user.pool->next_deadline().value()).size() == 1);
    CHECK_FALSE(user.pool->abandon(claimed("a", 1).lease));
}

TEST_CASE("ProcessingPool: abandoning all gives back everything held, finished or not") {
    PoolUser user(3);
    CHECK(user.pool->abandon_all().empty());
    user.processor.ignore_stop("stubborn");
    user.processor.finish("finished");
    user.pool->start({claimed("stubborn", 1), claimed("obedient", 2), claimed("finished", 3)});
    user.processor.wait_until_running(2);
    REQUIRE(is_notified(user.wake, patience));

    const auto dropped = user.pool->abandon_all();
    const auto ids = ids_of(dropped);
    CHECK(std::set(ids.begin(), ids.end()) ==
          std::set<std::string>{"finished", "obedient", "stubborn"});
    for (const auto& [order, result] : dropped) CHECK_FALSE(result);
    CHECK(user.processor.was_told_to_stop("stubborn"));
    CHECK(user.processor.was_told_to_stop("obedient"));
    CHECK(user.pool->held().empty());

    user.processor.finish("stubborn");
    test::eventually(patience, [&] { return user.pool->free_threads() == 3; });
    CHECK(user.take_now().empty());
}

TEST_CASE("ProcessingPool: its end tells the work to stop and waits for it") {
    PoolUser user(3);
    user.processor.ignore_stop("slow");
    user.pool->start({claimed("quick", 1), claimed("slow", 2)});
    user.processor.wait_until_running(2);
    std::atomic<bool> may_end = false;
    const std::jthread release([&] {
        user.processor.wait_until_told_to_stop("slow");
        may_end = true;
        user.processor.finish("slow");
    });
    user.pool.reset();
    CHECK(may_end);
    CHECK(user.processor.running() == 0);
    CHECK(user.processor.was_told_to_stop("quick"));
}

TEST_CASE("ProcessingPool: whatever is done to orders, each leaves the pool once") {
    auto random = test::seeded_random();
    PoolUser user(4);
    user.processor.finish_all();
    std::int64_t started = 0;
    std::set<std::int64_t> inside;
    const auto leaves = [&](const ClaimedOrder& order) {
        CHECK(inside.erase(order.lease.order.value) == 1);
    };
    for (int step = 0; step < 3'000; ++step) {
        std::vector<ClaimedOrder> batch;
        for (auto free = user.pool->free_threads(); free > 0; --free) {
            if (test::any_of(random, 0, 1) == 0) continue;
            ++started;
            inside.insert(started);
            batch.push_back(claimed("order-" + std::to_string(started), started));
        }
        user.pool->start(std::move(batch));
        const int choice = test::any_of(random, 0, 9);
        if (choice < 3) {
            for (const Lease& lease : user.pool->held()) {
                if (const auto order = user.pool->abandon(lease)) leaves(*order);
            }
        } else {
            const auto now = SteadyClock::now() + (choice < 6 ? long_timeout * 2 : 0ms);
            for (const auto& [order, result] : user.pool->take_finished(now)) leaves(order);
        }
    }
    for (const auto& [order, result] : user.pool->abandon_all()) leaves(order);
    CHECK(inside.empty());
    CHECK(user.pool->held().empty());
}

TEST_CASE("SimulatedProcessor: with a time unit of zero every order is done at once") {
    SimulatedProcessor processor(0ms);
    const std::stop_source stop;
    CHECK(processor.process(claimed("a", 1, ProcessingTime::max_units), stop.get_token()) ==
          ProcessingResult(Completed{}));
}

TEST_CASE("SimulatedProcessor: an order that takes its time is done in the end") {
    SimulatedProcessor processor(1ms);
    const std::stop_source stop;
    const auto before = SteadyClock::now();
    CHECK(processor.process(claimed("a", 1, 3), stop.get_token()) == ProcessingResult(Completed{}));
    CHECK(SteadyClock::now() >= before + 3ms);
}

TEST_CASE("SimulatedProcessor: an order is given up when it is told to stop") {
    SimulatedProcessor processor(1h);
    std::stop_source stop;
    SUBCASE("before it begins") {
        stop.request_stop();
        CHECK_FALSE(processor.process(claimed("a", 1), stop.get_token()));
    }
    SUBCASE("while it waits") {
        WakeSignal done;
        std::optional<ProcessingResult> result = Completed{};
        const std::jthread thread([&] {
            result = processor.process(claimed("a", 1), stop.get_token());
            done.notify();
        });
        stop.request_stop();
        REQUIRE(is_notified(done, patience));
        done.clear();
        CHECK_FALSE(result);
    }
}

}  // namespace
}  // namespace orders
