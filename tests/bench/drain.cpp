#include "tests/bench/drain.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "shared/storage/open_storage.h"
#include "tests/bench/figures.h"
#include "tests/bench/service_process.h"

namespace orders::bench {

void submit_orders(IntakeStore& store, const IdRun& run, std::int64_t orders) {
    constexpr std::int64_t orders_per_commit = 1'000;
    OrderIds ids(run);
    for (std::int64_t done = 0; done < orders; done += orders_per_commit) {
        std::vector<NewOrder> group;
        const auto size = std::min(orders_per_commit, orders - done);
        for (std::int64_t i = 0; i < size; ++i) {
            group.push_back({{.order_id = OrderId::parse(ids.next()).value(),
                              .priority = i % 2 == 0 ? Priority::normal : Priority::high,
                              .processing_time = ProcessingTime::parse(1).value()}});
        }
        (void)store.begin()->commit({.creates = {group}});
        store.tidy();
    }
}

void submit_orders(const std::string& location, const IdRun& run, std::int64_t orders) {
    submit_orders(*open_storage(location)->open_intake(), run, orders);
}

Progress::Progress(const std::string& location) : reader_(open_storage(location)->open_reader()) {}

StatusCounts Progress::counts() {
    return reader_->report().total();
}

std::int64_t Progress::unfinished() {
    const StatusCounts now = counts();
    return now.pending + now.processing;
}

std::int64_t Progress::finished() {
    const StatusCounts now = counts();
    return now.processed + now.failed;
}

void Progress::wait_until_all_finished() {
    const auto deadline = SteadyClock::now() + std::chrono::minutes(2);
    while (unfinished() > 0) {
        if (SteadyClock::now() > deadline) throw BenchFailure("orders were not finished in time");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

double drain(const std::string& location) {
    Progress progress(location);
    const auto orders = static_cast<double>(progress.unfinished());
    const auto begin = SteadyClock::now();
    ServiceProcess worker = start_worker(location, drain_threads);
    progress.wait_until_all_finished();
    const Seconds taken = SteadyClock::now() - begin;
    worker.stop();
    return orders / taken.count();
}

}  // namespace orders::bench
