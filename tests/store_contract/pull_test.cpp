// Orders that are pulled: claimed in an intake's group, under leases that a client ends, gives back
// and renews, each as often as it likes.

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;
using State = LeaseOutcome::State;

PullOrders a_pull(std::size_t limit, const AttemptLimits& limits = {.timeout = 60s}) {
    return {.worker = "py-1",
            .lease_time = lease_time,
            .claim = {.limit = limit, .shares = {{.defaults = limits}}}};
}

Pulled pull(StoreUser& user, const PullOrders& action) {
    return std::get<Pulled>(user.act(action));
}
PulledOrder pull_one(StoreUser& user, const AttemptLimits& limits = {.timeout = 60s}) {
    return pull(user, a_pull(1, limits)).orders.at(0);
}

Ids ids_of(const Pulled& pulled) {
    Ids ids;
    for (const PulledOrder& order : pulled.orders) ids.push_back(order.order.spec.order_id.text());
    return ids;
}

LeaseOutcome act(StoreUser& user, const LeaseAction& action) {
    return std::get<LeaseOutcomes>(user.act(LeaseActions{{action}, true})).at(0);
}
LeaseOutcome complete(StoreUser& user, const Lease& lease, const char* result = nullptr) {
    return act(user, {lease, Completed{result != nullptr ? json_text(result) : nullptr}});
}
LeaseOutcome fail(StoreUser& user, const Lease& lease, const std::string& reason) {
    return act(user, {lease, Failure{reason}});
}
LeaseOutcome retry(StoreUser& user, const Lease& lease, const std::string& reason) {
    return act(user, {lease, Retry{reason}});
}
LeaseOutcome release(StoreUser& user, const Lease& lease) {
    return act(user, {lease, ReleaseLease{}});
}
LeaseOutcome renew(StoreUser& user, const Lease& lease) {
    return act(user, {lease, RenewLease{lease_time}});
}

// Takes back, and returns with which reasons orders were ended ("" for those that go on).
std::vector<std::string> taken_back(StoreUser& user) {
    std::vector<std::string> failures;
    for (const ExpiredOrder& order : user.take_back_expired()) {
        failures.push_back(order.failure.value_or(""));
    }
    return failures;
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore, "pull: a claim hands out what a worker's would, in the same order") {
    const std::string large = '"' + std::string(5'000, 'x') + '"';
    (void)user.submit({an_order("n1").carrying(R"({"a":1})"), an_order("n2").carrying(large),
                       an_order("h").high().with({.timeout = 3s}), an_order("n3")});
    const Pulled pulled = pull(user, a_pull(3));
    CHECK(ids_of(pulled) == Ids{"h", "n1", "n2"});
    const PulledOrder& first = pulled.orders.at(0);
    CHECK(first.order.status == OrderStatus::processing);
    CHECK(first.order.worker == "api:py-1");
    CHECK(first.order.attempts == 1);
    CHECK(first.order.started_at == store->wall_clock());
    CHECK(first.lease_left == 3s);
    CHECK(first.time_left == 3s);
    CHECK(pulled.orders.at(1).lease_left == lease_time);
    CHECK(pulled.orders.at(1).time_left == 60s);
    CHECK(*pulled.orders.at(1).order.spec.payload == R"({"a":1})");
    CHECK(*pulled.orders.at(2).order.spec.payload == large);
    CHECK(test::ids_of(user.claim(user.enlist("w"), 9)) == Ids{"n3"});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "pull: what a group creates is claimed by the same commit, first "
                  "asked first served") {
    const std::vector<NewOrder> orders{an_order("a"), an_order("b"), an_order("c")};
    const OrderAction one = a_pull(1);
    const OrderAction two = a_pull(5);
    const OrderAction three = a_pull(5);
    const IntakeOutcomes outcomes =
        user.commit({.creates = {orders}, .actions = {&one, &two, &three}});
    CHECK(ids_of(std::get<Pulled>(outcomes.acted.at(0))) == Ids{"a"});
    CHECK(ids_of(std::get<Pulled>(outcomes.acted.at(1))) == Ids{"b", "c"});
    CHECK(std::get<Pulled>(outcomes.acted.at(2)).orders.empty());
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "pull: the claims of one group return no more payload than one claim") {
    const std::string large = '"' + std::string(999'998, 'x') + '"';
    for (int number = 0; number < 6; ++number) {
        (void)user.submit(an_order("order-" + std::to_string(number)).carrying(large));
    }
    const OrderAction one = a_pull(3);
    const OrderAction two = a_pull(3);
    const OrderAction three = a_pull(3);
    const IntakeOutcomes outcomes = user.commit({.actions = {&one, &two, &three}});
    CHECK(std::get<Pulled>(outcomes.acted.at(0)).orders.size() == 3);
    const auto& second = std::get<Pulled>(outcomes.acted.at(1));
    CHECK(second.orders.size() == 1);
    CHECK(second.has_more);
    CHECK(*second.orders.at(0).order.spec.payload == large);
    const auto& third = std::get<Pulled>(outcomes.acted.at(2));
    CHECK(third.orders.size() <= 1);
    CHECK(third.has_more);
}

TEST_CASE_FIXTURE(UsedStore, "pull: the claims of one group return no more orders than one claim") {
    (void)user.submit(numbered_orders(1'200));
    const OrderAction one = a_pull(600);
    const OrderAction two = a_pull(600);
    const OrderAction three = a_pull(600);
    const IntakeOutcomes outcomes = user.commit({.actions = {&one, &two, &three}});
    CHECK(std::get<Pulled>(outcomes.acted.at(0)).orders.size() == 600);
    CHECK(std::get<Pulled>(outcomes.acted.at(1)).orders.size() == 400);
    CHECK(std::get<Pulled>(outcomes.acted.at(2)).has_more);
    CHECK(user.counts().processing == 1'000);
}

TEST_CASE_FIXTURE(UsedStore, "pull: completing ends the order, and may be repeated") {
    (void)user.submit(an_order("a"));
    const Lease lease = pull_one(user).lease;
    const LeaseOutcome done = complete(user, lease, R"({"n":1})");
    CHECK(done.state == State::settled);
    REQUIRE(done.order);
    CHECK(done.order->status == OrderStatus::processed);
    CHECK(*done.order->result == R"({"n":1})");

    // It is compared by its end, not by its result.
    const LeaseOutcome again = complete(user, lease, R"({"n":2})");
    CHECK(again.state == State::already_settled);
    CHECK(*again.order->result == R"({"n":1})");
    for (const LeaseOutcome& other : {fail(user, lease, "no"), retry(user, lease, "no"),
                                      release(user, lease), renew(user, lease)}) {
        CHECK(other.state == State::lost);
        CHECK(other.order_status == OrderStatus::processed);
        CHECK_FALSE(other.order);
    }
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "pull: failing ends the order for good, and may be repeated") {
    (void)user.submit(an_order("a"));
    const Lease lease = pull_one(user).lease;
    CHECK(fail(user, lease, "card_declined").state == State::settled);
    CHECK(user.find("a").failure == "card_declined");
    CHECK(fail(user, lease, "card_declined").state == State::already_settled);
    CHECK(fail(user, lease, "other").state == State::lost);
    CHECK(complete(user, lease).state == State::lost);
    // Not even a client's retry makes it another end.
    (void)user.retry("a");
    CHECK(fail(user, lease, "card_declined").state == State::already_settled);
    const LeaseOutcome late = complete(user, lease);
    CHECK(late.state == State::lost);
    CHECK(late.order_status == OrderStatus::pending);
}

TEST_CASE_FIXTURE(UsedStore,
                  "pull: an order that is to be tried again waits, and it may be told twice") {
    (void)user.submit(an_order("a"));
    const AttemptLimits limits{.timeout = 60s, .max_attempts = 2, .backoff = 2s};
    const Lease first = pull_one(user, limits).lease;
    const LeaseOutcome told = retry(user, first, "busy");
    CHECK(told.state == State::settled);
    CHECK(told.order->status == OrderStatus::pending);
    CHECK(told.order->is_waiting_for_time);
    CHECK(retry(user, first, "busy").state == State::already_settled);

    store->pass_time(2s);
    CHECK(user.promote() == 1);
    const PulledOrder second = pull_one(user, limits);
    CHECK(second.order.attempts == 2);
    CHECK(second.lease.token > first.token);
    // Still, and it does nothing to the second attempt.
    CHECK(retry(user, first, "busy").state == State::already_settled);
    CHECK(complete(user, first).state == State::lost);
    // The last one that its limits allow ends it.
    CHECK(retry(user, second.lease, "still_busy").order->status == OrderStatus::failed);
    CHECK(user.find("a").failure == "still_busy");
    CHECK(retry(user, second.lease, "still_busy").state == State::already_settled);
}

TEST_CASE_FIXTURE(UsedStore, "pull: a released order is back at its place, uncharged") {
    (void)user.submit({an_order("a"), an_order("b")});
    const Lease lease = pull_one(user).lease;
    CHECK(release(user, lease).state == State::released);
    CHECK(release(user, lease).state == State::already_settled);
    const PulledOrder again = pull_one(user);
    CHECK(again.order.spec.order_id.text() == "a");
    CHECK(again.order.attempts == 1);
    CHECK(complete(user, lease).state == State::lost);
}

TEST_CASE_FIXTURE(UsedStore, "pull: a lease runs out by its time, and a renewed one later") {
    (void)user.submit({an_order("a"), an_order("b")});
    const Pulled pulled = pull(user, a_pull(2));
    store->pass_time(lease_time - 1ms);
    const LeaseOutcome renewed = renew(user, pulled.orders.at(0).lease);
    CHECK(renewed.state == State::renewed);
    CHECK(renewed.lease_left == lease_time);
    CHECK(renewed.time_left == 60s - (lease_time - 1ms));
    store->pass_time(1ms);
    CHECK(taken_back(user) == std::vector<std::string>{""});
    CHECK(user.find("b").status == OrderStatus::pending);
    CHECK(user.find("b").attempts == 1);
    const LeaseOutcome late = renew(user, pulled.orders.at(1).lease);
    CHECK(late.state == State::lost);
    CHECK(late.order_status == OrderStatus::pending);
    CHECK(complete(user, pulled.orders.at(0).lease).state == State::settled);
}

TEST_CASE_FIXTURE(UsedStore, "pull: whose time is up is Failed, however often it was renewed") {
    (void)user.submit({an_order("a"), an_order("b")});
    const AttemptLimits limits{.timeout = 15s, .max_attempts = 5};
    const Pulled pulled = pull(user, a_pull(2, limits));
    store->pass_time(9s);
    for (const PulledOrder& order : pulled.orders) {
        const LeaseOutcome renewed = renew(user, order.lease);
        CHECK(renewed.lease_left == 6s);
        CHECK(renewed.time_left == 6s);
    }
    store->pass_time(6s);
    // Whoever is first: the worker that asks, or the house.
    const LeaseOutcome late = renew(user, pulled.orders.at(0).lease);
    CHECK(late.state == State::lost);
    CHECK(late.order_status == OrderStatus::failed);
    CHECK(taken_back(user) == std::vector<std::string>{"timeout"});
    for (const char* id : {"a", "b"}) {
        CHECK(user.find(id).status == OrderStatus::failed);
        CHECK(user.find(id).failure == "timeout");
    }
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "pull: a cancelled order's lease is lost, and says so") {
    (void)user.submit(an_order("a"));
    const Lease lease = pull_one(user).lease;
    (void)user.cancel("a");
    CHECK(renew(user, lease).order_status == OrderStatus::cancelled);
    CHECK(complete(user, lease).order_status == OrderStatus::cancelled);
}

TEST_CASE_FIXTURE(UsedStore, "pull: leases that nobody pulled settle nothing") {
    (void)user.submit({an_order("a"), an_order("b")});
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    CHECK(complete(user, lease).state == State::lost);
    CHECK(renew(user, lease).state == State::lost);
    CHECK(release(user, lease).state == State::lost);
    CHECK(user.settle(lease) == SettleOutcome::settled);
    const LeaseOutcome made_up = complete(user, {.order = {4711}, .token = 1});
    CHECK(made_up.state == State::lost);
    CHECK_FALSE(made_up.order_status);
    CHECK(complete(user, {.order = {2}, .token = 0}).state == State::lost);
    CHECK(complete(user, {.order = {2}, .token = 1}).order_status == OrderStatus::pending);
}

TEST_CASE_FIXTURE(UsedStore, "pull: each of many leases is settled by itself") {
    (void)user.submit(numbered_orders(4));
    const Pulled pulled = pull(user, a_pull(4));
    const LeaseActions actions{{{pulled.orders.at(0).lease, Completed{}},
                                {{.order = {99}, .token = 1}, Completed{}},
                                {pulled.orders.at(1).lease, Failure{"no"}},
                                {pulled.orders.at(2).lease, ReleaseLease{}},
                                {pulled.orders.at(3).lease, RenewLease{lease_time}},
                                {pulled.orders.at(0).lease, Completed{}}}};
    std::string states;
    const auto outcomes = std::get<LeaseOutcomes>(user.act(actions));
    for (const LeaseOutcome& outcome : outcomes) {
        states += "sarnl"[static_cast<int>(outcome.state)];
        CHECK_FALSE(outcome.order);
    }
    CHECK(states == "slsrna");
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "pull: a worker that pulls is live while it claims or renews") {
    const auto live = [&] {
        Ids names;
        for (const LiveWorker& worker : user.reader().report().workers)
            names.push_back(worker.name);
        return names;
    };
    const auto is_unattended = [&] { return user.reader().report().kinds.at(0).is_unattended; };
    (void)user.submit({an_order("a").with({.timeout = 600s}), an_order("b")});
    CHECK(is_unattended());
    PullOrders long_one = a_pull(1);
    long_one.lease_time = 300s;
    const Lease lease = pull(user, long_one).orders.at(0).lease;
    CHECK(live() == Ids{"api:py-1"});
    CHECK_FALSE(is_unattended());
    store->pass_time(longest_silence(lease_time));
    CHECK(live().empty());
    CHECK(is_unattended());
    // It is signed off, and its lease goes on.
    CHECK(user.housekeeping().look().has_expired_leases);
    CHECK(user.take_back_expired().empty());
    CHECK_FALSE(user.housekeeping().look().has_expired_leases);
    (void)user.act(NotePullers{{{.worker = "py-1", .kinds = {{a_kind("mail")}}}}});
    CHECK(live() == Ids{"api:py-1"});
    CHECK(is_unattended());  // it takes another kind now
    store->pass_time(longest_silence(lease_time));
    (void)user.take_back_expired();
    CHECK(renew(user, lease).state == State::renewed);
    CHECK(live() == Ids{"api:py-1"});
    CHECK(complete(user, lease).state == State::settled);
    CHECK(user.find("a").worker == "api:py-1");
}

TEST_CASE_FIXTURE(UsedStore, "pull: a kind is unattended if no live worker takes it") {
    (void)user.submit({an_order("m").of_kind("mail"), an_order("d")});
    (void)user.worker().enlist(
        {.name = "w", .host = "h", .threads = 1, .kinds = std::vector{a_kind("mail")}}, lease_time);
    for (const KindReport& kind : user.reader().report().kinds) {
        CHECK(kind.is_unattended == kind.kind.is_default());
    }
}

}  // namespace orders::test
