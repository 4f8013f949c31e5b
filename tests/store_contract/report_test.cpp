// The report: counts that equal a recount, and the live workers. What waits is in
// report_waiting_test.cpp.

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "shared/storage/store_error.h"
#include "tests/store_contract/store_user.h"

namespace orders::test {

TEST_CASE_FIXTURE(UsedStore, "report: it names the live workers and what each holds") {
    (void)user.submit(numbered_orders(3));
    const WorkerId busy = user.enlist("busy");
    const WorkerId leaving = user.enlist("leaving");
    (void)user.enlist("silent");
    (void)user.claim(busy, 2);
    const auto names = [&] {
        std::vector<std::string> live;
        for (const auto& worker : user.reader().report().workers) live.push_back(worker.name);
        return live;
    };
    CHECK(names() == std::vector<std::string>{"busy", "leaving", "silent"});
    const auto workers = user.reader().report().workers;
    CHECK(workers.at(0).processing == 2);
    CHECK(workers.at(1).processing == 0);
    CHECK(workers.at(0).threads == 4);
    CHECK(workers.at(0).host == "host");
    CHECK(workers.at(0).started_at == store->wall_clock());
    CHECK(workers.at(0).last_seen_at == store->wall_clock());
    CHECK(workers.at(0).lease_ends_at == store->wall_clock() + lease_time);
    CHECK(workers.at(1).lease_ends_at == std::nullopt);

    store->pass_time(lease_time / 2);
    user.heartbeat(busy);
    user.heartbeat(leaving);
    store->pass_time(lease_time / 2);
    CHECK(names() == std::vector<std::string>{"busy", "leaving"});
    CHECK(user.reader().report().workers.at(0).last_seen_at ==
          store->wall_clock() - lease_time / 2);
    user.worker().retire(leaving, {});
    CHECK(names() == std::vector<std::string>{"busy"});

    store->pass_time(lease_time);
    (void)user.take_back_expired();
    CHECK(names().empty());
    user.heartbeat(busy);  // it was only slow
    CHECK(names() == std::vector<std::string>{"busy"});
}

TEST_CASE_FIXTURE(UsedStore, "report: a worker's id never comes back") {
    const WorkerId first = user.enlist("first");
    user.worker().retire(first, {});
    CHECK(user.enlist("second") != first);
}

TEST_CASE_FIXTURE(UsedStore, "report: a worker's silence is no longer than ten seconds") {
    StoreUser other(*store);
    const auto enlist = [&](StoreUser& into, const std::string& name) {
        return into.worker().enlist({.name = name, .host = "host", .threads = 1}, 1h);
    };
    const WorkerId worker = enlist(user, "w");
    (void)enlist(other, "v");
    store->pass_time(longest_silence(1h) - 1ms);
    CHECK(user.reader().report().workers.size() == 2);
    (void)user.worker().take_turn({.worker = worker, .lease_time = 1h, .is_heartbeat = true});
    store->pass_time(1ms);
    CHECK(user.reader().report().workers.size() == 1);
    CHECK(longest_silence(1h) == 10s);
}

TEST_CASE_FIXTURE(UsedStore, "report: no two workers that live have the same label") {
    StoreUser other(*store);
    const WorkerId first = user.enlist("first", "mail");
    CHECK_THROWS_AS((void)other.enlist("second", "mail"), StoreError);
    CHECK_THROWS_AS((void)user.enlist("second", "mail"), StoreError);
    (void)other.enlist("other", "post");
    (void)other.enlist("nameless");
    (void)other.enlist("nameless, too");
    user.worker().retire(first, {});
    (void)other.enlist("second", "mail");
    CHECK(user.reader().report().workers.size() == 4);
}

TEST_CASE_FIXTURE(UsedStore, "report: it tells which workers have signed on and how they do") {
    using State = EnlistedWorker::State;
    const auto states = [&] {
        std::vector<std::pair<std::string, State>> all;
        for (const auto& worker : user.reader().enlisted_workers()) {
            all.emplace_back(worker.label, worker.state);
        }
        return all;
    };
    CHECK(states().empty());
    const WorkerId worker = user.worker().enlist(
        {.name = "w", .host = "h", .threads = 1, .label = "mail", .pid_namespace = 7, .pid = 8},
        lease_time);
    CHECK(states() == std::vector{std::pair(std::string("mail"), State::live)});
    CHECK(user.reader().enlisted_workers().at(0).pid_namespace == 7);
    CHECK(user.reader().enlisted_workers().at(0).pid == 8);
    store->pass_time(lease_time);
    CHECK(states() == std::vector{std::pair(std::string("mail"), State::silent)});
    user.heartbeat(worker);
    CHECK(states() == std::vector{std::pair(std::string("mail"), State::live)});
    user.worker().retire(worker, {});
    CHECK(states().empty());
}

TEST_CASE_FIXTURE(UsedStore, "report: its counts equal a recount after any steps") {
    const WorkerId worker = user.enlist("w");
    constexpr unsigned seed = 20'261'122;
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto chance = [&](int one_in) { return random() % static_cast<unsigned>(one_in) == 0; };
    const auto some_order = [&] { return "order-" + std::to_string(random() % 200); };
    const auto submit_one = [&] {
        auto order = an_order(some_order());
        if (chance(3)) order.high();
        if (chance(3)) order.of_kind(chance(2) ? "mail" : "print");
        if (chance(4)) order.due(std::chrono::seconds(random() % 20));
        if (chance(6)) order.to_begin_before(store->wall_clock() + 10s);
        if (chance(4)) order.carrying("{\"a\":1}");
        (void)user.submit(order);
    };
    std::vector<Lease> held;
    const auto end_one = [&] {
        const Lease lease = held[random() % held.size()];  // some are lost by now
        if (chance(4)) {
            (void)user.release(lease);
        } else if (chance(4)) {
            (void)user.settle(lease, Failure{"timeout"});
        } else if (chance(4)) {
            (void)user.settle(lease, Retry{"busy"});
        } else {
            (void)user.settle(lease, Completed{json_text("[]")});
        }
    };
    for (int step = 0; step < 400; ++step) {
        if (chance(2)) submit_one();
        if (chance(3)) {
            for (const auto& claimed : user.claim(worker, random() % 4)) {
                held.push_back(claimed.lease);
            }
        }
        if (!held.empty() && chance(2)) end_one();
        if (chance(8)) (void)user.cancel(some_order());
        if (chance(8)) (void)user.retry(some_order());
        if (chance(12)) (void)user.change(some_order(), {.priority = Priority::high});
        if (chance(12)) (void)user.change(some_order(), {.due = DueTime(5s)});
        if (chance(10)) {
            store->pass_time(lease_time / 3);
            (void)user.housekeeping().take_turn(
                {.take_back_limit = 2, .promote_limit = 2, .expire_limit = 2});
        }
        if (chance(20)) {
            (void)user.sweep(OrderStatus::processed, lease_time);
            (void)user.sweep(OrderStatus::cancelled, lease_time);
        }
        if (chance(20)) check_counts(user.reader());
    }
    check_counts(user.reader());
    CHECK(store->storage().verify().examples == std::vector<std::string>{});
}

}  // namespace orders::test
