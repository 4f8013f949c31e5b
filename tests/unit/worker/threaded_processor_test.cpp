#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/unit/worker/in_work_user.h"
#include "tests/unit/worker/scripted_processor.h"
#include "worker/processors/threaded.h"

namespace orders::test {

using Result = std::optional<ProcessingResult>;

TEST_CASE("threaded_processor: its capacity is its free threads, of the kinds that it is for") {
    ScriptedProcessor scripted;
    ThreadedProcessor processor(
        scripted, {.threads = 2, .kinds = {a_kind("mail")}, .defaults = {.max_attempts = 7}});
    const auto check = [&](std::size_t free) {
        const ClaimShare share = processor.free_capacity();
        CHECK(share.limit == free);
        REQUIRE(share.kinds.size() == 1);
        CHECK(share.kinds[0].kind == a_kind("mail"));
        CHECK(share.kinds[0].orders == free);
        CHECK(share.defaults.max_attempts == 7);
    };
    check(2);
    WakeSignal ended;
    std::size_t free_at_end = 0;
    processor.start({claimed("a", 1), SteadyTime::max()}, {}, [&](const Result&) {
        free_at_end = processor.free_capacity().limit;
        ended.notify();
    });
    scripted.wait_until_begun("a");
    check(1);
    scripted.finish("a");
    REQUIRE(is_notified(ended, patience));
    ended.clear();
    CHECK(free_at_end == 2);  // else nobody would hear that it is free
}

TEST_CASE("threaded_processor: an order that was told to stop before it began is not processed") {
    ScriptedProcessor scripted;
    ThreadedProcessor processor(scripted, {.threads = 1});
    std::stop_source stop;
    stop.request_stop();
    WakeSignal ended;
    Result result = Completed{};
    processor.start({claimed("a", 1), SteadyTime::max()}, stop.get_token(), [&](Result given) {
        result = std::move(given);
        ended.notify();
    });
    REQUIRE(is_notified(ended, patience));
    ended.clear();
    CHECK_FALSE(result);
    CHECK(scripted.begun().empty());
}

TEST_CASE("threaded_processor: of an order that has ended it tells though others go on") {
    ScriptedProcessor scripted;
    ThreadedProcessor processor(scripted, {.threads = 3});
    std::atomic<int> ends = 0;
    for (const char* const id : {"a", "b", "c"}) {
        processor.start({claimed(id, 1), SteadyTime::max()}, {}, [&](const Result&) { ++ends; });
    }
    for (const char* const id : {"a", "b", "c"}) scripted.wait_until_begun(id);
    for (const char* const id : {"b", "a", "c"}) {
        const int before = ends;
        scripted.finish(id);
        eventually(patience, [&] { return ends == before + 1; });
    }
}

}  // namespace orders::test
