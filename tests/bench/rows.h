#pragma once

// The rows of the table. Each measures something of its own, on stores of its own, adds its lines
// to the report, and throws if an order was lost or nothing could be measured.

#include <functional>
#include <string_view>
#include <vector>

#include "tests/bench/report.h"
#include "tests/bench/settings.h"

namespace orders::bench {

void measure_creates_64(const Settings& settings, Report& report);
void measure_creates_16(const Settings& settings, Report& report);
void measure_creates_1(const Settings& settings, Report& report);
void measure_batch(const Settings& settings, Report& report);
void measure_drain(const Settings& settings, Report& report);
void measure_creates_1k(const Settings& settings, Report& report);
void measure_creates_16k(const Settings& settings, Report& report);
void measure_drain_1k(const Settings& settings, Report& report);
void measure_commands(const Settings& settings, Report& report);
void measure_due_at_once(const Settings& settings, Report& report);
void measure_bulk_cancel(const Settings& settings, Report& report);
void measure_pull_batches(const Settings& settings, Report& report);
void measure_pull_single(const Settings& settings, Report& report);
void measure_pull_pickup(const Settings& settings, Report& report);
void measure_pull_waiting(const Settings& settings, Report& report);
void measure_log_bytes(const Settings& settings, Report& report);
void measure_busy_both(const Settings& settings, Report& report);
void measure_pickup(const Settings& settings, Report& report);
void measure_idle_cost(const Settings& settings, Report& report);
void measure_get(const Settings& settings, Report& report);
void measure_two_writes(const Settings& settings, Report& report);
void measure_newcomers(const Settings& settings, Report& report);
void measure_watched(const Settings& settings, Report& report);
void measure_growth(const Settings& settings, Report& report);
void measure_wal(const Settings& settings, Report& report);
// Of a build with webhooks.
void measure_webhooks(const Settings& settings, Report& report);
void measure_webhooks_5000(const Settings& settings, Report& report);
void measure_webhooks_dead(const Settings& settings, Report& report);
void measure_in_process(const Settings& settings, Report& report);
// Of a build with PostgreSQL.
void measure_postgres_creates(const Settings& settings, Report& report);
void measure_postgres_batch(const Settings& settings, Report& report);
void measure_postgres_drain(const Settings& settings, Report& report);
void measure_postgres_drain_4(const Settings& settings, Report& report);
void measure_postgres_pickup(const Settings& settings, Report& report);
void measure_postgres_growth(const Settings& settings, Report& report);
void measure_postgres_horizon(const Settings& settings, Report& report);
void measure_postgres_peers(const Settings& settings, Report& report);
void measure_postgres_idle(const Settings& settings, Report& report);

struct Row {
    std::string_view name;
    std::string_view what;
    std::function<void(const Settings&, Report&)> measure;
};

// Against the goals, in the order of the table. Those beside another build: beside.h.
[[nodiscard]] std::vector<Row> goal_rows();
// The same of orders on PostgreSQL; none if the build has no PostgreSQL, or the machine.
[[nodiscard]] std::vector<Row> postgres_rows();

}  // namespace orders::bench
