// What the store counts that only grows: orders by how they came and ended, attempts, and actions.

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "shared/metrics/catalogue.h"
#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Failed = std::array<std::int64_t, 8>;
using Attempts = std::array<std::int64_t, 6>;

struct CountedStore : UsedStore {
    StoreFigures figures() { return user.reader().figures(); }
    KindFigures of_kind(const std::string& name = "default") {
        for (const KindFigures& kind : figures().kinds) {
            if (kind.kind.name() == name) return kind;
        }
        FAIL("the figures do not know it: " << name);
        return {};
    }
    // Claims all that there is, and settles it so.
    void work_off(const ProcessingResult& result) {
        for (const ClaimedOrder& order :
             user.claim(user.enlist("w" + std::to_string(++workers)), 99)) {
            CHECK(user.settle(order.lease, result) == SettleOutcome::settled);
        }
    }
    int workers = 0;
};

}  // namespace

TEST_CASE_FIXTURE(CountedStore, "totals: what was created and how it ended stays when it is gone") {
    (void)user.submit({an_order("a").high(), an_order("b"), an_order("c").due(1h)});
    CHECK(of_kind().high.created == 1);
    CHECK(of_kind().normal.created == 2);
    work_off(Completed{});
    (void)user.cancel("c");
    CHECK(of_kind().high.finished == StatusCounts{.processed = 1});
    CHECK(of_kind().normal.finished == StatusCounts{.processed = 1, .cancelled = 1});
    CHECK(figures().actions.deleted == 0);

    store->pass_time(1h);
    (void)user.submit(an_order("last"));  // the one that is always left
    for (const auto status : {OrderStatus::processed, OrderStatus::cancelled}) {
        (void)user.sweep(status, 60s);
    }
    CHECK(user.counts() == StatusCounts{.pending = 1});
    CHECK(of_kind().high.created == 1);
    CHECK(of_kind().normal.created == 3);
    CHECK(of_kind().high.finished == StatusCounts{.processed = 1});
    CHECK(of_kind().normal.finished == StatusCounts{.processed = 1, .cancelled = 1});
    CHECK(figures().actions.deleted == 3);
    CHECK(figures().actions.cancelled == 1);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(CountedStore, "totals: a bound on what is kept deletes, too") {
    (void)user.submit({an_order("a"), an_order("b"), an_order("c")});
    work_off(Completed{});
    while (user.housekeeping().sweep_beyond(counted_bytes_per_order).has_more) {
    }
    CHECK(user.counts().processed < 3);
    CHECK(of_kind().normal.created == 3);
    CHECK(of_kind().normal.finished.processed == 3);
    CHECK(figures().actions.deleted == 3 - user.counts().processed);
}

TEST_CASE_FIXTURE(CountedStore,
                  "totals: an order that is tried again was created once and ends twice") {
    (void)user.submit({an_order("failed"), an_order("cancelled").due(2h)});
    work_off(Failure{"exit_1"});
    (void)user.cancel("cancelled");
    (void)user.retry("failed");
    (void)user.retry("cancelled");
    CHECK(figures().actions.retried == 2);
    CHECK(of_kind().normal.created == 2);
    work_off(Completed{});
    (void)user.cancel("cancelled");
    const auto now = of_kind();
    CHECK(now.normal.created == 2);
    CHECK(now.normal.finished.processed + now.normal.finished.failed == 2);
    CHECK(now.normal.finished.failed == 1);
    CHECK(now.normal.finished.cancelled == 2);
    CHECK(figures().actions.cancelled == 2);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(CountedStore, "totals: an order whose priority changes was created as it was") {
    (void)user.submit({an_order("a"), an_order("b")});
    (void)user.change("a", {.priority = Priority::high});
    (void)user.change("b", {.due = std::optional<DueTime>(1h)});
    CHECK(of_kind().high.created == 0);
    CHECK(of_kind().normal.created == 2);
    CHECK(figures().actions.deleted == 0);
    work_off(Completed{});
    CHECK(of_kind().high.finished.processed == 1);
    CHECK(of_kind().normal.created == 2);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(CountedStore, "totals: orders are Failed for reasons of which there are few") {
    const std::vector<std::pair<std::string, std::size_t>> reasons{
        {"timeout", 0},  {"processor_error", 2}, {"http_404", 4}, {"http_499", 4},
        {"http_503", 5}, {"exit_1", 6},          {"exit_139", 6}, {"http_4", 7},
        {"http_4xx", 7}, {"http_4040", 7},       {"http_302", 7}, {"exit_", 7},
        {"exit_a", 7},   {"no-such-address", 7}};
    Failed expected{};
    for (const auto& failure : reasons) {
        const std::string& reason = failure.first;
        CAPTURE(reason);
        (void)user.submit(an_order("order-" + std::to_string(workers)));
        work_off(Failure{reason});
        ++expected.at(failure.second);
        CHECK(of_kind().failed == expected);
    }
    const auto attempts = static_cast<std::int64_t>(reasons.size());
    CHECK(of_kind().attempts == Attempts{0, attempts, 0, 0, 0, 0});
    CHECK(of_kind().normal.finished.failed == attempts);

    (void)user.submit(an_order("late").to_begin_before(store->wall_clock() + 1s));
    store->pass_time(2s);
    CHECK(user.expire() == 1);
    ++expected.at(3);
    CHECK(of_kind().failed == expected);
    CHECK(of_kind().attempts == Attempts{0, attempts, 0, 0, 0, 0});
}

TEST_CASE_FIXTURE(CountedStore, "totals: attempts count by how they ended") {
    (void)user.submit({an_order("a").of_kind("mail"), an_order("b").of_kind("mail"),
                       an_order("c").of_kind("mail"), an_order("d").of_kind("mail")});
    const auto held = user.claim(user.enlist("w"), 4);
    REQUIRE(held.size() == 4);
    CHECK(of_kind("mail").attempts == Attempts{});
    CHECK(user.settle(held[0].lease, Retry{.reason = "unreachable"}) == SettleOutcome::settled);
    CHECK(user.release(held[1].lease));
    (void)user.cancel("c");
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(of_kind("mail").attempts == Attempts{0, 0, 1, 1, 1, 1});
    CHECK(of_kind("mail").failed == Failed{});
    CHECK(of_kind().attempts == Attempts{});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(CountedStore,
                  "totals: the last lease that runs out is no failure of its attempt") {
    (void)user.submit(an_order("a").with({.max_attempts = 1}));
    (void)user.claim(user.enlist("w"), 1);
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(of_kind().attempts == Attempts{0, 0, 0, 1, 0, 0});
    CHECK(of_kind().failed == Failed{0, 1, 0, 0, 0, 0, 0, 0});
    (void)user.submit(an_order("b").with({.max_attempts = 1}));
    work_off(Retry{.reason = "http_503"});
    CHECK(of_kind().attempts == Attempts{0, 1, 0, 1, 0, 0});
    CHECK(of_kind().failed == Failed{0, 1, 0, 0, 0, 1, 0, 0});
}

TEST_CASE_FIXTURE(CountedStore, "totals: a kind keeps them until another one has its place") {
    for (std::size_t kind = 0; kind < Kind::max_named; ++kind) {
        const std::string name = "kind-" + std::to_string(kind);
        REQUIRE(user.submit(an_order(name).of_kind(name)));
    }
    work_off(Failure{"exit_1"});
    REQUIRE(user.submit(an_order("last")));
    store->pass_time(1h);
    CHECK(user.sweep(OrderStatus::failed, 60s) == Kind::max_named);
    CHECK(of_kind("kind-0").failed.at(6) == 1);
    CHECK(of_kind("kind-0").normal.created == 1);
    user.housekeeping().add_figures(
        R"({"processing_seconds|kind-0|sum":2,"processing_seconds|kind-1|sum":3})");
    CHECK(figures().measured.seen(metric::processing, "kind-0").sum == 2);
    REQUIRE(user.submit(an_order("new").of_kind("new")));
    CHECK(of_kind("new").failed == Failed{});
    CHECK(of_kind("new").normal.created == 1);
    CHECK(of_kind("new").normal.finished == StatusCounts{});
    CHECK(figures().measured.seen(metric::processing, "kind-0").sum == 0);
    CHECK(figures().measured.seen(metric::processing, "kind-1").sum == 3);
    CHECK(figures().actions.deleted == static_cast<std::int64_t>(Kind::max_named));
}

}  // namespace orders::test
