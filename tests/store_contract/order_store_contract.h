#pragma once

// What every backend of OrderStore must do, one sentence a case. A backend is a
// default-constructible type that stands for one empty set of orders, with open() for another store
// on the same orders and open_reader() for another reader; RUN_ORDER_STORE_CONTRACT(Backend) runs
// the suite against it. A change of the store without a case here is not finished.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "shared/storage/open_store.h"
#include "shared/storage/order_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"

namespace orders::test {

using namespace std::chrono_literals;

inline constexpr std::chrono::milliseconds lease_time{10'000};

inline std::vector<NewOrder> numbered_orders(int count) {
    std::vector<NewOrder> orders;
    for (int number = 0; number < count; ++number) {
        orders.push_back(an_order("order-" + std::to_string(number)));
    }
    return orders;
}

// One store of the backend, driven in transactions of one step each at the clock's time.
class StoreUser {
   private:
    template <typename Step>
    auto in_transaction(Step step) {
        const auto work = store_->begin();
        auto result = step(*work);
        work->commit();
        return result;
    }

   public:
    template <typename Backend>
    StoreUser(Backend& backend, const Clock& clock) : store_(backend.open()), clock_(clock) {}

    [[nodiscard]] OrderStore& store() { return *store_; }

    std::vector<SubmitOutcome> submit(const std::vector<NewOrder>& orders) {
        return in_transaction([&](auto& work) { return work.submit(orders, clock_.now().utc); });
    }
    bool submit(const NewOrder& order) {
        return std::holds_alternative<Created>(submit(std::vector{order}).at(0));
    }
    WorkerId enlist(const std::string& name) {
        return in_transaction([&](auto& work) {
            return work.enlist({.name = name, .host = "host", .threads = 4}, clock_.now(),
                               lease_time);
        });
    }
    std::vector<ClaimedOrder> claim(WorkerId worker, std::size_t limit) {
        return in_transaction(
            [&](auto& work) { return work.claim(worker, limit, clock_.now(), lease_time); });
    }
    SettleOutcome settle(const Lease& lease, ProcessingResult result = Completed{}) {
        const Settlement settlement{lease, std::move(result)};
        return in_transaction([&](auto& work) {
            return work.settle(std::span(&settlement, 1), clock_.now().utc).at(0);
        });
    }
    std::size_t release(const Lease& lease) {
        return in_transaction([&](auto& work) { return work.release(std::span(&lease, 1)); });
    }
    bool renew(const Lease& lease) {
        return in_transaction([&](auto& work) {
            return work.renew(std::span(&lease, 1), clock_.now(), lease_time).empty();
        });
    }
    std::vector<ExpiredOrder> requeue_expired(int max_attempts = 3) {
        return in_transaction(
            [&](auto& work) { return work.requeue_expired(clock_.now(), max_attempts, 1'000); });
    }
    void heartbeat(WorkerId worker) {
        in_transaction([&](auto& work) {
            work.heartbeat(worker, clock_.now(), lease_time);
            return 0;
        });
    }
    void retire(WorkerId worker) {
        in_transaction([&](auto& work) {
            work.retire(worker);
            return 0;
        });
    }
    Order find(const std::string& text) { return store_->find(order_id(text)).value(); }
    OrderReport report() { return store_->report(clock_.now()); }

   private:
    std::unique_ptr<OrderStore> store_;
    const Clock& clock_;
};

inline std::vector<std::string> ids_of(const std::vector<ClaimedOrder>& claimed) {
    std::vector<std::string> ids;
    for (const auto& order : claimed) ids.push_back(order.order_id.text());
    return ids;
}

inline std::vector<Order> list_all(OrderReader& reader, OrderQuery query) {
    std::vector<Order> all;
    do {
        OrderPage page = reader.list(query);
        std::ranges::move(page.orders, std::back_inserter(all));
        query.before = page.next_before;
    } while (query.before);
    return all;
}

// The counters against a recount of every order.
inline void check_counts(OrderReader& reader, const Moment& now) {
    std::map<Priority, StatusCounts> recount;
    for (const Order& order : list_all(reader, {.limit = OrderQuery::max_limit})) {
        ++recount[order.priority][order.status];
    }
    const OrderReport report = reader.report(now);
    CHECK(report.high == recount[Priority::high]);
    CHECK(report.normal == recount[Priority::normal]);
}

// Claims and settles until nothing is left; returns the ids in the order in which they came.
template <typename Backend>
std::vector<std::string> work_off(Backend& backend, const std::string& name, std::size_t limit) {
    const ManualClock clock;
    StoreUser user(backend, clock);
    const WorkerId worker = user.enlist(name);
    std::vector<std::string> mine;
    for (auto claimed = user.claim(worker, limit); !claimed.empty();
         claimed = user.claim(worker, limit)) {
        for (const auto& order : claimed) {
            mine.push_back(order.order_id.text());
            if (user.settle(order.lease) != SettleOutcome::settled) mine.emplace_back("lease lost");
        }
    }
    return mine;
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: a submitted order is found as it was given", Backend,
                          store_finds_submitted) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    CHECK(user.submit(an_order("a:1~b.c_d-e").high().taking(86'400)));

    const Order order = user.find("a:1~b.c_d-e");
    CHECK(order.priority == Priority::high);
    CHECK(order.processing_time.units() == 86'400);
    CHECK(order.status == OrderStatus::pending);
    CHECK(order.attempts == 0);
    CHECK(order.created_at == clock.now().utc);
    CHECK_FALSE(order.started_at);
    CHECK_FALSE(order.finished_at);
    CHECK_FALSE(order.worker);
    CHECK_FALSE(order.failure);
    CHECK_FALSE(user.store().find(order_id("another")));
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: an order id is accepted once, and the answer tells how the "
    "standing order is",
    Backend, store_accepts_id_once) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    const auto first = user.submit({an_order("a"), an_order("b"), an_order("a").high()});
    CHECK(std::holds_alternative<Created>(first.at(0)));
    CHECK(std::holds_alternative<Created>(first.at(1)));
    CHECK(std::get<IdTaken>(first.at(2)).status == OrderStatus::pending);
    CHECK(user.find("a").priority == Priority::normal);

    user.claim(user.enlist("w"), 1);
    CHECK(std::get<IdTaken>(user.submit(std::vector<NewOrder>{an_order("a")}).at(0)).status ==
          OrderStatus::processing);
    CHECK(user.report().total().pending == 1);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: what was not committed never was", Backend,
                          store_forgets_uncommitted) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(an_order("kept"));
    const WorkerId worker = user.enlist("w");
    {
        const auto work = user.store().begin();
        const NewOrder lost = an_order("lost");
        (void)work->submit(std::span(&lost, 1), clock.now().utc);
        (void)work->claim(worker, 10, clock.now(), lease_time);
    }
    CHECK_FALSE(user.store().find(order_id("lost")));
    CHECK(user.find("kept").status == OrderStatus::pending);
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: everything committed is there after reopening", Backend,
                          store_keeps_committed) {
    Backend backend;
    const ManualClock clock;
    {
        StoreUser user(backend, clock);
        user.submit({an_order("a"), an_order("b")});
        user.settle(user.claim(user.enlist("w"), 1).at(0).lease);
    }
    StoreUser user(backend, clock);
    CHECK(user.find("a").status == OrderStatus::processed);
    CHECK(user.find("a").worker == "w");
    CHECK(user.find("b").status == OrderStatus::pending);
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: a claim takes High before Normal, and first come first "
    "served within each",
    Backend, store_claims_by_priority) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    user.submit({an_order("n1"), an_order("h1").high(), an_order("n2"), an_order("h2").high()});
    const WorkerId worker = user.enlist("w");
    CHECK(ids_of(user.claim(worker, 3)) == std::vector<std::string>{"h1", "h2", "n1"});
    user.submit(an_order("h3").high());
    CHECK(ids_of(user.claim(worker, 3)) == std::vector<std::string>{"h3", "n2"});
    CHECK(user.claim(worker, 3).empty());
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: a claimed order shows its worker, start and attempt, and is "
    "not claimed twice",
    Backend, store_claims_once) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    StoreUser other(backend, clock);
    user.submit(an_order("a").taking(7));
    clock.advance(1s);
    const auto claimed = user.claim(user.enlist("w"), 5);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].attempt == 1);
    CHECK(claimed[0].processing_time.units() == 7);
    CHECK(other.claim(other.enlist("v"), 5).empty());

    const Order order = other.find("a");
    CHECK(order.status == OrderStatus::processing);
    CHECK(order.attempts == 1);
    CHECK(order.worker == "w");
    CHECK(order.started_at == clock.now().utc);
    CHECK_FALSE(order.finished_at);
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: an order is settled once, as Processed or as Failed with the "
    "reason",
    Backend, store_settles_once) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit({an_order("good"), an_order("bad")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    clock.advance(2s);
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    CHECK(user.settle(claimed.at(1).lease, Failure{"timeout"}) == SettleOutcome::settled);
    CHECK(user.settle(claimed.at(0).lease, Failure{"late"}) == SettleOutcome::lease_lost);
    CHECK(user.settle(claimed.at(1).lease) == SettleOutcome::lease_lost);

    CHECK(user.find("good").status == OrderStatus::processed);
    CHECK(user.find("good").finished_at == clock.now().utc);
    CHECK(user.find("good").started_at == clock.now().utc - 2s);
    CHECK_FALSE(user.find("good").failure);
    CHECK(user.find("bad").status == OrderStatus::failed);
    CHECK(user.find("bad").failure == "timeout");
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: a released order goes back to its old place, not charged, and "
    "its lease settles nothing",
    Backend, store_releases) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    user.submit({an_order("a"), an_order("b")});
    const WorkerId worker = user.enlist("w");
    const Lease lease = user.claim(worker, 1).at(0).lease;
    CHECK(user.release(lease) == 1);
    CHECK(user.release(lease) == 0);
    CHECK(user.settle(lease) == SettleOutcome::lease_lost);

    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::pending);
    CHECK(order.attempts == 0);
    CHECK_FALSE(order.worker);
    CHECK_FALSE(order.started_at);

    const auto again = user.claim(worker, 2);
    CHECK(ids_of(again) == std::vector<std::string>{"a", "b"});
    CHECK(again.at(0).attempt == 1);
    CHECK(again.at(0).lease.token > lease.token);
    CHECK(user.settle(lease) == SettleOutcome::lease_lost);
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: an order whose lease ran out goes back to its old place, "
    "charged, and the late result is refused",
    Backend, store_requeues_expired) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit({an_order("a"), an_order("b")});
    const Lease late = user.claim(user.enlist("dead"), 1).at(0).lease;

    clock.advance(lease_time - 1ms);
    CHECK_FALSE(user.store().waiting_work(clock.now()).has_expired);
    CHECK(user.requeue_expired().empty());
    clock.advance(1ms);
    CHECK(user.store().waiting_work(clock.now()).has_expired);
    const auto expired = user.requeue_expired();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].order_id.text() == "a");
    CHECK(expired[0].worker == "dead");
    CHECK(expired[0].attempts == 1);
    CHECK_FALSE(expired[0].has_failed);
    CHECK(user.find("a").status == OrderStatus::pending);
    CHECK(user.find("a").attempts == 1);

    const auto again = user.claim(user.enlist("w"), 1).at(0);
    CHECK(again.order_id.text() == "a");
    CHECK(again.attempt == 2);
    CHECK(user.settle(late) == SettleOutcome::lease_lost);
    CHECK_FALSE(user.renew(late));
    CHECK(user.release(late) == 0);
    CHECK(user.settle(again.lease) == SettleOutcome::settled);
    CHECK(user.find("a").worker == "w");
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: a lease that ran out still settles as long as nobody took the "
    "order back",
    Backend, store_settles_expired_but_held) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(an_order("a"));
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    clock.advance(lease_time * 2);
    CHECK(user.settle(lease) == SettleOutcome::settled);
    CHECK(user.requeue_expired().empty());
    CHECK(user.find("a").status == OrderStatus::processed);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: a renewed lease runs from the renewal on", Backend,
                          store_renews) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(an_order("a"));
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    clock.advance(lease_time - 1ms);
    CHECK(user.renew(lease));
    clock.advance(lease_time - 1ms);
    CHECK(user.requeue_expired().empty());
    clock.advance(1ms);
    CHECK(user.requeue_expired().size() == 1);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: setting the wall clock ends no lease and prolongs none",
                          Backend, store_ignores_wall_clock) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(an_order("a"));
    user.claim(user.enlist("w"), 1);
    Moment now = clock.now();
    const auto expired_at = [&](UtcTime utc, std::chrono::milliseconds since_boot) {
        now.utc = utc;
        now.since_boot = since_boot;
        return user.store().waiting_work(now).has_expired;
    };
    const UtcTime utc = clock.now().utc;
    const auto since_boot = clock.now().since_boot;
    CHECK_FALSE(expired_at(utc + 48h, since_boot + 1s));
    CHECK(expired_at(utc - 48h, since_boot + lease_time));
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: a lease from another boot of the machine has run out",
                          Backend, store_expires_other_boots) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    user.claim(worker, 1);
    Moment rebooted = clock.now();
    rebooted.boot_id = "another-boot";
    rebooted.since_boot = 5s;
    CHECK(user.store().report(rebooted).workers.empty());
    CHECK(user.store().waiting_work(rebooted).has_expired);
    const auto work = user.store().begin();
    CHECK(work->requeue_expired(rebooted, 3, 10).size() == 1);
    work->commit();
    CHECK(user.find("a").status == OrderStatus::pending);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: an order whose lease ran out on its last attempt has Failed",
                          Backend, store_exhausts_attempts) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    for (int attempt = 1; attempt <= 2; ++attempt) {
        CHECK(user.claim(worker, 1).at(0).attempt == attempt);
        clock.advance(lease_time);
        const auto expired = user.requeue_expired(2);
        REQUIRE(expired.size() == 1);
        CHECK(expired[0].has_failed == (attempt == 2));
    }
    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::failed);
    CHECK(order.failure == failure_reason::attempts_exhausted);
    CHECK(order.attempts == 2);
    CHECK(order.worker == "w");
    CHECK(order.finished_at == clock.now().utc);
    CHECK(user.claim(worker, 1).empty());
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: no more expired orders are taken back at once than asked",
                          Backend, store_requeues_in_portions) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(numbered_orders(5));
    user.claim(user.enlist("w"), 5);
    clock.advance(lease_time);
    const auto work = user.store().begin();
    CHECK(work->requeue_expired(clock.now(), 3, 2).size() == 2);
    CHECK(work->requeue_expired(clock.now(), 3, 2).size() == 2);
    work->commit();
    CHECK(user.report().total().pending == 4);
    CHECK(user.report().total().processing == 1);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: what waits is seen without writing", Backend,
                          store_sees_waiting_work) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    CHECK_FALSE(user.store().waiting_work(clock.now()).has_pending);
    user.submit(an_order("a"));
    CHECK(user.store().waiting_work(clock.now()).has_pending);
    user.claim(user.enlist("w"), 1);
    CHECK_FALSE(user.store().waiting_work(clock.now()).has_pending);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: the report tells since when the longest waiting order waits",
                          Backend, store_reports_oldest) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    CHECK_FALSE(user.report().oldest_pending);
    const UtcTime start = clock.now().utc;
    user.submit(an_order("normal"));
    clock.advance(1s);
    user.submit(an_order("high").high());
    CHECK(user.report().oldest_pending == start);
    user.claim(user.enlist("w"), 1);
    CHECK(user.report().oldest_pending == start);
    user.claim(user.enlist("v"), 1);
    CHECK_FALSE(user.report().oldest_pending);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: the report names the live workers and what each holds",
                          Backend, store_reports_workers) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(numbered_orders(3));
    const WorkerId busy = user.enlist("busy");
    const WorkerId leaving = user.enlist("leaving");
    user.enlist("silent");
    user.claim(busy, 2);
    const auto names = [&] {
        std::vector<std::string> live;
        for (const auto& worker : user.report().workers) live.push_back(worker.name);
        return live;
    };
    CHECK(names() == std::vector<std::string>{"busy", "leaving", "silent"});
    const auto workers = user.report().workers;
    CHECK(workers.at(0).processing == 2);
    CHECK(workers.at(1).processing == 0);
    CHECK(workers.at(0).threads == 4);
    CHECK(workers.at(0).host == "host");
    CHECK(workers.at(0).started_at == clock.now().utc);

    clock.advance(lease_time / 2);
    user.heartbeat(busy);
    user.heartbeat(leaving);
    clock.advance(lease_time / 2);
    CHECK(names() == std::vector<std::string>{"busy", "leaving"});
    user.retire(leaving);
    CHECK(names() == std::vector<std::string>{"busy"});

    clock.advance(lease_time);
    user.requeue_expired();
    CHECK(names().empty());
    user.heartbeat(busy);  // it was only slow
    CHECK(names() == std::vector<std::string>{"busy"});
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: pages list every order that matches once, newest first",
                          Backend, store_lists_pages) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    for (int number = 0; number < 60; ++number) {
        auto order = an_order("order-" + std::to_string(number));
        user.submit(number % 3 == 0 ? order.high() : order);
    }
    const WorkerId worker = user.enlist("w");
    const auto claimed = user.claim(worker, 30);  // all 20 High, 10 Normal
    for (std::size_t at = 0; at < 15; ++at) user.settle(claimed[at].lease);
    for (std::size_t at = 15; at < 20; ++at) user.settle(claimed[at].lease, Failure{"timeout"});

    const auto reader = backend.open_reader();
    using Filter = std::tuple<std::optional<OrderStatus>, std::optional<Priority>, std::size_t>;
    const std::vector<Filter> filters{
        {std::nullopt, std::nullopt, 60},
        {std::nullopt, Priority::high, 20},
        {OrderStatus::pending, std::nullopt, 30},
        {OrderStatus::pending, Priority::high, 0},
        {OrderStatus::processing, std::nullopt, 10},
        {OrderStatus::processing, Priority::normal, 10},
        {OrderStatus::processed, Priority::high, 15},
        {OrderStatus::failed, std::nullopt, 5},
        {OrderStatus::failed, Priority::normal, 0},
    };
    for (const auto& [status, priority, expected] : filters) {
        for (const std::size_t limit : {1U, 7U, 60U, 1'000U}) {
            const auto listed =
                list_all(*reader, {.status = status, .priority = priority, .limit = limit});
            CHECK(listed.size() == expected);
            int last = 60;
            for (const Order& order : listed) {
                const int number = std::stoi(order.order_id.text().substr(6));
                CHECK(number < last);
                last = number;
                CHECK(order.status == status.value_or(order.status));
                CHECK(order.priority == priority.value_or(order.priority));
            }
        }
    }
    CHECK(reader->list({.limit = 60}).orders.size() == 60);
    CHECK_FALSE(reader->list({.limit = 60}).next_before);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: a probe can be committed", Backend, store_probes) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    const auto work = user.store().begin();
    work->probe(clock.now().utc);
    work->commit();
    user.store().tidy();
    CHECK(user.report().total() == StatusCounts{});
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: a transaction knows how many orders were Pending before it",
                          Backend, store_knows_its_level) {
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    user.submit({an_order("a"), an_order("b").high(), an_order("c")});
    CHECK(user.claim(user.enlist("worker"), 1).size() == 1);
    const auto work = user.store().begin();
    const NewOrder another = an_order("d");
    (void)work->submit(std::span(&another, 1), clock.now().utc);
    CHECK(work->level().pending == 2);
    CHECK(work->level().free_bytes.value_or(1) > 0);
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: the counts equal a recount after any steps", Backend,
                          store_counts_right) {
    Backend backend;
    ManualClock clock;
    StoreUser user(backend, clock);
    const WorkerId worker = user.enlist("w");
    constexpr unsigned seed = 20'261'122;
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto chance = [&](int one_in) { return random() % static_cast<unsigned>(one_in) == 0; };
    std::vector<Lease> held;
    for (int step = 0; step < 300; ++step) {
        auto order = an_order("order-" + std::to_string(random() % 200));
        if (chance(2)) user.submit(chance(3) ? order.high() : order);
        if (chance(3)) {
            for (const auto& claimed : user.claim(worker, random() % 4)) {
                held.push_back(claimed.lease);
            }
        }
        if (!held.empty() && chance(2)) {
            const Lease lease = held[random() % held.size()];  // some are lost by now
            if (chance(4)) {
                user.release(lease);
            } else if (chance(4)) {
                user.settle(lease, Failure{"timeout"});
            } else {
                user.settle(lease);
            }
        }
        if (chance(10)) {
            clock.advance(lease_time / 3);
            user.requeue_expired(2);
        }
        if (chance(20)) check_counts(user.store(), clock.now());
    }
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: eight threads claim a thousand orders, each exactly once",
                          Backend, store_claims_among_threads) {
    constexpr int orders = 1'000;
    constexpr std::size_t threads = 8;
    Backend backend;
    const ManualClock clock;
    StoreUser user(backend, clock);
    user.submit(numbered_orders(orders));

    std::array<std::vector<std::string>, threads> taken;
    std::barrier start(threads);
    {
        std::vector<std::jthread> crew;
        for (std::size_t number = 0; number < threads; ++number) {
            crew.emplace_back([&, number] {
                start.arrive_and_wait();
                taken.at(number) = work_off(backend, "w" + std::to_string(number), 3);
            });
        }
    }
    std::multiset<std::string> all;
    for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
    CHECK(all.size() == orders);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == orders);
    CHECK(user.report().total().processed == orders);
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE("OrderStore: two processes claim a thousand orders, each exactly once",
                          Backend, store_claims_among_processes) {
    constexpr int orders = 1'000;
    Backend backend;
    const ManualClock clock;
    {
        StoreUser user(backend, clock);
        user.submit(numbered_orders(orders));
    }  // no open store crosses the fork

    struct Child {
        pid_t pid;
        FileDescriptor ids;
    };
    std::vector<Child> children;
    for (const std::string name : {"first", "second"}) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const pid_t pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid == 0) {
            int status = 1;
            try {
                std::string lines;
                for (const auto& order_id : work_off(backend, name, 5)) lines += order_id + "\n";
                const auto written = ::write(ends[1], lines.data(), lines.size());
                status = written == static_cast<ssize_t>(lines.size()) ? 0 : 1;
            } catch (const std::exception&) {  // the status says it
            }
            ::_exit(status);
        }
        ::close(ends[1]);
        children.push_back({pid, FileDescriptor(ends[0])});
    }
    std::vector<std::string> all;
    for (const auto& child : children) {
        std::string lines;
        std::array<char, 4096> buffer{};
        for (ssize_t got = 0; (got = ::read(child.ids.get(), buffer.data(), buffer.size())) > 0;) {
            lines.append(buffer.data(), static_cast<std::size_t>(got));
        }
        int status = 0;
        REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
        CHECK(status == 0);
        for (std::size_t from = 0, to = 0; (to = lines.find('\n', from)) != std::string::npos;
             from = to + 1) {
            all.push_back(lines.substr(from, to - from));
        }
    }
    CHECK(all.size() == orders);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == orders);
    StoreUser user(backend, clock);
    CHECK(user.report().total().processed == orders);
    check_counts(user.store(), clock.now());
}

TEST_CASE_TEMPLATE_DEFINE(
    "OrderStore: of many who submit the same ids, one is told that it created "
    "the order",
    Backend, store_submits_among_threads) {
    constexpr int orders = 200;
    constexpr std::size_t threads = 8;
    Backend backend;
    const ManualClock clock;
    { StoreUser first(backend, clock); }

    std::array<std::set<std::string>, threads> created;
    std::barrier start(threads);
    {
        std::vector<std::jthread> crew;
        for (std::size_t number = 0; number < threads; ++number) {
            crew.emplace_back([&, number] {
                StoreUser user(backend, clock);
                start.arrive_and_wait();
                for (const NewOrder& order : numbered_orders(orders)) {
                    if (user.submit(order)) created.at(number).insert(order.order_id.text());
                }
            });
        }
    }
    std::size_t sum = 0;
    std::set<std::string> all;
    for (const auto& mine : created) {
        sum += mine.size();
        all.insert(mine.begin(), mine.end());
    }
    CHECK(sum == orders);
    CHECK(all.size() == orders);
}

#define RUN_ORDER_STORE_CONTRACT(Backend)                               \
    TEST_CASE_TEMPLATE_INVOKE(store_finds_submitted, Backend);          \
    TEST_CASE_TEMPLATE_INVOKE(store_accepts_id_once, Backend);          \
    TEST_CASE_TEMPLATE_INVOKE(store_forgets_uncommitted, Backend);      \
    TEST_CASE_TEMPLATE_INVOKE(store_keeps_committed, Backend);          \
    TEST_CASE_TEMPLATE_INVOKE(store_claims_by_priority, Backend);       \
    TEST_CASE_TEMPLATE_INVOKE(store_claims_once, Backend);              \
    TEST_CASE_TEMPLATE_INVOKE(store_settles_once, Backend);             \
    TEST_CASE_TEMPLATE_INVOKE(store_releases, Backend);                 \
    TEST_CASE_TEMPLATE_INVOKE(store_requeues_expired, Backend);         \
    TEST_CASE_TEMPLATE_INVOKE(store_settles_expired_but_held, Backend); \
    TEST_CASE_TEMPLATE_INVOKE(store_renews, Backend);                   \
    TEST_CASE_TEMPLATE_INVOKE(store_ignores_wall_clock, Backend);       \
    TEST_CASE_TEMPLATE_INVOKE(store_expires_other_boots, Backend);      \
    TEST_CASE_TEMPLATE_INVOKE(store_exhausts_attempts, Backend);        \
    TEST_CASE_TEMPLATE_INVOKE(store_requeues_in_portions, Backend);     \
    TEST_CASE_TEMPLATE_INVOKE(store_sees_waiting_work, Backend);        \
    TEST_CASE_TEMPLATE_INVOKE(store_reports_oldest, Backend);           \
    TEST_CASE_TEMPLATE_INVOKE(store_reports_workers, Backend);          \
    TEST_CASE_TEMPLATE_INVOKE(store_lists_pages, Backend);              \
    TEST_CASE_TEMPLATE_INVOKE(store_probes, Backend);                   \
    TEST_CASE_TEMPLATE_INVOKE(store_knows_its_level, Backend);          \
    TEST_CASE_TEMPLATE_INVOKE(store_counts_right, Backend);             \
    TEST_CASE_TEMPLATE_INVOKE(store_claims_among_threads, Backend);     \
    TEST_CASE_TEMPLATE_INVOKE(store_claims_among_processes, Backend);   \
    TEST_CASE_TEMPLATE_INVOKE(store_submits_among_threads, Backend)

}  // namespace orders::test
