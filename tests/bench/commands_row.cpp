// A worker that runs /bin/true for every order, against a loop that does nothing but start it and
// wait for it.

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

constexpr const char* command = "/bin/true";

Figures drain_by_command(std::int64_t orders) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    Progress progress(directory.location());
    ServiceProcess worker(
        {.path = this_build().program("order-worker"),
         .flags = {"--db", directory.location(), "--command", std::string("default=") + command},
         .ready = " working "});
    const auto begin = SteadyClock::now();
    const auto before = progress.unfinished();
    progress.wait_until_all_finished();
    const Seconds taken = SteadyClock::now() - begin;
    worker.stop();
    check_consistency(directory.location());
    const std::int64_t processed =
        view_of(directory.location())
            ->number("SELECT count(*) FROM orders WHERE status = 2 AND attempts = 1");
    if (processed != orders) throw BenchFailure("not every order was processed once");
    return {.rate = static_cast<double>(before) / taken.count()};
}

[[gnu::noinline]] pid_t start_command() {
    // What is measured beside the worker is this call and nothing around it.
    // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork)
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execl(command, command, nullptr);
        ::_exit(127);
    }
    return child;
}

Figures run_bare(std::int64_t times) {
    const auto begin = SteadyClock::now();
    for (std::int64_t left = times; left > 0; --left) {
        int status = 0;
        const pid_t child = start_command();
        if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
            throw BenchFailure(std::string(command) + " cannot be run");
        }
    }
    const Seconds taken = SteadyClock::now() - begin;
    return {.rate = static_cast<double>(times) / taken.count()};
}

}  // namespace

void measure_commands(const Settings& settings, Report& report) {
    const std::int64_t orders = settings.pick(10'000, 200);
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return drain_by_command(orders); },
        [&] { return run_bare(orders); });
    report.add(ratio_line("commands", {.what = "orders", .at_least = 0.5, .whose = "a bare loop's"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "vfork, exec and wait: " + rate_text(median(comparison.reference).rate)));
}

}  // namespace orders::bench
