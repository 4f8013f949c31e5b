// What may be changed of an order while it is Pending.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;

std::string invalid_field(const ActionOutcome& outcome) {
    const auto* invalid = std::get_if<InvalidChange>(&outcome);
    if (invalid == nullptr) return "";
    CHECK_FALSE(invalid->detail.empty());
    return invalid->field;
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore, "change: an order of another priority stands there by its age") {
    (void)user.submit({an_order("h1").high(), an_order("a"), an_order("b"), an_order("h2").high(),
                       an_order("c").high()});
    CHECK(std::get<Order>(user.change("a", {.priority = Priority::high})).spec.priority ==
          Priority::high);
    (void)user.change("c", {.priority = Priority::normal});
    check_counts(user.reader());
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) == Ids{"h1", "a", "h2", "b", "c"});
}

TEST_CASE_FIXTURE(UsedStore,
                  "change: an order that is put off waits until then, then stands last") {
    (void)user.submit({an_order("a"), an_order("b")});
    const UtcTime due = store->wall_clock() + 1h;
    const auto order = std::get<Order>(user.change("a", {.due = DueTime{due}}));
    CHECK(order.is_waiting_for_time);
    CHECK(order.due_at == due);
    const WorkerId worker = user.enlist("w");
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"b"});
    (void)user.submit(an_order("c"));
    check_counts(user.reader());
    store->pass_time(1h);
    CHECK(user.promote() == 1);
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"c", "a"});
}

TEST_CASE_FIXTURE(UsedStore, "change: an order that is due now stands at the end of the queue") {
    (void)user.submit({an_order("waiting").due(1h), an_order("queued"), an_order("other"),
                       an_order("past").due(1h), an_order("delayed").due(1h)});
    for (const char* id : {"waiting", "queued"}) {
        const auto order =
            std::get<Order>(user.change(id, {.due = std::optional<DueTime>(std::nullopt)}));
        CHECK_FALSE(order.is_waiting_for_time);
        CHECK(order.due_at == store->wall_clock());
    }
    (void)user.change("past", {.due = DueTime{store->wall_clock() - 1h}});
    (void)user.change("delayed", {.due = DueTime{0s}});
    check_counts(user.reader());
    CHECK(user.promote() == 0);
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) ==
          Ids{"other", "waiting", "queued", "past", "delayed"});
}

TEST_CASE_FIXTURE(UsedStore, "change: an order that waits may wait for another time") {
    (void)user.submit(an_order("a").due(1h));
    const auto order = std::get<Order>(user.change("a", {.due = DueTime{30s}}));
    CHECK(order.is_waiting_for_time);
    store->pass_time(30s);
    CHECK(user.promote() == 1);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "change: a retry that waits may be due now") {
    (void)user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    CHECK(user.settle(user.claim(worker, 1).at(0).lease, Retry{"no_answer"}) ==
          SettleOutcome::settled);
    (void)user.change("a", {.due = std::optional<DueTime>(std::nullopt)});
    CHECK(user.claim(worker, 1).at(0).attempt == 2);
}

TEST_CASE_FIXTURE(UsedStore, "change: by when an order must begin is put off, or given up") {
    const UtcTime start = store->wall_clock();
    (void)user.submit({an_order("a").to_begin_before(start + 1s),
                       an_order("b").to_begin_before(start + 1s), an_order("c")});
    CHECK(std::get<Order>(user.change("a", {.start_before = start + 1h})).spec.start_before ==
          start + 1h);
    CHECK_FALSE(std::get<Order>(user.change("b", {.start_before = std::optional<UtcTime>()}))
                    .spec.start_before);
    (void)user.change("c", {.start_before = start + 1s});
    store->pass_time(1s);
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) == Ids{"a", "b"});
    CHECK(user.find("c").failure == failure_reason::expired);
}

TEST_CASE_FIXTURE(UsedStore, "change: an order that has begun does not have to begin any more") {
    const UtcTime soon = store->wall_clock() + 1s;
    (void)user.submit(an_order("tried").to_begin_before(soon));
    (void)user.settle(user.claim(user.enlist("w"), 1).at(0).lease, Retry{"busy"});
    CHECK(std::get<InvalidChange>(user.change("tried", {.start_before = soon + 2h})).field ==
          "start_before");
    (void)user.change("tried", {.start_before = std::optional<UtcTime>()});
    CHECK_FALSE(user.find("tried").spec.start_before);
}

TEST_CASE_FIXTURE(UsedStore, "change: options are set, and put back to the default") {
    (void)user.submit(
        {an_order("a").carrying("[1]").with({.timeout = 7s, .backoff = 9s}), an_order("bare")});
    const auto order = std::get<Order>(
        user.change("a", {.timeout = std::optional<std::chrono::seconds>(), .max_attempts = 3}));
    CHECK(order.spec.options == AttemptOptions{.max_attempts = 3, .backoff = 9s});
    CHECK(*order.spec.payload == "[1]");
    CHECK(std::get<Order>(user.change("bare", {.timeout = 8s})).spec.options ==
          AttemptOptions{.timeout = 8s});
    CHECK(std::get<Order>(user.change("bare", {.timeout = std::optional<std::chrono::seconds>()}))
              .spec.options == AttemptOptions{});
    const auto claimed =
        user.claim(user.enlist("w"), {.limit = 1, .shares = {{.defaults = {.timeout = 5s}}}});
    CHECK(claimed.at(0).limits == AttemptLimits{.timeout = 5s, .max_attempts = 3, .backoff = 9s});
}

TEST_CASE_FIXTURE(UsedStore, "change: one that changes nothing answers with the order") {
    (void)user.submit({an_order("a").carrying("[1]"), an_order("b")});
    CHECK(*std::get<Order>(user.change("a", {})).spec.payload == "[1]");
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) == Ids{"a", "b"});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "change: there must be an attempt left") {
    (void)user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    (void)user.claim(worker, 1);
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(invalid_field(user.change("a", {.priority = Priority::high, .max_attempts = 1})) ==
          "max_attempts");
    CHECK(user.find("a").spec.priority == Priority::normal);
    CHECK(invalid_field(user.change("a", {.max_attempts = 2})).empty());
    CHECK(invalid_field(user.change("a", {.max_attempts = std::optional<int>()})).empty());
}

TEST_CASE_FIXTURE(UsedStore, "change: an order cannot have to begin before it is due") {
    const UtcTime start = store->wall_clock();
    (void)user.submit(
        {an_order("waiting").due(start + 1h), an_order("bound").to_begin_before(start + 1h)});
    CHECK(invalid_field(user.change("waiting", {.start_before = start + 30min})) == "start_before");
    CHECK(invalid_field(user.change("bound", {.due = DueTime{start + 2h}})) == "not_before");
    CHECK(invalid_field(user.change("bound", {.due = DueTime{7'200s}})) == "delay_seconds");
    CHECK(invalid_field(user.change("bound", {.due = DueTime{start + 3h},
                                              .start_before = start + 2h})) == "start_before");
    CHECK_FALSE(user.find("bound").is_waiting_for_time);
    CHECK(invalid_field(
              user.change("bound", {.due = DueTime{start + 3h}, .start_before = start + 4h}))
              .empty());
    CHECK(invalid_field(user.change("waiting", {.due = std::optional<DueTime>(std::nullopt),
                                                .start_before = start + 30min}))
              .empty());
}

TEST_CASE_FIXTURE(UsedStore, "change: only an order that is Pending is changed") {
    (void)user.submit({an_order("done"), an_order("in-work"), an_order("cancelled")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    (void)user.settle(claimed.at(0).lease);
    (void)user.cancel("cancelled");
    const OrderChange change{.priority = Priority::high};
    CHECK(std::get<NotAllowed>(user.change("done", change)).status == OrderStatus::processed);
    CHECK(std::get<NotAllowed>(user.change("in-work", change)).status == OrderStatus::processing);
    CHECK(std::get<NotAllowed>(user.change("cancelled", change)).status == OrderStatus::cancelled);
    CHECK(std::holds_alternative<NoSuchOrder>(user.change("missing", change)));
}

}  // namespace orders::test
