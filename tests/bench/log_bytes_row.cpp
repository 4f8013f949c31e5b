// How much an order writes to the write-ahead log from its create to its end, if it has nothing but
// what an order must have: counted, not timed, so it is the same on every machine.

#include <cstdint>
#include <filesystem>
#include <string>

#include "shared/storage/open_storage.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"

namespace orders::bench {
namespace {

constexpr std::int64_t orders_in_all = 20'480;  // whose log is not long enough for a checkpoint
constexpr std::size_t orders_per_create = 256;
constexpr std::size_t orders_per_turn = 64;

}  // namespace

void measure_log_bytes(const Settings& settings, Report& report) {
    constexpr double of_0_1_0 = 553;
    constexpr double at_most = 1.1;
    const std::int64_t orders = settings.pick(orders_in_all, std::int64_t{1'024});
    const StoreDirectory directory;
    const auto storage = open_storage(directory.location());
    const auto intake = storage->open_intake();
    const auto worker = storage->open_worker();
    const auto log_size = [&] {
        return static_cast<double>(std::filesystem::file_size(directory.location() + "-wal"));
    };
    OrderIds ids(new_id_run(IdKind::time_ordered));
    WorkerTurn turn{.worker = worker->enlist({.name = "bench", .host = "bench", .threads = 1},
                                             std::chrono::hours(1)),
                    .lease_time = std::chrono::hours(1),
                    .claim = {.limit = orders_per_turn}};
    const double before = log_size();
    for (std::int64_t done = 0; done < orders; done += orders_per_create) {
        std::vector<NewOrder> group;
        for (std::size_t i = 0; i < orders_per_create; ++i) {
            group.push_back(
                {{.order_id = OrderId::parse(ids.next()).value(), .priority = Priority::normal}});
        }
        (void)intake->begin()->commit({.creates = {group}});
    }
    const double created = log_size();
    for (std::int64_t done = 0; done < orders;) {
        const WorkerOutcomes outcomes = worker->take_turn(turn);
        done += static_cast<std::int64_t>(outcomes.settled.size());
        turn.settlements.clear();
        for (const ClaimedOrder& order : outcomes.claimed) {
            turn.settlements.push_back({order.lease, Completed{}});
        }
    }
    const auto per_order = [&](double bytes) { return bytes / static_cast<double>(orders); };
    const double drained = per_order(log_size() - created);
    report.add(Line{.row = "log-bytes",
                    .goal = "a drain at most 1.1 of 0.1.0's 553 B for each order",
                    .measured = ratio_text(drained / of_0_1_0),
                    .is_met = drained / of_0_1_0 <= at_most,
                    .ours = number_text(drained, 0) + " B; a create " +
                            number_text(per_order(created - before), 0) + " B"});
}

}  // namespace orders::bench
