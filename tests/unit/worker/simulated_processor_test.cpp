#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <thread>

#include "tests/unit/worker/pool_user.h"
#include "worker/processors/simulated.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

ProcessingResult process(const std::string& payload, int attempt = 1) {
    SimulatedProcessor processor(0ms);
    ClaimedOrder order = claimed("a", 1);
    order.spec.payload = json_text(payload);
    order.attempt = attempt;
    const std::stop_source stop;
    return processor.process(order, stop.get_token()).value();
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

TEST_CASE("simulated_processor: with a time unit of zero every order is done at once") {
    SimulatedProcessor processor(0ms);
    const std::stop_source stop;
    CHECK(processor.process(claimed("a", 1, ProcessingTime::max_units), stop.get_token()) ==
          ProcessingResult(Completed{}));
}

TEST_CASE("simulated_processor: an order that takes its time is done in the end") {
    SimulatedProcessor processor(1ms);
    const std::stop_source stop;
    const auto before = std::chrono::steady_clock::now();
    CHECK(processor.process(claimed("a", 1, 3), stop.get_token()) == ProcessingResult(Completed{}));
    CHECK(std::chrono::steady_clock::now() >= before + 3ms);
}

TEST_CASE("simulated_processor: an order is given up when it is told to stop") {
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

}  // namespace orders::test
