#include "tests/bench/rows.h"

#if ORDERS_POSTGRES
#include "tests/support/postgres_server.h"
#endif

namespace orders::bench {

std::vector<Row> goal_rows() {
    std::vector<Row> rows{
        Row{"creates-64", "creates over 64 connections, against the stock HTTP library",
            measure_creates_64},
        Row{"creates-16", "the same over 16 connections", measure_creates_16},
        Row{"creates-1", "one create at a time, against an fsync and a round trip",
            measure_creates_1},
        Row{"batch-1000", "batches of 1,000 orders, against raw SQLite", measure_batch},
        Row{"drain", "a worker with 64 threads and instant orders, against raw SQLite",
            measure_drain},
        Row{"creates-1k", "creates with 1 KiB of payload over 64 connections", measure_creates_1k},
        Row{"creates-16k", "the same with 16 KiB", measure_creates_16k},
        Row{"drain-1k", "the drain with 1 KiB of payload, against without", measure_drain_1k},
        Row{"commands", "a worker that runs /bin/true for every order, against a bare loop",
            measure_commands},
        Row{"due-at-once", "a drain of orders that fall due at once, against waiting ones",
            measure_due_at_once},
        Row{"bulk-cancel", "cancelling by filter, beside creates", measure_bulk_cancel},
        Row{"pull-batches", "32 workers that claim and complete 64 at a time over HTTP",
            measure_pull_batches},
        Row{"pull-single", "64 workers that do so one at a time", measure_pull_single},
        Row{"pull-pickup", "from created to claimed, by a worker that waits", measure_pull_pickup},
        Row{"pull-waiting", "CPU for workers that wait", measure_pull_waiting},
        Row{"log-bytes", "what an order without payload writes to the log", measure_log_bytes},
        Row{"busy-both", "creates and a draining worker at the same time, against each alone",
            measure_busy_both},
        Row{"pickup", "from stored to started, with an idle worker", measure_pickup},
        Row{"idle-cost", "CPU and memory of both programs at rest", measure_idle_cost},
        Row{"get-64", "reading single orders, against the stock HTTP library", measure_get},
        Row{"two-writes", "requests whose head and body come in two writes, against one",
            measure_two_writes},
        Row{"newcomers", "new clients beside idle and slow ones", measure_newcomers},
        Row{"watched", "creates, drain and pickup beside those who look on, against without",
            measure_watched},
        Row{"growth", "a store with millions of finished orders, against an empty one",
            measure_growth},
        Row{"wal", "the length of the write-ahead log under steady load", measure_wal},
        Row{"in-process", "parts of the product by themselves", measure_in_process},
    };
#if ORDERS_WEBHOOKS
    rows.insert(rows.end(),
                {Row{"webhooks", "orders to a receiver that answers at once, against libcurl alone",
                     measure_webhooks},
                 Row{"webhooks-5000", "thousands in flight, to a receiver that takes a second",
                     measure_webhooks_5000},
                 Row{"webhooks-dead", "an endpoint beside one that is dead, against it alone",
                     measure_webhooks_dead}});
#endif
    return rows;
}

std::vector<Row> postgres_rows() {
#if ORDERS_POSTGRES
    if (test::PostgresServer::is_available()) {
        return {
            Row{"pg-creates-64", "creates over 64 connections, against HTTP and libpq alone",
                measure_postgres_creates},
            Row{"pg-batch-1000", "batches of 1,000 orders, against libpq alone",
                measure_postgres_batch},
            Row{"pg-drain", "a worker with 64 threads and instant orders, against libpq alone",
                measure_postgres_drain},
            Row{"pg-drain-4", "four of them", measure_postgres_drain_4},
            Row{"pg-pickup", "from stored to started, with an idle worker",
                measure_postgres_pickup},
            Row{"pg-growth", "millions of finished orders, against an empty store",
                measure_postgres_growth},
            Row{"pg-horizon", "a drain beside a transaction that is held open for ten minutes",
                measure_postgres_horizon},
            Row{"pg-peers", "pg-boss and graphile-worker on the same server",
                measure_postgres_peers},
            Row{"pg-idle", "CPU and statements of both programs at rest", measure_postgres_idle},
        };
    }
#endif
    return {};
}

}  // namespace orders::bench
