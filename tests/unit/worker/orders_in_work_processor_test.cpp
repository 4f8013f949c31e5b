// What orders in work expect of a processor, and what they make of one that does it its own way.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/seed.h"
#include "tests/unit/worker/in_work_user.h"
#include "tests/unit/worker/manual_processor.h"
#include "worker/orders_in_work.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t capacity = 5'000;

struct ManualUser {
    explicit ManualUser(std::chrono::milliseconds margin = 0ms) : in_work(by_kind, margin, wake) {
        auto own = std::make_unique<ManualProcessor>(capacity);
        processor = own.get();
        by_kind.add(std::move(own));
    }
    ~ManualUser() { processor->end_all(); }
    ManualUser(const ManualUser&) = delete;
    ManualUser& operator=(const ManualUser&) = delete;

    WakeSignal wake;
    ProcessorsByKind by_kind;
    ManualProcessor* processor = nullptr;
    OrdersInWork in_work;
};

ClaimedOrder with_timeout(ClaimedOrder order, std::chrono::milliseconds timeout) {
    order.limits.timeout = timeout;
    return order;
}

std::vector<ClaimedOrder> many(std::int64_t count) {
    std::vector<ClaimedOrder> orders;
    for (std::int64_t number = 1; number <= count; ++number) {
        orders.push_back(claimed("order-" + std::to_string(number), number));
    }
    return orders;
}

}  // namespace

TEST_CASE("orders_in_work: a processor is told until when it may work, the margin included") {
    ManualUser user(70ms);
    const auto before = std::chrono::steady_clock::now();
    user.in_work.start({with_timeout(claimed("a", 1), 1h)});
    const Attempt& attempt = user.processor->started("a").attempt;
    CHECK(attempt.order.lease == claimed("a", 1).lease);
    CHECK(attempt.deadline >= before + 1h + 70ms);
    CHECK(attempt.deadline <= std::chrono::steady_clock::now() + 1h + 70ms);
    CHECK(attempt.deadline == user.in_work.next_deadline());
}

TEST_CASE("orders_in_work: orders may be done within start(), and wake the dispatcher once") {
    ManualUser user;
    user.processor->on_start = [](const Attempt&, const OrderProcessor::Done& done) {
        done(Completed{json_text("1")});
    };
    user.in_work.start({claimed("a", 1), claimed("b", 2)});
    CHECK(is_notified(user.wake));
    user.wake.clear();
    CHECK(user.in_work.held() == 2);
    CHECK_FALSE(user.in_work.next_deadline());

    user.in_work.start({claimed("c", 3)});
    CHECK_FALSE(is_notified(user.wake));  // nobody has looked since then
    const auto finished = user.in_work.take_finished(std::chrono::steady_clock::now());
    CHECK(ids_of(finished) == std::vector<std::string>{"a", "b", "c"});
    for (const auto& [order, result, began] : finished) {
        CHECK(result == ProcessingResult(Completed{json_text("1")}));
    }
    CHECK(user.in_work.held() == 0);

    user.in_work.start({claimed("d", 4)});
    CHECK(is_notified(user.wake));
}

TEST_CASE("orders_in_work: an exception from start() fails the order, and no other") {
    ManualUser user;
    user.processor->on_start = [](const Attempt& attempt, const OrderProcessor::Done& done) {
        if (attempt.order.spec.order_id.text() == "b") throw std::runtime_error("boom");
        done(Completed{});
    };
    user.in_work.start({claimed("a", 1), claimed("b", 2), claimed("c", 3)});
    const auto finished = user.in_work.take_finished(std::chrono::steady_clock::now());
    CHECK(ids_of(finished) == std::vector<std::string>{"a", "b", "c"});
    CHECK(finished.at(0).result == ProcessingResult(Completed{}));
    CHECK(finished.at(1).result == ProcessingResult(Failure{failure_reason::processor_error}));
    CHECK(finished.at(2).result == ProcessingResult(Completed{}));
}

TEST_CASE("orders_in_work: a result is kept within its bounds") {
    ManualUser user;
    user.in_work.start({claimed("a", 1)});
    user.processor->end("a", Completed{json_text("no JSON")});
    const auto finished = user.in_work.take_finished(std::chrono::steady_clock::now());
    const auto* failure = std::get_if<Failure>(&*finished.at(0).result);
    REQUIRE(failure != nullptr);
    CHECK(failure->reason == failure_reason::processor_error);
}

TEST_CASE("orders_in_work: what an order has come to at its deadline is its processor's to say") {
    ManualUser user;
    user.processor->late_result = Retry{"timeout"};
    user.in_work.start({claimed("a", 1), with_timeout(claimed("b", 2), 0ms)});
    SUBCASE("if nothing comes") {
        const auto deadline = user.processor->started("a").attempt.deadline;
        const auto finished = user.in_work.take_finished(deadline);
        CHECK(finished.size() == 2);
        for (const auto& [order, result, began] : finished) {
            CHECK(result == ProcessingResult(Retry{"timeout"}));
        }
        CHECK(user.processor->started("a").stop.stop_requested());
    }
    SUBCASE("if the result comes late") {
        user.processor->end("b");
        const auto finished = user.in_work.take_finished({});
        CHECK(ids_of(finished) == std::vector<std::string>{"b"});
        CHECK(finished.at(0).result == ProcessingResult(Retry{"timeout"}));
    }
    SUBCASE("if it is given up late") {
        user.processor->end("b", std::nullopt);
        CHECK(user.in_work.take_finished({}).at(0).result == ProcessingResult(Retry{"timeout"}));
    }
}

TEST_CASE("orders_in_work: of 5,000 orders each is late at its own time, the earliest first") {
    ManualUser user;
    auto random = seeded_random();
    std::vector<ClaimedOrder> orders = many(capacity);
    std::ranges::shuffle(orders, random);
    const auto timeout_of = [](const ClaimedOrder& order) {
        return std::chrono::minutes(order.lease.order.value);
    };
    for (ClaimedOrder& order : orders) order.limits.timeout = timeout_of(order);
    user.in_work.start(orders);
    const auto start = user.in_work.next_deadline().value() - 1min;
    for (const std::int64_t number : {1, 2, 1'000, 1'001, 5'000}) {
        CAPTURE(number);
        const auto deadline = start + std::chrono::minutes(number);
        const auto before = user.in_work.held();
        const auto late = user.in_work.take_finished(deadline);
        CHECK(late.size() == before - (capacity - static_cast<std::size_t>(number)));
        CHECK(std::ranges::is_sorted(late, {}, [](const FinishedOrder& finished) {
            return finished.order.lease.order.value;
        }));
        CHECK(late.back().order.lease.order.value == number);
        CHECK(user.in_work.take_finished(deadline).empty());
        CHECK(user.processor->started("order-" + std::to_string(number)).stop.stop_requested());
    }
    CHECK(user.in_work.held() == 0);
    CHECK_FALSE(user.in_work.next_deadline());
    // They are not over for the processor, and are called stuck once.
    CHECK(user.in_work.free_capacity().at(0).limit == 0);
    CHECK(user.in_work.take_stuck(start + 1'000min + 1s).size() == 1'000);
    CHECK(user.in_work.take_stuck(start + 9'000min).size() == 4'000);
    CHECK(user.in_work.take_stuck(start + 9'000min).empty());
}

TEST_CASE("orders_in_work: held leases are listed in portions, each of them once") {
    ManualUser user;
    user.in_work.start(many(2'500));
    user.processor->end("order-7");
    CHECK(user.in_work.abandon({.order = {9}, .token = 1}));
    CHECK(user.in_work.held() == 2'499);
    std::vector<Lease> all;
    for (const std::size_t expected : {1'000u, 1'000u, 499u, 0u}) {
        const auto portion = user.in_work.held_after(all.empty() ? Lease{} : all.back(), 1'000);
        CHECK(portion.size() == expected);
        all.insert(all.end(), portion.begin(), portion.end());
    }
    CHECK(std::ranges::is_sorted(all));
    CHECK(std::ranges::adjacent_find(all) == all.end());
    CHECK(std::ranges::count(all, Lease{.order = {7}, .token = 1}) == 1);  // not taken yet
    CHECK(std::ranges::count(all, Lease{.order = {9}, .token = 1}) == 0);
}

TEST_CASE("orders_in_work: payloads count until the processing has ended") {
    ManualUser user;
    ClaimedOrder order = claimed("a", 1);
    order.spec.payload = json_text("12345");
    ClaimedOrder other = claimed("b", 2);
    other.spec.payload = json_text("1234567");
    user.in_work.start({order, other, claimed("c", 3)});
    CHECK(user.in_work.payload_bytes() == 12);
    user.processor->end("a");
    CHECK(user.in_work.payload_bytes() == 7);
    CHECK(user.in_work.abandon(other.lease));
    CHECK(user.in_work.payload_bytes() == 7);
    user.processor->end("b");
    CHECK(user.in_work.payload_bytes() == 0);
}

TEST_CASE("orders_in_work: an abandoned order wakes the dispatcher when its place is free again") {
    ManualUser user;
    user.in_work.start({claimed("a", 1)});
    CHECK(user.in_work.abandon(claimed("a", 1).lease));
    CHECK_FALSE(is_notified(user.wake));
    user.processor->end("a");
    CHECK(is_notified(user.wake));
    CHECK(user.in_work.take_finished(std::chrono::steady_clock::now()).empty());
    CHECK(user.in_work.free_capacity().at(0).limit == capacity);
}

TEST_CASE("orders_in_work: each order is begun by the processor that takes its kind") {
    WakeSignal wake;
    ProcessorsByKind by_kind;
    auto mail = std::make_unique<ManualProcessor>(2, std::vector{a_kind("mail"), a_kind("sms")});
    auto others = std::make_unique<ManualProcessor>(3);
    ManualProcessor& of_mail = *mail;
    ManualProcessor& of_others = *others;
    by_kind.add(std::move(mail));
    by_kind.add(std::move(others));
    CHECK(by_kind.capacity() == 5);
    OrdersInWork in_work(by_kind, 0ms, wake);

    const auto of_kind = [](const std::string& id, std::int64_t sequence, const char* kind) {
        ClaimedOrder order = claimed(id, sequence);
        order.spec.kind = a_kind(kind);
        return order;
    };
    in_work.start({of_kind("a", 1, "mail"), of_kind("b", 2, "default"), of_kind("c", 3, "x"),
                   of_kind("d", 4, "sms")});
    CHECK(of_mail.in_work() == 2);
    CHECK(of_others.in_work() == 2);
    CHECK_NOTHROW((void)of_mail.started("d"));
    CHECK_NOTHROW((void)of_others.started("c"));
    const auto shares = in_work.free_capacity();
    REQUIRE(shares.size() == 2);
    CHECK(shares[0].limit == 0);
    CHECK(shares[0].kinds.size() == 2);
    CHECK(shares[1].limit == 1);
    CHECK(shares[1].kinds.empty());
    of_mail.end_all();
    of_others.end_all();
    CHECK(in_work.take_finished(std::chrono::steady_clock::now()).size() == 4);
}

}  // namespace orders::test
