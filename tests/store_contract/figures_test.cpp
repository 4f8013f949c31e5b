// What processes have measured of themselves: the store keeps it, and adds it up.

#include <doctest/doctest.h>

#include <string>

#include "shared/metrics/catalogue.h"
#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

// Of a process that has had so many late results.
std::string told(int late_results) {
    Figures figures;
    figures.add(metric::late_results, "", late_results);
    return figures.as_text();
}

struct MeasuredStore : UsedStore {
    void heartbeat(WorkerId worker, const std::string& figures) {
        (void)user.worker().take_turn(
            {.worker = worker, .lease_time = lease_time, .is_heartbeat = true, .figures = figures});
    }
    double late_results() {
        return user.reader().figures().measured.number(metric::late_results, "");
    }
};

}  // namespace

TEST_CASE_FIXTURE(MeasuredStore, "figures: each worker's count as it told them last") {
    const WorkerId one = user.enlist("one");
    const WorkerId other = user.enlist("other");
    CHECK(late_results() == 0);
    heartbeat(one, told(3));
    CHECK(late_results() == 3);
    heartbeat(one, told(5));
    heartbeat(other, told(10));
    CHECK(late_results() == 15);
    heartbeat(one, "");
    CHECK(late_results() == 15);
}

TEST_CASE_FIXTURE(MeasuredStore, "figures: what a worker measured stays when it is gone") {
    const WorkerId one = user.enlist("one");
    heartbeat(one, told(3));
    user.worker().retire(one, told(4));
    CHECK(late_results() == 4);
    const WorkerId other = user.enlist("other");
    heartbeat(other, told(10));
    user.worker().retire(other, {});
    CHECK(late_results() == 14);
    store->pass_time(24h * 2);
    (void)user.take_back_expired();
    user.housekeeping().tidy();
    CHECK(late_results() == 14);
}

TEST_CASE_FIXTURE(MeasuredStore,
                  "figures: a worker that was taken for gone and comes back counts once") {
    const WorkerId worker = user.enlist("w");
    heartbeat(worker, told(3));
    store->pass_time(lease_time * 2);
    (void)user.take_back_expired();
    CHECK(late_results() == 3);
    heartbeat(worker, told(5));
    CHECK(late_results() == 5);
    user.worker().retire(worker, told(6));
    CHECK(late_results() == 6);
}

TEST_CASE_FIXTURE(MeasuredStore, "figures: what others measure is added to the sums") {
    user.housekeeping().add_figures(told(3));
    user.housekeeping().add_figures(told(4));
    CHECK(late_results() == 7);
    const WorkerId worker = user.enlist("w");
    heartbeat(worker, told(10));
    CHECK(late_results() == 17);
}

TEST_CASE_FIXTURE(MeasuredStore,
                  "figures: a claimed order says how long it waited since it was due") {
    (void)user.submit({an_order("now").high(), an_order("later").due(60s)});
    store->pass_time(65s);
    CHECK(user.promote() == 1);
    store->pass_time(2s);
    const auto claimed = user.claim(user.enlist("w"), 2);
    REQUIRE(ids_of(claimed) == std::vector<std::string>{"now", "later"});
    CHECK(claimed[0].waited == 67s);
    CHECK(claimed[1].waited == 7s);
}

TEST_CASE_FIXTURE(MeasuredStore,
                  "figures: a lease that is settled says how long its order was in work") {
    (void)user.submit(an_order("a").of_kind("mail"));
    PullOrders pull{.worker = "w", .lease_time = lease_time, .claim = {.limit = 1}};
    const auto pulled = std::get<Pulled>(user.act(pull));
    REQUIRE(pulled.orders.size() == 1);
    store->pass_time(3s);
    const LeaseActions complete{{{pulled.orders[0].lease, ProcessingResult(Completed{})}}};
    const auto done = std::get<LeaseOutcomes>(user.act(complete));
    REQUIRE(done.at(0).was_in_work);
    CHECK(done.at(0).was_in_work->first.name() == "mail");
    CHECK(done.at(0).was_in_work->second == 3s);
    CHECK_FALSE(std::get<LeaseOutcomes>(user.act(complete)).at(0).was_in_work);
}

TEST_CASE_FIXTURE(MeasuredStore, "figures: a storage measures what its parts commit") {
    const auto work = store->storage().work();
    const auto count = [](const Histogram& histogram) {
        std::uint64_t all = 0;
        for (const auto bucket : histogram.seen().buckets) all += bucket;
        return all;
    };
    const auto before = count(work->intake.commits);
    (void)user.submit({an_order("a"), an_order("b"), an_order("c")});
    CHECK(count(work->intake.commits) == before + 1);
    CHECK(work->intake.groups.seen().sum == 3);
    const auto claimed = user.claim(user.enlist("w"), 2);
    CHECK(work->dispatcher.groups.seen().sum == 2);
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 2);
    CHECK(work->maintenance.groups.seen().sum == 2);
}

}  // namespace orders::test
