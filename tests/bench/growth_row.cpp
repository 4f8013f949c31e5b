// Millions of finished orders against none: nothing that clients and workers do may notice them.

#include <functional>
#include <vector>

#include "shared/storage/open_storage.h"
#include "tests/bench/create_load.h"
#include "tests/bench/drain.h"
#include "tests/bench/finished_store.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

std::string name_of(IdKind kind) {
    return kind == IdKind::random ? "random ids" : "time-ordered ids";
}

class Growth {
   public:
    Growth(const Settings& settings, Report& report, std::string row)
        : settings_(settings), report_(report), row_(std::move(row)) {
        make_finished_store(full_, settings.pick(3'000'000, 20'000));
    }

    void compare_creates(IdKind kind, double goal) {
        const CreateLoad load{.connections = 64, .duration = settings_.load_time(), .ids = kind};
        const auto on_full = [&] {
            const Figures figures = creates_at(full_, load, settings_);
            drain(full_);  // the next measurement begins with nothing to do
            return figures;
        };
        const auto on_new = [&] { return creates_on_new_store(load, settings_); };
        add_comparison("creates", kind, goal, take_turns(settings_.rounds(), on_full, on_new));
    }

    void compare_drains(IdKind kind, double goal) {
        const std::int64_t orders = settings_.pick(60'000, 2'000);
        const auto drain_at = [&](const std::string& location) {
            submit_orders(location, new_id_run(kind), orders);
            return Figures{.rate = drain(location)};
        };
        const auto on_new = [&] {
            const StoreDirectory directory;
            return drain_at(directory.location());
        };
        add_comparison("drain", kind, goal,
                       take_turns(
                           settings_.rounds(), [&] { return drain_at(full_); }, on_new));
    }

    void compare_answers(const std::string& path, Microseconds goal) {
        const StoreDirectory empty;
        const Figures on_new = answers_at(empty.location(), path);
        const Figures on_full = answers_at(full_, path);
        add({.row = "",
             .goal = "p50 of GET " + path + " at most " + time_text(goal),
             .measured = time_text(on_full.p50),
             .is_met = on_full.p50 <= goal,
             .ours = text_of(on_full),
             .reference = "empty store: " + text_of(on_new)});
    }

    void compare_claims() {
        const StoreDirectory empty;
        const Figures on_new = claims_at(empty.location());
        const Figures on_full = claims_at(full_);
        add({.row = "",
             .goal = "a claim of 64, without its commit",
             .measured = time_text(on_full.p50),
             .ours = text_of(on_full),
             .reference = "empty store: " + text_of(on_new)});
    }

    void check() const {
        check_consistency(full_);
        check_processed_at_most_once(full_);
    }

   private:
    void add(Line line) {
        line.row = std::exchange(row_, "");  // on the first line only
        report_.add(std::move(line));
    }

    void add_comparison(const std::string& what, IdKind kind, double goal,
                        const Comparison& comparison) {
        add(ratio_line("",
                       {.what = what + ", " + name_of(kind) + ":",
                        .at_least = goal,
                        .whose = "an empty store's"},
                       comparison.rate_ratio(), text_of(median(comparison.ours)),
                       "empty store: " + text_of(median(comparison.reference))));
    }

    [[nodiscard]] Figures answers_at(const std::string& location, const std::string& path) const {
        ServiceProcess api = start_api(location);
        test::HttpClient client(api.port());
        Latencies latencies;
        for (int i = 0; i < settings_.pick(2'000, 100); ++i) {
            const auto begin = SteadyClock::now();
            const int status = client.get(path).status;
            latencies.add(SteadyClock::now() - begin);
            if (status != 200) throw BenchFailure(path + " was not answered");
        }
        api.stop();
        return latencies.figures();
    }

    // Each is settled at once, so that the store is as it was.
    [[nodiscard]] Figures claims_at(const std::string& location) const {
        constexpr std::size_t orders_per_claim = 64;
        constexpr std::chrono::hours lease_time{1};
        const int claims = settings_.pick(200, 10);
        const auto storage = open_storage(location);
        submit_orders(*storage->open_intake(), new_id_run(IdKind::random),
                      claims * static_cast<std::int64_t>(orders_per_claim));
        const auto store = storage->open_worker();
        const WorkerId worker = store->enlist(
            {.name = new_id_run(IdKind::random).name, .host = "bench", .threads = 1}, lease_time);
        Latencies latencies;
        for (int i = 0; i < claims; ++i) {
            const auto begin = SteadyClock::now();
            const WorkerOutcomes outcomes = store->take_turn(
                {.worker = worker, .lease_time = lease_time, .claim = {.limit = orders_per_claim}});
            latencies.add(SteadyClock::now() - begin);
            WorkerTurn settling;
            for (const ClaimedOrder& order : outcomes.claimed) {
                settling.settlements.push_back({order.lease, Completed{}});
            }
            (void)store->take_turn(settling);
            store->tidy();
        }
        return latencies.figures();
    }

    const Settings& settings_;
    Report& report_;
    std::string row_;
    StoreDirectory directory_;
    std::string full_ = directory_.location();
};

}  // namespace

void measure_growth(const Settings& settings, Report& report) {
    Growth growth(settings, report, "growth");
    growth.compare_creates(IdKind::random, 0.7);
    growth.compare_creates(IdKind::time_ordered, 0.9);
    growth.compare_drains(IdKind::random, 0.7);
    growth.compare_drains(IdKind::time_ordered, 0.9);
    growth.compare_answers("/api/v1/report", std::chrono::milliseconds(1));
    growth.compare_answers("/metrics", std::chrono::milliseconds(5));
    growth.compare_claims();
    growth.check();
}

}  // namespace orders::bench
