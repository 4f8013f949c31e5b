// Both programs at full load on one store: what each still gets done, how long a claim waits for
// its turn, and how long the write-ahead log becomes.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <thread>

#include "tests/bench/claimer.h"
#include "tests/bench/create_load.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"

namespace orders::bench {
namespace {

double drain_alone(std::int64_t orders) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    return drain(directory.location());
}

struct BothBusy {
    Figures creates;
    double drain_rate = 0;
    Figures claim_wait;
};

BothBusy keep_both_busy(const CreateLoad& load, std::int64_t waiting_orders) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), waiting_orders);
    ServiceProcess api = start_api(directory.location());
    ServiceProcess worker = start_worker(directory.location(), drain_threads);
    DeliveryAudit audit(directory.location());
    Progress progress(directory.location());
    Claimer claimer(directory.location());

    const auto begin = SteadyClock::now();
    const std::int64_t finished_before = progress.finished();
    const LoadResult creates = run_creates(api.port(), load, audit);
    const auto finished = static_cast<double>(progress.finished() - finished_before);
    const Seconds taken = SteadyClock::now() - begin;

    const Figures claim_wait = claimer.stop();
    api.stop();
    worker.stop();
    audit.check();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());
    return {.creates = creates.figures,
            .drain_rate = finished / taken.count(),
            .claim_wait = claim_wait};
}

// The largest size of a file that grows and shrinks meanwhile.
class SizeWatch {
   public:
    explicit SizeWatch(const std::string& file)
        : thread_([this, file](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  std::error_code not_there_yet;
                  const auto size = std::filesystem::file_size(file, not_there_yet);
                  if (!not_there_yet) largest_ = std::max(largest_, size);
                  std::this_thread::sleep_for(std::chrono::milliseconds(50));
              }
          }) {}

    [[nodiscard]] double stop_and_get_mebibytes() {
        thread_.request_stop();
        thread_.join();
        return static_cast<double>(largest_) / (1024 * 1024);
    }

   private:
    std::uintmax_t largest_ = 0;  // the thread's, until it has ended
    std::jthread thread_;         // last: it uses the above
};

}  // namespace

void measure_busy_both(const Settings& settings, Report& report) {
    constexpr double goal = 0.4;
    constexpr Microseconds wait_goal = std::chrono::milliseconds(50);
    const CreateLoad load{.connections = 64, .duration = std::chrono::seconds(settings.pick(8, 1))};
    const Figures creates_alone = creates_on_new_store(load, settings);
    const double alone = drain_alone(settings.pick(120'000, 5'000));
    // More than the worker could finish with the machine to itself, so that it never runs dry.
    const double enough = alone * 1.25 * static_cast<double>(load.duration.count());
    const BothBusy both =
        keep_both_busy(load, settings.pick(static_cast<std::int64_t>(enough), std::int64_t{5'000}));

    report.add(ratio_line("busy-both",
                          {.what = "creates", .at_least = goal, .whose = "creates alone"},
                          both.creates.rate / creates_alone.rate, text_of(both.creates),
                          "no worker: " + text_of(creates_alone)));
    report.add(ratio_line("", {.what = "drain", .at_least = goal, .whose = "draining alone"},
                          both.drain_rate / alone, rate_text(both.drain_rate),
                          "no API: " + rate_text(alone)));
    report.add(
        Line{.row = "",
             .goal = "p99 of a claim's wait at most " + time_text(wait_goal),
             .measured = time_text(both.claim_wait.p99) + ", max " + time_text(both.claim_wait.max),
             .is_met = both.claim_wait.p99 <= wait_goal,
             .ours = text_of(both.claim_wait)});
}

void measure_wal(const Settings& settings, Report& report) {
    constexpr double size_goal = 64;
    constexpr Microseconds time_goal = std::chrono::milliseconds(50);
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    ServiceProcess worker = start_worker(directory.location(), drain_threads);
    DeliveryAudit audit(directory.location());
    SizeWatch log(directory.location() + "-wal");
    const LoadResult creates = run_creates(
        api.port(), {.connections = 64, .duration = std::chrono::seconds(settings.pick(60, 1))},
        audit);
    const double size = log.stop_and_get_mebibytes();
    api.stop();
    Progress(directory.location()).wait_until_all_finished();
    worker.stop();
    audit.check();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());

    report.add(Line{.row = "wal",
                    .goal = "log under " + number_text(size_goal, 0) + " MiB",
                    .measured = number_text(size, 1) + " MiB",
                    .is_met = size < size_goal,
                    .ours = text_of(creates.figures)});
    report.add(
        Line{.row = "",
             .goal = "p99 of creates at most " + time_text(time_goal),
             .measured = time_text(creates.figures.p99) + ", max " + time_text(creates.figures.max),
             .is_met = creates.figures.p99 <= time_goal});
}

}  // namespace orders::bench
