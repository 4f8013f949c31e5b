#include "tests/bench/store_benchmarks.h"

#include <chrono>
#include <memory>
#include <vector>

#include "shared/storage/open_storage.h"
#include "tests/bench/drain.h"
#include "tests/bench/service_process.h"
#include "tests/bench/timed_calls.h"

namespace orders::bench {
namespace {

using ::benchmark::State;

constexpr std::chrono::hours lease_time{1};

WorkerId enlist(WorkerStore& store) {
    return store.enlist({.name = "bench", .host = "bench", .threads = 1}, lease_time);
}

}  // namespace

void submit_to_store(State& state, int orders_per_commit) {
    const StoreDirectory directory;
    const auto store = open_storage(directory.location())->open_intake();
    OrderIds ids(new_id_run(IdKind::time_ordered));
    const auto new_group = [&] {
        std::vector<NewOrder> group;
        group.reserve(static_cast<std::size_t>(orders_per_commit));
        for (int i = 0; i < orders_per_commit; ++i) {
            group.push_back({{.order_id = OrderId::parse(ids.next()).value(),
                              .priority = i % 2 == 0 ? Priority::normal : Priority::high,
                              .processing_time = ProcessingTime::parse(1).value()}});
        }
        return group;
    };
    time_calls(state, orders_per_commit, [&] {
        const auto group = new_group();
        (void)store->begin()->commit({.creates = {group}});
        store->tidy();
    });
}

void drain_store(State& state) {
    constexpr int orders_per_commit = 64;
    const StoreDirectory directory;
    const auto storage = open_storage(directory.location());
    const auto store = storage->open_worker();
    WorkerTurn turn{
        .worker = enlist(*store), .lease_time = lease_time, .claim = {.limit = orders_per_commit}};
    submit_orders(*storage->open_intake(), new_id_run(IdKind::time_ordered),
                  static_cast<std::int64_t>(state.max_iterations) * orders_per_commit);
    time_calls(state, orders_per_commit, [&] {
        const WorkerOutcomes outcomes = store->take_turn(turn);
        turn.settlements.clear();
        for (const ClaimedOrder& order : outcomes.claimed) {
            turn.settlements.push_back({order.lease, Completed{}});
        }
        store->tidy();
    });
}

void report_of_store(State& state) {
    const StoreDirectory directory;
    const auto storage = open_storage(directory.location());
    const auto worker = storage->open_worker();
    (void)enlist(*worker);
    submit_orders(*storage->open_intake(), new_id_run(IdKind::time_ordered), 1'000);
    const auto reader = storage->open_reader();
    time_calls(state, 1, [&] {
        auto report = reader->report();
        ::benchmark::DoNotOptimize(report);
    });
}

}  // namespace orders::bench
