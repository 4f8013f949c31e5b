// Orders on PostgreSQL: the programs against libpq doing the same to the same tables with nothing
// around it, on the same server.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/create_load.h"
#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/postgres_stores.h"
#include "tests/bench/raw_postgres_orders.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

// Runs `work` on this many connections, each with a thread, and returns how many orders they have
// done per second. What it returns is how many one call has done; 0 ends it.
template <typename Work>
Figures run_raw(const std::string& url, int connections, Work work) {
    std::vector<std::unique_ptr<RawPostgresOrders>> sides;
    for (int number = 0; number < connections; ++number) {
        sides.push_back(std::make_unique<RawPostgresOrders>(url));
    }
    std::vector<std::int64_t> done(sides.size());
    const auto begin = SteadyClock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t number = 0; number < sides.size(); ++number) {
            threads.emplace_back([&, number] {
                while (const int orders = work(*sides[number], static_cast<int>(number))) {
                    done[number] += orders;
                }
            });
        }
    }
    const Seconds taken = SteadyClock::now() - begin;
    double all = 0;
    for (const std::int64_t orders : done) all += static_cast<double>(orders);
    return {.rate = all / taken.count()};
}

// By two connections, as many orders a commit.
Figures raw_creates(PostgresStores& stores, const Settings& settings, int orders_per_commit) {
    constexpr int connections = 2;
    std::vector<OrderIds> ids;
    for (int number = 0; number < connections; ++number) {
        ids.emplace_back(new_id_run(IdKind::time_ordered));
    }
    const auto end = SteadyClock::now() + settings.load_time();
    return run_raw(stores.new_store(), connections, [&](RawPostgresOrders& orders, int number) {
        if (SteadyClock::now() >= end) return 0;
        orders.insert(ids[static_cast<std::size_t>(number)], orders_per_commit);
        return orders_per_commit;
    });
}

Figures raw_drain(PostgresStores& stores, std::int64_t orders, int connections) {
    const std::string url = stores.new_store();
    add_waiting_orders(url, orders);
    const Figures figures =
        run_raw(url, connections, [](RawPostgresOrders& side, int) { return side.take_turn(64); });
    if (view_of(url)->number("SELECT count(*) FROM orders WHERE status = 2") != orders) {
        throw BenchFailure("the reference has left orders");
    }
    return figures;
}

Figures drain_by(PostgresStores& stores, std::int64_t orders, int workers) {
    const std::string url = stores.new_store();
    add_waiting_orders(url, orders);
    const double rate = drain(url, this_build(), workers);
    check_consistency(url);
    check_processed_at_most_once(url);
    return {.rate = rate};
}

void compare_drains(const Settings& settings, Report& report, const std::string& row, int workers) {
    const std::int64_t orders = settings.pick(100'000, 2'000);
    PostgresStores stores;
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return drain_by(stores, orders, workers); },
        [&] { return raw_drain(stores, orders, workers); });
    report.add(ratio_line(row, {.what = "orders", .at_least = 0.75, .whose = "libpq's alone"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "libpq alone, " + std::to_string(workers) +
                              " x 64: " + rate_text(median(comparison.reference).rate)));
}

// What others made, where `./dev bench --postgres` has put it together.
std::filesystem::path peers_directory() {
    return std::filesystem::path(ORDERS_BENCH_SOURCE_DIR) / "../../build/peers";
}

ServiceProcess start_peer(std::string_view ready, const std::vector<std::string>& arguments) {
    std::vector<std::string> flags{"node", (peers_directory() / "peers.mjs").string()};
    flags.insert(flags.end(), arguments.begin(), arguments.end());
    return ServiceProcess({.path = "/usr/bin/env", .flags = flags, .ready = ready});
}

Figures peer_drain(PostgresStores& stores, const std::string& peer, std::int64_t jobs) {
    const ServiceProcess process =
        start_peer("done ", {peer, stores.place_for_new(), std::to_string(jobs)});
    return {.rate = static_cast<double>(process.number("per_second"))};
}

}  // namespace

void measure_postgres_peers(const Settings& settings, Report& report) {
    if (!std::filesystem::exists(peers_directory() / "node_modules")) {
        report.add(Line{.row = "pg-peers",
                        .goal = "above pg-boss and graphile-worker",
                        .measured = "not measured: they are not in build/peers"});
        return;
    }
    const CreateLoad load{.connections = 64, .duration = settings.load_time()};
    const std::int64_t jobs = settings.pick(50'000, 1'000);
    PostgresStores stores;
    const Comparison creates = take_turns(
        settings.rounds(), [&] { return creates_at(stores.place_for_new(), load, settings); },
        [&] {
            ServiceProcess front = start_peer("listening ", {"front", stores.place_for_new()});
            const Figures figures = run_creates(front.port(), load).figures;
            front.stop();
            return figures;
        });
    report.add(ratio_line("pg-peers",
                          {.what = "creates", .at_least = 5, .whose = "pg-boss's behind HTTP"},
                          creates.rate_ratio(), rate_text(median(creates.ours).rate),
                          "pg-boss: " + rate_text(median(creates.reference).rate)));
    for (const std::string peer : {"pg-boss", "graphile"}) {
        const Comparison drains = take_turns(
            settings.rounds(), [&] { return drain_by(stores, jobs, 1); },
            [&] { return peer_drain(stores, peer, jobs); });
        report.add(ratio_line("", {.what = "drain", .at_least = 1, .whose = peer + "'s"},
                              drains.rate_ratio(), rate_text(median(drains.ours).rate),
                              peer + ": " + rate_text(median(drains.reference).rate)));
    }
}

void measure_postgres_creates(const Settings& settings, Report& report) {
    constexpr double goal = 0.8;
    const CreateLoad load{.connections = 64, .duration = settings.load_time()};
    PostgresStores stores;
    ServiceProcess server = start_reference_server(load.connections);
    std::vector<Figures> handlers;
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return creates_at(stores.place_for_new(), load, settings); },
        [&] {
            handlers.push_back(run_creates(server.port(), load).figures);
            return raw_creates(stores, settings, 64);
        });
    // What is left if each order takes the time of both, one after the other.
    std::vector<double> ratios;
    for (std::size_t i = 0; i < handlers.size(); ++i) {
        ratios.push_back(comparison.ours[i].rate *
                         (1 / handlers[i].rate + 1 / comparison.reference[i].rate));
    }
    report.add(Line{
        .row = "pg-creates-64",
        .goal = "creates at least 0.80 of what both references allow together",
        .measured = ratio_text(median(ratios)),
        .is_met = median(ratios) >= goal,
        .ours = text_of(median(comparison.ours)),
        .reference = "cpp-httplib: " + rate_text(median(handlers).rate) +
                     "; libpq alone, 2 x 64: " + rate_text(median(comparison.reference).rate)});
}

void measure_postgres_batch(const Settings& settings, Report& report) {
    PostgresStores stores;
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return batches_at(stores.place_for_new(), settings); },
        [&] { return raw_creates(stores, settings, 256); });
    report.add(ratio_line("pg-batch-1000",
                          {.what = "orders", .at_least = 0.5, .whose = "libpq's alone"},
                          comparison.rate_ratio(), text_of(median(comparison.ours)) + " (a batch)",
                          "libpq alone, 2 x 256: " + rate_text(median(comparison.reference).rate)));
}

void measure_postgres_drain(const Settings& settings, Report& report) {
    compare_drains(settings, report, "pg-drain", 1);
}

void measure_postgres_drain_4(const Settings& settings, Report& report) {
    compare_drains(settings, report, "pg-drain-4", 4);
}

void measure_postgres_pickup(const Settings& settings, Report& report) {
    constexpr Microseconds p50_goal = std::chrono::milliseconds(2);
    constexpr Microseconds p99_goal = std::chrono::milliseconds(4);
    PostgresStores stores;
    const PickupTimes times =
        pick_up_at(stores.place_for_new(), std::chrono::milliseconds(settings.pick(12'000, 600)));
    report.add(Line{.row = "pg-pickup",
                    .goal = "stored to started: p50 at most 2 ms, p99 at most 4 ms",
                    .measured = time_text(times.fine_p50) + ", " + time_text(times.whole.p99) +
                                ", max " + time_text(times.whole.max),
                    .is_met = times.fine_p50 <= p50_goal && times.whole.p99 <= p99_goal});
}

void measure_postgres_growth(const Settings& settings, Report& report) {
    constexpr double goal = 0.85;
    const CreateLoad load{.connections = 64, .duration = settings.load_time()};
    const std::int64_t orders = settings.pick(60'000, 2'000);
    PostgresStores stores;
    const std::string full = stores.new_store();
    add_finished_orders(full, settings.pick(3'000'000, 20'000));
    const Comparison creates = take_turns(
        settings.rounds(),
        [&] {
            const Figures figures = creates_at(full, load, settings);
            drain(full);  // the next measurement begins with nothing to do
            return figures;
        },
        [&] { return creates_at(stores.place_for_new(), load, settings); });
    report.add(ratio_line(
        "pg-growth",
        {.what = "creates, 3 M finished orders:", .at_least = goal, .whose = "an empty store's"},
        creates.rate_ratio(), text_of(median(creates.ours)),
        "empty store: " + text_of(median(creates.reference))));
    const auto drain_of = [&](const std::string& url) {
        add_waiting_orders(url, orders);
        return Figures{.rate = drain(url)};
    };
    const Comparison drains = take_turns(
        settings.rounds(), [&] { return drain_of(full); },
        [&] { return drain_of(stores.new_store()); });
    report.add(ratio_line("", {.what = "drain:", .at_least = goal, .whose = "an empty store's"},
                          drains.rate_ratio(), rate_text(median(drains.ours).rate),
                          "empty store: " + rate_text(median(drains.reference).rate)));
    check_consistency(full);
}

void measure_postgres_horizon(const Settings& settings, Report& report) {
    constexpr double goal = 0.7;
    constexpr std::int64_t portion = 200'000;
    const std::chrono::seconds window(settings.pick(30, 1));
    const int windows = settings.pick(20, 2);
    PostgresStores stores;
    const std::string url = stores.new_store();
    RawPostgres reader(url);
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
    reader.execute("SELECT count(*) FROM orders");
    Progress progress(url);
    add_waiting_orders(url, portion);
    ServiceProcess worker = start_worker(url, drain_threads);
    std::vector<double> rates;
    for (int number = 0; number < windows; ++number) {
        const auto begin = SteadyClock::now();
        const std::int64_t before = progress.finished();
        while (SteadyClock::now() - begin < window) {
            if (progress.unfinished() < portion) add_waiting_orders(url, portion);
            // A look walks over counter changes that are gone: it is not to be what is measured.
            std::this_thread::sleep_for(std::chrono::milliseconds(settings.pick(500, 20)));
        }
        const Seconds taken = SteadyClock::now() - begin;
        rates.push_back(static_cast<double>(progress.finished() - before) / taken.count());
        say("    " + rate_text(rates.back()));
    }
    worker.stop();
    check_consistency(url);
    report.add(ratio_line(
        "pg-horizon",
        {.what = "drain after " + std::to_string(windows * window.count()) +
                 " s of a transaction that is held open:",
         .at_least = goal,
         .whose = "that at its beginning"},
        rates.back() / rates.front(), rate_text(rates.back()),
        "in the first " + std::to_string(window.count()) + " s: " + rate_text(rates.front())));
}

void measure_postgres_idle(const Settings& settings, Report& report) {
    constexpr double cpu_goal = 0.5;
    constexpr double statements_goal = 10;
    PostgresStores stores("shared_preload_libraries = 'pg_stat_statements'\n");
    const std::string url = stores.new_store();
    RawPostgres reader(url);
    reader.execute("CREATE EXTENSION pg_stat_statements SCHEMA public");
    ServiceProcess api = start_api(url);
    ServiceProcess worker = start_worker(url, 10);
    std::this_thread::sleep_for(std::chrono::milliseconds(settings.pick(3'000, 200)));
    reader.execute("SELECT public.pg_stat_statements_reset()");
    const auto begin = SteadyClock::now();
    const double percent =
        cpu_percent_at_rest(api, worker, std::chrono::seconds(settings.pick(20, 1)));
    const Seconds taken = SteadyClock::now() - begin;
    const RawRows rows = reader.execute(
        "SELECT calls, regexp_replace(left(query, 70), '\\s+', ' ', 'g')"
        " FROM public.pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'"
        " AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " ORDER BY calls DESC");
    std::int64_t statements = 0;
    for (int row = 0; row < rows.size(); ++row) {
        statements += rows.number(row, 0);
        say("    " + rows.text(row, 0) + " times: " + rows.text(row, 1));
    }
    api.stop();
    worker.stop();
    const double per_second = static_cast<double>(statements) / taken.count();
    report.add(Line{.row = "pg-idle",
                    .goal = "both at rest: at most 0.5 % of a core",
                    .measured = number_text(percent, 2) + " %",
                    .is_met = percent <= cpu_goal});
    report.add(Line{.row = "",
                    .goal = "at most 10 statements a second",
                    .measured = number_text(per_second, 1),
                    .is_met = per_second <= statements_goal});
}

}  // namespace orders::bench
