#include "tests/bench/in_process_benchmarks.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/orders/order_parsing.h"
#include "shared/os/file_descriptor.h"
#include "tests/bench/raw_orders.h"
#include "tests/bench/store_benchmarks.h"
#include "tests/bench/timed_calls.h"
#include "tests/support/temp_dir.h"

namespace orders::bench {
namespace {

using ::benchmark::State;

// As a commit of one order writes it to the log: four pages, behind what was written last, over old
// content, so that the file system has nothing to allocate.
void sync_16_kib(State& state) {
    constexpr std::size_t write_size = 16 * 1024;
    constexpr std::size_t file_size = 16 * 1024 * 1024;
    const test::TempDir directory;
    const FileDescriptor file(
        ::open(directory.file("log").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const std::vector<char> zeros(file_size);
    const auto write_at = [&](std::size_t offset, std::size_t size) {
        if (::pwrite(file.get(), zeros.data(), size, static_cast<off_t>(offset)) !=
                static_cast<ssize_t>(size) ||
            ::fdatasync(file.get()) != 0) {
            throw BenchFailure("cannot write in the directory of the databases");
        }
    };
    write_at(0, file_size);
    std::size_t offset = 0;
    time_calls(state, 1, [&] {
        write_at(offset, write_size);
        offset = (offset + write_size) % file_size;
    });
}

void insert_raw(State& state, int orders_per_commit, std::size_t payload_bytes) {
    const test::TempDir directory;
    RawOrders orders(directory.file("raw.db"));
    OrderIds ids(new_id_run(IdKind::time_ordered));
    const std::string payload(payload_bytes, '1');
    time_calls(state, orders_per_commit, [&] {
        orders.insert(ids, orders_per_commit, payload);
        orders.checkpoint_if_due();
    });
}

void drain_raw(State& state) {
    constexpr int orders_per_commit = 64;
    const test::TempDir directory;
    RawOrders orders(directory.file("raw.db"));
    OrderIds ids(new_id_run(IdKind::time_ordered));
    for (auto left = state.max_iterations; left > 0; --left) {
        orders.insert(ids, orders_per_commit);
        orders.checkpoint_if_due();
    }
    time_calls(state, orders_per_commit, [&] {
        (void)orders.take_turn(orders_per_commit);
        orders.checkpoint_if_due();
    });
}

void parse_one_order(State& state) {
    constexpr char body[] =
        R"({"order_id":"run000010000000000000001","priority":"High","processing_time":1})";
    // Too short for the clock to be read around each.
    while (state.KeepRunning()) {
        auto parsed = parse_order(body);
        ::benchmark::DoNotOptimize(parsed);
    }
    state.SetItemsProcessed(state.iterations());
}

class FiguresReporter : public ::benchmark::BenchmarkReporter {
   public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            const auto counter = [&](const char* name) -> double {
                const auto found = run.counters.find(name);
                return found == run.counters.end() ? 0 : found->second.value;
            };
            figures_ = Figures{.rate = counter("items_per_second"),
                               .p50 = Microseconds(counter(p50_counter)),
                               .p99 = Microseconds(counter(p99_counter))};
        }
    }
    [[nodiscard]] const std::optional<Figures>& figures() const { return figures_; }

   private:
    std::optional<Figures> figures_;
};

}  // namespace

void register_benchmarks(const Settings& settings) {
    // A fixed number of calls: each benchmark then runs once, on one store.
    const auto add = [](const char* name, void (*function)(State&), int calls) {
        // As RegisterBenchmark() does it. The library keeps what is registered, but clang-tidy does
        // not know that, and could not be told in the library's header.
        namespace library = ::benchmark::internal;
        // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
        library::RegisterBenchmarkInternal(new library::FunctionBenchmark(name, function))
            ->Iterations(calls)
            ->UseRealTime();
    };
    add(benchmark_name::sync, sync_16_kib, settings.pick(1'000, 20));
    add(
        benchmark_name::raw_insert, [](State& state) { insert_raw(state, 1'000, 0); },
        settings.pick(400, 5));
    // As many as a group has on average while 64 clients wait for their answers.
    add(
        benchmark_name::raw_insert_1k, [](State& state) { insert_raw(state, 32, 1'024); },
        settings.pick(1'000, 10));
    add(
        benchmark_name::raw_insert_16k, [](State& state) { insert_raw(state, 32, 16'384); },
        settings.pick(300, 5));
    add(benchmark_name::raw_drain, drain_raw, settings.pick(1'000, 30));
    add(
        benchmark_name::submit_1, [](State& state) { submit_to_store(state, 1); },
        settings.pick(1'000, 20));
    add(
        benchmark_name::submit_64, [](State& state) { submit_to_store(state, 64); },
        settings.pick(500, 10));
    add(
        benchmark_name::submit_1000, [](State& state) { submit_to_store(state, 1'000); },
        settings.pick(200, 3));
    add(benchmark_name::drain_64, drain_store, settings.pick(500, 20));
    add(benchmark_name::report, report_of_store, settings.pick(10'000, 100));
    add(benchmark_name::parse, parse_one_order, settings.pick(500'000, 1'000));
}

Figures run_benchmark(const std::string& name) {
    FiguresReporter reporter;
    // The library takes a pattern; no name has a character that means something in one.
    ::benchmark::RunSpecifiedBenchmarks(&reporter, "^" + name + "/");
    if (!reporter.figures()) throw BenchFailure("there is no benchmark called " + name);
    return *reporter.figures();
}

}  // namespace orders::bench
