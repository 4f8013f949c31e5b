#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/worker/in_work_user.h"
#include "worker/orders_in_work.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("orders_in_work: an order's time is up a timeout after a thread began with it") {
    InWorkUser user(2);
    CHECK_FALSE(user.in_work->next_deadline());
    const auto before = std::chrono::steady_clock::now();
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto first = user.in_work->next_deadline();
    REQUIRE(first);
    CHECK(*first >= before + long_timeout);
    CHECK(*first <= std::chrono::steady_clock::now() + long_timeout);

    // The earliest counts, until its order has finished.
    user.in_work->start({claimed("b", 2)});
    user.processor.wait_until_begun("b");
    CHECK(user.in_work->next_deadline() == first);
    user.processor.finish("a");
    CHECK(user.take(1).size() == 1);
    CHECK(user.in_work->next_deadline() > first);
    user.processor.finish("b");
    CHECK(user.take(1).size() == 1);
    CHECK_FALSE(user.in_work->next_deadline());
}

TEST_CASE(
    "orders_in_work: an order has Failed at its deadline, though its processing does not stop") {
    InWorkUser user(2);
    user.processor.ignore_stop("a");
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.in_work->next_deadline().value();

    CHECK(user.in_work->take_finished(deadline - 1ns).empty());
    CHECK_FALSE(user.processor.was_told_to_stop("a"));
    const auto late = user.in_work->take_finished(deadline);
    REQUIRE(late.size() == 1);
    CHECK(late[0].order.lease == claimed("a", 1).lease);
    CHECK(late[0].result == ProcessingResult(Failure{failure_reason::timeout}));
    CHECK(user.processor.was_told_to_stop("a"));

    // It is over for the dispatcher, but not for the thread.
    CHECK(user.held().empty());
    CHECK_FALSE(user.in_work->next_deadline());
    CHECK(user.in_work->take_finished(deadline + 1h).empty());
    CHECK(user.free_threads() == 1);

    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    CHECK(user.free_threads() == 2);
    CHECK(user.in_work->take_finished(deadline + 1h).empty());
}

TEST_CASE("orders_in_work: each order has a time of its own") {
    InWorkUser user(2);
    ClaimedOrder longer = claimed("a", 1);
    longer.limits.timeout = 2 * long_timeout;
    user.in_work->start({longer});
    user.processor.wait_until_begun("a");
    const auto deadline = user.in_work->next_deadline().value();
    user.in_work->start({claimed("b", 2)});
    user.processor.wait_until_begun("b");
    CHECK(user.in_work->next_deadline() < deadline);
    CHECK(ids_of(user.in_work->take_finished(deadline - 1ns)) == std::vector<std::string>{"b"});
}

TEST_CASE("orders_in_work: the deadline of one order does not touch the others") {
    InWorkUser user(2);
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.in_work->next_deadline().value();
    user.in_work->start({claimed("b", 2)});
    user.processor.wait_until_begun("b");

    CHECK(ids_of(user.in_work->take_finished(deadline)) == std::vector<std::string>{"a"});
    CHECK_FALSE(user.processor.was_told_to_stop("b"));
    CHECK(user.held() == std::vector{claimed("b", 2).lease});
    user.processor.finish("b");
    const auto finished = user.take(1);
    CHECK(ids_of(finished) == std::vector<std::string>{"b"});
    CHECK(finished.at(0).result == ProcessingResult(Completed{}));
}

TEST_CASE(
    "orders_in_work: a result that comes after the deadline is a timeout, even if nobody "
    "looked") {
    InWorkUser user(1);
    user.processor.finish("a");
    ClaimedOrder order = claimed("a", 1);
    order.limits.timeout = 0ms;
    user.in_work->start({order});
    const auto finished = user.take(1);
    CHECK(finished.at(0).result == ProcessingResult(Failure{failure_reason::timeout}));
}

TEST_CASE("orders_in_work: processing that does not stop after its deadline is pointed out once") {
    InWorkUser user(2);
    user.processor.ignore_stop("a");
    user.in_work->start({claimed("a", 1), claimed("b", 2)});
    user.processor.wait_until_begun("a");
    user.processor.wait_until_begun("b");
    const auto deadline = user.in_work->next_deadline().value();
    CHECK(user.in_work->take_stuck(deadline).empty());
    user.processor.finish("b");
    CHECK(user.take(1).size() == 1);
    CHECK(ids_of(user.in_work->take_finished(deadline)) == std::vector<std::string>{"a"});
    CHECK(user.in_work->take_stuck(deadline).empty());
    const auto stuck = user.in_work->take_stuck(deadline + 1h);
    REQUIRE(stuck.size() == 1);
    CHECK(stuck[0].spec.order_id.text() == "a");
    CHECK(user.in_work->take_stuck(deadline + 2h).empty());
    user.processor.finish("a");
}

TEST_CASE("orders_in_work: an order that finished before its deadline was looked at did finish") {
    InWorkUser user(1);
    user.in_work->start({claimed("a", 1)});
    user.processor.wait_until_begun("a");
    const auto deadline = user.in_work->next_deadline().value();
    user.processor.finish("a");
    REQUIRE(is_notified(user.wake, patience));
    const auto finished = user.in_work->take_finished(deadline + 1h);
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].result == ProcessingResult(Completed{}));
}

}  // namespace orders::test
