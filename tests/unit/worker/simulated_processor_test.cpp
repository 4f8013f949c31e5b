#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/unit/worker/in_work_user.h"
#include "worker/orders_in_work.h"
#include "worker/processors/processors_by_kind.h"
#include "worker/processors/simulated.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

using Result = std::optional<ProcessingResult>;

// How the order ends, whose processing the test may stop.
Result end_of(SimulatedProcessor& processor, ClaimedOrder order,
              const std::stop_source& stop = {}) {
    WakeSignal ended;
    Result result;
    std::atomic<int> ends = 0;
    processor.start({std::move(order), SteadyTime::max()}, stop.get_token(), [&](Result given) {
        result = std::move(given);
        ++ends;
        ended.notify();
    });
    REQUIRE(is_notified(ended, patience));
    ended.clear();
    CHECK(ends == 1);
    return result;
}

ProcessingResult process(const std::string& payload, int attempt = 1) {
    SimulatedProcessor processor({.time_unit = 0ms});
    ClaimedOrder order = claimed("a", 1);
    order.spec.payload = json_text(payload);
    order.attempt = attempt;
    return end_of(processor, order).value();
}

}  // namespace

TEST_CASE("simulated_processor: a payload that does not ask for anything is not looked at") {
    for (const char* payload : {"null", "7", "{}", "[\"simulate\"]", "{\"simulate\": 5}",
                                "{\"simulate\": {\"outcome\": 5}}", "1e999"}) {
        CAPTURE(payload);
        CHECK(process(payload) == ProcessingResult(Completed{}));
    }
}

TEST_CASE("simulated_processor: a payload can ask for a result") {
    CHECK(process(R"({"simulate": {"result": {"b": [1, 2], "a": null}}})") ==
          ProcessingResult(Completed{json_text(R"({"b":[1,2],"a":null})")}));
}

TEST_CASE("simulated_processor: a payload can ask for a failure") {
    CHECK(process(R"({"simulate": {"outcome": "fail"}})") ==
          ProcessingResult(Failure{"simulated"}));
    CHECK(process(R"({"simulate": {"outcome": "fail", "reason": "no", "detail": "never"}})") ==
          ProcessingResult(Failure{"no", "never"}));
}

TEST_CASE("simulated_processor: a payload can ask for attempts that are to be tried again") {
    const std::string twice =
        R"({"simulate": {"outcome": "retry", "times": 2, "after_seconds": 3, "result": 7}})";
    CHECK(process(twice, 1) == ProcessingResult(Retry{"simulated", {}, 3s}));
    CHECK(process(twice, 2) == ProcessingResult(Retry{"simulated", {}, 3s}));
    CHECK(process(twice, 3) == ProcessingResult(Completed{json_text("7")}));
    CHECK(process(R"({"simulate": {"outcome": "retry", "reason": "busy"}})", 99) ==
          ProcessingResult(Retry{"busy"}));
}

TEST_CASE("simulated_processor: with a time unit of zero every order is done within start()") {
    SimulatedProcessor processor({.time_unit = 0ms, .orders = 1});
    Result result;
    processor.start({claimed("a", 1, ProcessingTime::max_units), SteadyTime::max()}, {},
                    [&](Result given) { result = std::move(given); });
    CHECK(result == ProcessingResult(Completed{}));
    CHECK(processor.free_capacity().limit == 1);
}

TEST_CASE("simulated_processor: an order that takes its time is done in the end") {
    SimulatedProcessor processor({.time_unit = 1ms});
    const auto before = std::chrono::steady_clock::now();
    CHECK(end_of(processor, claimed("a", 1, 3)) == ProcessingResult(Completed{}));
    CHECK(std::chrono::steady_clock::now() >= before + 3ms);
}

TEST_CASE("simulated_processor: what takes less time is done first, whatever began first") {
    SimulatedProcessor processor({.time_unit = 1ms});
    std::vector<int> order_of_ends;  // by the processor's one thread
    WakeSignal last_ended;
    for (const int units : {40, 1, 20}) {
        processor.start({claimed("a", 1, units), SteadyTime::max()}, {}, [&, units](const Result&) {
            order_of_ends.push_back(units);
            if (order_of_ends.size() == 3) last_ended.notify();
        });
    }
    REQUIRE(is_notified(last_ended, patience));
    last_ended.clear();
    CHECK(order_of_ends == std::vector{1, 20, 40});
}

TEST_CASE("simulated_processor: an order is given up when it is told to stop") {
    SimulatedProcessor processor({.time_unit = 1h});
    std::stop_source stop;
    SUBCASE("before it begins") {
        stop.request_stop();
        CHECK_FALSE(end_of(processor, claimed("a", 1), stop));
    }
    SUBCASE("while it waits") {
        const std::jthread stopping([&] {
            eventually(patience, [&] { return processor.free_capacity().limit == 9; });
            stop.request_stop();
        });
        CHECK_FALSE(end_of(processor, claimed("a", 1), stop));
    }
    CHECK(processor.free_capacity().limit == 10);
}

TEST_CASE("simulated_processor: its capacity is what does not wait, of the kinds that it is for") {
    SimulatedProcessor processor({.time_unit = 1h,
                                  .orders = 2,
                                  .kinds = {a_kind("mail"), a_kind("sms")},
                                  .defaults = {.timeout = 7s}});
    const auto check = [&](std::size_t free) {
        const ClaimShare share = processor.free_capacity();
        CHECK(share.limit == free);
        CHECK(share.defaults.timeout == 7s);
        REQUIRE(share.kinds.size() == 2);
        CHECK(share.kinds[0].kind == a_kind("mail"));
        CHECK(share.kinds[1].orders == free);
    };
    check(2);
    std::stop_source stop;
    WakeSignal ended;
    processor.start({claimed("a", 1), SteadyTime::max()}, stop.get_token(),
                    [&](const Result&) { ended.notify(); });
    check(1);
    stop.request_stop();
    REQUIRE(is_notified(ended, patience));
    ended.clear();
    check(2);
}

TEST_CASE("simulated_processor: 5,000 orders are in work at a time, with one thread for all") {
    constexpr std::int64_t count = 5'000;
    WakeSignal wake;
    ProcessorsByKind by_kind;
    by_kind.add(
        std::make_unique<SimulatedProcessor>(SimulatedOptions{.time_unit = 1ms, .orders = count}));
    OrdersInWork in_work(by_kind, 0ms, wake);
    std::vector<ClaimedOrder> orders;
    for (std::int64_t number = 1; number <= count; ++number) {
        // Half of them are in work until they are told to stop.
        const std::int64_t units = number % 2 == 0 ? ProcessingTime::max_units : 200;
        orders.push_back(claimed("order-" + std::to_string(number), number, units));
    }
    const auto threads = [] {
        const std::filesystem::directory_iterator tasks("/proc/self/task");
        return std::distance(begin(tasks), end(tasks));
    };
    const auto threads_before = threads();
    in_work.start(std::move(orders));
    CHECK(in_work.held() == count);
    CHECK(threads() == threads_before);
    std::size_t done = 0;
    const auto take = [&](bool is_done) {
        REQUIRE(is_notified(wake, patience));
        wake.clear();
        for (const auto& [order, result, began] : in_work.take_finished(SteadyTime::min())) {
            CHECK(result.has_value() == is_done);
            ++done;
        }
    };
    while (done < count / 2) take(true);
    CHECK(by_kind.free_capacity().at(0).limit == count / 2);
    in_work.interrupt();
    while (done < count) take(false);
    CHECK(in_work.held() == 0);
    CHECK(by_kind.free_capacity().at(0).limit == count);
}

TEST_CASE("simulated_processor: stopping orders in the moment in which they are done loses none") {
    WakeSignal wake;
    ProcessorsByKind by_kind;
    by_kind.add(
        std::make_unique<SimulatedProcessor>(SimulatedOptions{.time_unit = 1ms, .orders = 50}));
    OrdersInWork in_work(by_kind, 0ms, wake);
    std::int64_t sequence = 0;
    for (int round = 0; round < 40; ++round) {
        std::vector<ClaimedOrder> orders;
        for (int number = 0; number < 50; ++number) {
            ++sequence;
            orders.push_back(claimed("order-" + std::to_string(sequence), sequence, 1));
        }
        in_work.start(std::move(orders));
        std::size_t finished = 0;
        while (finished == 0) {
            finished += in_work.take_finished(std::chrono::steady_clock::now()).size();
        }
        in_work.interrupt();
        while (finished < 50) {
            REQUIRE(is_notified(wake, patience));
            wake.clear();
            finished += in_work.take_finished(std::chrono::steady_clock::now()).size();
        }
        CHECK(finished == 50);
        CHECK(in_work.held() == 0);
    }
}

}  // namespace orders::test
