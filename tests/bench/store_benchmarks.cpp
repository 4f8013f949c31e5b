#include "tests/bench/store_benchmarks.h"

#include <chrono>
#include <memory>
#include <vector>

#include "shared/os/system_clock.h"
#include "shared/storage/open_store.h"
#include "tests/bench/drain.h"
#include "tests/bench/service_process.h"
#include "tests/bench/timed_calls.h"

namespace orders::bench {
namespace {

using ::benchmark::State;

constexpr std::chrono::hours lease_time{1};

WorkerId enlist(OrderStore& store, const Clock& clock) {
    const auto work = store.begin();
    const WorkerId worker =
        work->enlist({.name = "bench", .host = "bench", .threads = 1}, clock.now(), lease_time);
    work->commit();
    return worker;
}

}  // namespace

void submit_to_store(State& state, int orders_per_commit) {
    const StoreDirectory directory;
    const auto store = open_order_store(directory.location());
    const SystemClock clock;
    OrderIds ids(new_id_run(IdKind::time_ordered));
    const auto new_group = [&] {
        std::vector<NewOrder> group;
        group.reserve(static_cast<std::size_t>(orders_per_commit));
        for (int i = 0; i < orders_per_commit; ++i) {
            group.push_back({.order_id = OrderId::parse(ids.next()).value(),
                             .priority = i % 2 == 0 ? Priority::normal : Priority::high,
                             .processing_time = ProcessingTime::parse(1).value()});
        }
        return group;
    };
    time_calls(state, orders_per_commit, [&] {
        const auto group = new_group();
        const auto work = store->begin();
        (void)work->submit(group, clock.now().utc);
        work->commit();
        store->tidy();
    });
}

void drain_store(State& state) {
    constexpr int orders_per_commit = 64;
    const StoreDirectory directory;
    const auto store = open_order_store(directory.location());
    const SystemClock clock;
    const WorkerId worker = enlist(*store, clock);
    submit_orders(*store, new_id_run(IdKind::time_ordered),
                  static_cast<std::int64_t>(state.max_iterations) * orders_per_commit);
    std::vector<Settlement> settlements;
    time_calls(state, orders_per_commit, [&] {
        const auto work = store->begin();
        const Moment now = clock.now();
        (void)work->settle(settlements, now.utc);
        settlements.clear();
        for (const auto& order : work->claim(worker, orders_per_commit, now, lease_time)) {
            settlements.push_back({order.lease, Completed{}});
        }
        work->commit();
        store->tidy();
    });
}

void report_of_store(State& state) {
    const StoreDirectory directory;
    const auto store = open_order_store(directory.location());
    const SystemClock clock;
    (void)enlist(*store, clock);
    submit_orders(*store, new_id_run(IdKind::time_ordered), 1'000);
    time_calls(state, 1, [&] {
        auto report = store->report(clock.now());
        ::benchmark::DoNotOptimize(report);
    });
}

}  // namespace orders::bench
