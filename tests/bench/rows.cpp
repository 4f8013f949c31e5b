#include "tests/bench/rows.h"

namespace orders::bench {

std::vector<Row> goal_rows() {
    return {
        Row{"creates-64", "creates over 64 connections, against the stock HTTP library",
            measure_creates_64},
        Row{"creates-16", "the same over 16 connections", measure_creates_16},
        Row{"creates-1", "one create at a time, against an fsync and a round trip",
            measure_creates_1},
        Row{"batch-1000", "batches of 1,000 orders, against raw SQLite", measure_batch},
        Row{"drain", "a worker with 64 threads and instant orders, against raw SQLite",
            measure_drain},
        Row{"busy-both", "creates and a draining worker at the same time, against each alone",
            measure_busy_both},
        Row{"pickup", "from stored to started, with an idle worker", measure_pickup},
        Row{"idle-cost", "CPU and memory of both programs at rest", measure_idle_cost},
        Row{"get-64", "reading single orders, against the stock HTTP library", measure_get},
        Row{"two-writes", "requests whose head and body come in two writes, against one",
            measure_two_writes},
        Row{"newcomers", "new clients beside idle and slow ones", measure_newcomers},
        Row{"growth", "a store with millions of finished orders, against an empty one",
            measure_growth},
        Row{"wal", "the length of the write-ahead log under steady load", measure_wal},
        Row{"in-process", "parts of the product by themselves", measure_in_process},
    };
}

}  // namespace orders::bench
