#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/worker/in_work_user.h"
#include "worker/orders_in_work.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("orders_in_work: after an interrupt each order comes back as it ended") {
    InWorkUser user(4);
    user.processor.ignore_stop("done");
    user.processor.ignore_stop("broken");
    user.in_work->start(
        {claimed("given-up", 1), claimed("done", 2), claimed("broken", 3), claimed("late", 4)});
    user.processor.wait_until_running(4);
    user.processor.finish("late");
    REQUIRE(is_notified(user.wake, patience));

    user.in_work->interrupt();
    for (const char* id : {"given-up", "done", "broken"}) {
        user.processor.wait_until_told_to_stop(id);
    }
    user.processor.finish("done");
    user.processor.end("broken", []() -> std::optional<ProcessingResult> {
        throw std::runtime_error("stopped rudely");
    });
    std::map<std::string, std::optional<ProcessingResult>> results;
    for (const auto& [order, result, began] : user.take(4))
        results[order.spec.order_id.text()] = result;
    REQUIRE(results.size() == 4);
    CHECK_FALSE(results["given-up"]);
    CHECK(results["done"] == ProcessingResult(Completed{}));
    CHECK(results["broken"] == ProcessingResult(Failure{failure_reason::processor_error}));
    CHECK(results["late"] == ProcessingResult(Completed{}));
    CHECK(user.held().empty());
}

TEST_CASE("orders_in_work: an interrupt gives back what has not begun, and that never begins") {
    // Which of them a thread has begun by then is up to the scheduler; none may be lost or doubled.
    constexpr std::int64_t orders = 32;
    for (int round = 0; round < 20; ++round) {
        InWorkUser user(orders);
        std::vector<ClaimedOrder> batch;
        for (std::int64_t number = 0; number < orders; ++number) {
            batch.push_back(claimed("order-" + std::to_string(number), number));
        }
        user.in_work->start(std::move(batch));
        user.in_work->interrupt();
        const auto finished = user.take(orders);
        const auto ids = ids_of(finished);
        CHECK(std::set(ids.begin(), ids.end()).size() == orders);
        for (const auto& [order, result, began] : finished) CHECK_FALSE(result);
        CHECK(user.free_threads() == orders);

        const auto begun = user.processor.begun();
        for (const std::string& id : begun) CHECK(user.processor.was_told_to_stop(id));
        user.in_work.reset();
        CHECK(user.processor.begun() == begun);
    }
}

TEST_CASE("orders_in_work: an abandoned order is told to stop, and its result is dropped") {
    InWorkUser user(1);
    user.processor.ignore_stop("a");
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.in_work->next_deadline().value();

    const auto abandoned = user.in_work->abandon(claimed("a", 1).lease);
    REQUIRE(abandoned);
    CHECK(abandoned->spec.order_id.text() == "a");
    CHECK(user.processor.was_told_to_stop("a"));
    CHECK(user.held().empty());
    CHECK_FALSE(user.in_work->next_deadline());
    CHECK_FALSE(user.in_work->abandon(claimed("a", 1).lease));
    CHECK(user.free_threads() == 0);

    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.free_threads() == 1);
    CHECK(user.in_work->take_finished(deadline + 1h).empty());
}

TEST_CASE("orders_in_work: an order that has finished but was not taken can be abandoned too") {
    InWorkUser user(1);
    user.processor.finish("a");
    user.in_work->start({claimed("a", 1)});
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.in_work->abandon(claimed("a", 1).lease));
    CHECK(user.held().empty());
    CHECK(user.take_now().empty());
}

TEST_CASE("orders_in_work: only the lease that is held can be abandoned") {
    InWorkUser user(1);
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    CHECK_FALSE(user.in_work->abandon({.order = {1}, .token = 2}));
    CHECK_FALSE(user.in_work->abandon({.order = {2}, .token = 1}));
    CHECK_FALSE(user.processor.was_told_to_stop("a"));

    // What has timed out is not held any more.
    CHECK(user.in_work->take_finished(user.in_work->next_deadline().value()).size() == 1);
    CHECK_FALSE(user.in_work->abandon(claimed("a", 1).lease));
}

TEST_CASE("orders_in_work: abandoning all gives back everything held, finished or not") {
    InWorkUser user(3);
    CHECK(user.in_work->abandon_all().empty());
    user.processor.ignore_stop("stubborn");
    user.processor.finish("finished");
    user.in_work->start({claimed("stubborn", 1), claimed("obedient", 2), claimed("finished", 3)});
    user.processor.wait_until_running(2);
    REQUIRE(is_notified(user.wake, patience));

    const auto dropped = user.in_work->abandon_all();
    const auto ids = ids_of(dropped);
    CHECK(std::set(ids.begin(), ids.end()) ==
          std::set<std::string>{"finished", "obedient", "stubborn"});
    for (const auto& [order, result, began] : dropped) CHECK_FALSE(result);
    CHECK(user.processor.was_told_to_stop("stubborn"));
    CHECK(user.processor.was_told_to_stop("obedient"));
    CHECK(user.held().empty());

    user.processor.finish("stubborn");
    test::eventually(patience, [&] { return user.free_threads() == 3; });
    CHECK(user.take_now().empty());
}

}  // namespace orders::test
