#include <doctest/doctest.h>

#include <optional>
#include <thread>

#include "tests/unit/worker/pool_user.h"
#include "worker/processors/simulated.h"

namespace orders::test {

using namespace std::chrono_literals;

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
