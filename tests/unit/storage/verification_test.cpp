// verify(): a store in which everything happens is sound, and nothing that spoils it goes
// unnoticed. tests/e2e/verify_test.cpp has the command, and what a file may be besides.

#include "shared/storage/sqlite/care/verification.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/store_audit.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::a_kind;
using test::an_order;
using test::order_id;

// A closed store, with an order for each state and each way to it, named so.
struct FullStore {
    FullStore() {
        const auto storage = open_storage(path, clock);
        intake = storage->open_intake();
        worker = storage->open_worker();
        id = worker->enlist({.name = "w", .host = "h", .threads = 1}, 1h);
        act(AwaitChanges{30s});
        submit(an_order("done").carrying("[1,2]").of_kind("mail"));
        settle(claim(), Completed{json_text(R"({"a":1})")});
        submit(an_order("failed").fingerprinted(7));
        settle(claim(), Failure{"no", "because"});
        submit(an_order("late").to_begin_before(clock.now().utc));
        (void)storage->open_housekeeping()->take_turn({.expire_limit = 1});
        submit(an_order("cancelled").with({.timeout = 5s, .max_attempts = 3, .backoff = 1s}));
        act(CancelOrder{order_id("cancelled")});
        submit(an_order("retried"));
        settle(claim(), Retry{"busy", "wait", 1h});
        submit(an_order("again"));
        settle(claim(), Failure{"no"});
        act(RetryOrder{order_id("again")});
        submit(an_order("held").high());
        (void)claim();
        submit(an_order("waiting").due(1h));
        submit(an_order("queued"));
        act(PauseKind{a_kind("paused")});
        intake.reset();
        worker.reset();
    }

    void submit(const NewOrder& order) {
        const std::vector<NewOrder> orders{order};
        (void)intake->begin()->commit({.creates = {orders}});
    }
    void act(const OrderAction& action) { (void)intake->begin()->commit({.actions = {&action}}); }
    Lease claim() {
        return worker->take_turn({.worker = id, .lease_time = 1h, .claim = {.limit = 1}})
            .claimed.at(0)
            .lease;
    }
    void settle(const Lease& lease, const ProcessingResult& result) {
        (void)worker->take_turn({.settlements = {{lease, result}}});
    }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<IntakeStore> intake;
    std::unique_ptr<WorkerStore> worker;
    WorkerId id;
};

// What verify() finds in a copy that was spoiled, one line each.
std::string findings_after(const std::string& store, const std::string& sql) {
    const test::TempDir directory;
    const std::string copy = directory.file("copy.db");
    std::filesystem::copy_file(store, copy);
    test::run_sql(copy, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;" + sql +
                            "; PRAGMA wal_checkpoint(TRUNCATE)");
    const Verification result = verify(copy);
    CHECK(result.findings > 0);
    std::string lines;
    for (const std::string& line : result.examples) lines += line + "\n";
    return lines;
}

struct Case {
    const char* sql;
    const char* finding;
};

void check_all_are_found(const std::string& store, const std::vector<Case>& cases) {
    for (const Case& wrong : cases) {
        CAPTURE(std::string(wrong.sql));
        const std::string found = findings_after(store, wrong.sql);
        CHECK_MESSAGE(found.find(wrong.finding) != std::string::npos, found);
    }
}

}  // namespace

TEST_CASE("verification: a store with an order in each state is sound") {
    const FullStore store;
    const Verification result = verify(store.path);
    CHECK(result.examples == std::vector<std::string>{});
    CHECK(result.orders ==
          StatusCounts{.pending = 4, .processing = 1, .processed = 1, .failed = 2, .cancelled = 1});
}

TEST_CASE("verification: orders that are pulled are sound") {
    const FullStore store;
    test::run_sql(store.path,
                  "INSERT INTO workers (name, host, threads, started_at, boot_id, pulls)"
                  " VALUES ('api:w', '', 1, 1, 'b', 1); UPDATE leases SET deadline = expires_at");
    CHECK(verify(store.path).examples == std::vector<std::string>{});
}

TEST_CASE("verification: an order in a state that cannot be is found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"UPDATE orders SET status = 6 WHERE order_id = 'queued'", "the status is out of range"},
         {"UPDATE orders SET kind = 9 WHERE order_id = 'queued'",
          "order queued (seq 9): the kind is not known"},
         {"UPDATE orders SET due_at = -1 WHERE order_id = 'waiting'", "a time is out of range"},
         {"UPDATE orders SET start_before = 253402300800000 WHERE order_id = 'late'",
          "order late (seq 3): a time is out of range"},
         {"UPDATE orders SET due_at = NULL WHERE order_id = 'waiting'",
          "order waiting (seq 8): waiting for its time without one, or with a place"},
         {"UPDATE orders SET place = 5 WHERE order_id = 'retried'",
          "order retried (seq 5): waiting for its time without one, or with a place"},
         {"UPDATE orders SET place = 7 WHERE order_id = 'done'",
          "order done (seq 1): a place of its own without a time from which it may be claimed"},
         {"UPDATE orders SET place = NULL WHERE order_id = 'retried'",
          "order retried (seq 5): waiting for its time without one, or with a place"},
         {"UPDATE orders SET place = 0 WHERE order_id = 'queued'",
          "order queued (seq 9): in the queue, or in work, without a place"},
         {"UPDATE orders SET place = 0 WHERE order_id = 'held'",
          "order held (seq 7): in the queue, or in work, without a place"},
         {"UPDATE orders SET finished_at = NULL WHERE order_id = 'cancelled'",
          "order cancelled (seq 4): ended without a finish"},
         {"UPDATE orders SET worker = NULL, started_at = NULL WHERE order_id = 'done'",
          "order done (seq 1): Processed without a worker and a start"},
         {"UPDATE orders SET started_at = NULL WHERE order_id = 'failed'",
          "a worker without a start, or a start without a worker"},
         {"UPDATE orders SET worker = 1, started_at = 1 WHERE order_id = 'waiting'",
          "a worker, a start or a finish without having ended"},
         {"UPDATE orders SET worker = NULL, started_at = NULL WHERE order_id = 'failed'",
          "Failed without an attempt, for another reason than its time"},
         {"UPDATE orders SET failure = 'no' WHERE order_id = 'cancelled'",
          "order cancelled (seq 4): a reason without having Failed"},
         {"UPDATE orders SET attempts = 0 WHERE order_id = 'held'",
          "order held (seq 7): claimed without an attempt"}});
}

TEST_CASE("verification: wrong counters, places and numbers of the bookkeeping are found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"UPDATE order_counts SET orders = orders + 1 WHERE status = 2 AND kind = 1",
          "kind 1, Normal Processed: the counter says 2, there are 1"},
         {"UPDATE order_counts SET orders = 0 WHERE status = 5",
          "kind 0, Normal Pending for its time: the counter says 0, there are 2"},
         {"DELETE FROM order_counts WHERE status = 4",
          "kind 0, Normal Cancelled: there is no counter, but there are 1"},
         {"INSERT INTO order_counts VALUES (7, 0, 0, 0)", "a counter that counts nothing"},
         {"INSERT INTO order_counts VALUES (0, 9, 0, 0)",
          "order_counts 0: it refers to what is not there"},
         {"UPDATE orders SET place = (SELECT seq << 20 FROM orders WHERE order_id = 'queued')"
          " WHERE order_id = 'again'",
          "its place in the queue is another's, too"},
         {"UPDATE bookkeeping SET last_place = 1", "order with seq 6: its place was never given"},
         {"UPDATE bookkeeping SET content_bytes = 0",
          "payloads and results are said to have 0 bytes, and have 12"},
         {"UPDATE bookkeeping SET cancels = -1", "a number of the bookkeeping is negative"},
         {"DELETE FROM bookkeeping", "the row of the bookkeeping is missing"},
         {"UPDATE leases SET max_attempts = 0",
          "lease 7: the limits of the lease are out of range"},
         {"UPDATE leases SET deadline = expires_at - 1",
          "lease 7: the lease outlasts the order's time"},
         {"UPDATE workers SET host = ''", "a name of the worker is empty"},
         {"UPDATE leases SET backoff_seconds = 0",
          "lease 7: the limits of the lease are out of range"}});
}

TEST_CASE("verification: totals and measures that cannot be are found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"INSERT INTO order_totals VALUES (14, 0, 0, 1)",
          "14: a total of nothing, or a negative one"},
         {"INSERT OR REPLACE INTO order_totals VALUES (8, 0, 0, -1)",
          "8: a total of nothing, or a negative one"},
         {"INSERT INTO metric_sums VALUES ('processing_seconds|mail|1', -0.5)",
          "processing_seconds|mail|1: a sum of what was measured is out of range"},
         {"UPDATE workers SET metrics = '{'", "1: what a worker has measured is not valid"}});
}

TEST_CASE("verification: changes that cannot be are found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"UPDATE changes SET entries = 'x' WHERE last = 2", "2: a row of changes is not valid"},
         {"UPDATE changes SET entries = replace(entries, 'done', '.') WHERE last = 2",
          "2: a row of changes is not valid"},
         {"UPDATE changes SET entries = entries || entries WHERE last = 2",
          "2: a row of changes is not valid"},
         {"UPDATE changes SET at = -1 WHERE last = 1", "1: a row of changes is not valid"},
         {"DELETE FROM changes WHERE last = 3",
          "the numbers of changes do not follow each other"}});
}

TEST_CASE("verification: kinds that cannot be are found") {
    const FullStore store;
    check_all_are_found(store.path, {{"UPDATE kinds SET name = 'no kind' WHERE name = 'paused'",
                                      "no kind: the name of a kind is not valid"},
                                     {"UPDATE kinds SET id = 64 WHERE name = 'paused'",
                                      "paused: the number of a kind is out of range"},
                                     {"UPDATE kinds SET is_paused = 2 WHERE name = 'mail'",
                                      "mail: it is not known whether a kind is paused"},
                                     {"UPDATE kinds SET name = 'other' WHERE id = 0",
                                      "the kind `default` is missing"}});
}

TEST_CASE("verification: what orders cannot carry, or cannot have come to, is found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"UPDATE order_inputs SET payload = x'7b' WHERE seq = 1",
          "order with seq 1: its payload is not JSON"},
         {"UPDATE order_inputs SET payload = x'' WHERE seq = 1", "its payload is not JSON"},
         {"UPDATE order_inputs SET payload = CAST('\"' || printf('%01000000d', 1) || '\"' AS BLOB)"
          " WHERE seq = 1",
          "order with seq 1: its payload is too long"},
         {"UPDATE order_inputs SET timeout_seconds = 0 WHERE seq = 4", "an option is out of range"},
         {"UPDATE order_inputs SET max_attempts = 101 WHERE seq = 4", "an option is out of range"},
         {"UPDATE order_inputs SET backoff_seconds = 3601 WHERE seq = 4",
          "an option is out of range"},
         {"UPDATE order_inputs SET fingerprint = x'00' WHERE seq = 2", "an option is out of range"},
         {"UPDATE order_inputs SET seq = 99 WHERE seq = 1",
          "order_inputs 99: it refers to what is not there"},
         {"UPDATE order_results SET result = x'ff' WHERE seq = 1",
          "order with seq 1: its result is not JSON"},
         {"UPDATE order_results SET result = CAST('\"' || printf('%066000d', 1) || '\"' AS BLOB)"
          " WHERE seq = 1",
          "order with seq 1: its result or its detail is too long"},
         {"UPDATE order_results SET detail = printf('%02001d', 1) WHERE seq = 2",
          "order with seq 2: its result or its detail is too long"},
         {"UPDATE order_results SET seq = 9 WHERE seq = 1",
          "order with seq 9: a result without being Processed"},
         {"UPDATE order_results SET detail = 'because' WHERE seq = 1",
          "a detail without having Failed"},
         {"UPDATE order_results SET seq = 99 WHERE seq = 1",
          "order_results 99: it refers to what is not there"}});
}

TEST_CASE("verification: past attempts that cannot have been are found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"UPDATE past_attempts SET token = 2 WHERE seq = 5",
          "order with seq 5: a past attempt that has not been, or is not over"},
         {"UPDATE past_attempts SET token = 0 WHERE seq = 5", "a past attempt that has not been"},
         {"UPDATE past_attempts SET seq = 7 WHERE seq = 5",
          "order with seq 7: a past attempt that has not been, or is not over"},
         {"UPDATE past_attempts SET seq = 1 WHERE seq = 5",
          "order with seq 1: a past attempt that has not been, or is not over"},
         {"UPDATE past_attempts SET ended_at = started_at - 1 WHERE seq = 5",
          "a past attempt with a time or an outcome that is out of range"},
         {"UPDATE past_attempts SET outcome = 5 WHERE seq = 5",
          "a past attempt with a time or an outcome that is out of range"},
         {"UPDATE past_attempts SET reason = NULL WHERE seq = 6",
          "a past attempt without its reason, or with one that it cannot have"},
         {"UPDATE past_attempts SET outcome = 2 WHERE seq = 5",
          "a past attempt without its reason, or with one that it cannot have"},
         {"UPDATE past_attempts SET worker = 99", "it refers to what is not there"},
         {"UPDATE orders SET lease_token = 200 WHERE seq = 5;"
          "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 101)"
          " INSERT INTO past_attempts SELECT 5, i, 1, 1, 1, 2, NULL, NULL FROM n",
          "order with seq 5: more past attempts than are kept"}});
}

TEST_CASE("verification: traces and actions that cannot have been are found") {
    const FullStore store;
    check_all_are_found(
        store.path,
        {{"INSERT INTO order_inputs (seq, trace) VALUES (5, '')",
          "order with seq 5: its trace is not valid"},
         {"INSERT INTO order_inputs (seq, trace) VALUES (5,"
          " '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ')",
          "order with seq 5: its trace is not valid"},
         {"INSERT INTO order_inputs (seq, trace) VALUES (5,"
          " '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 no state')",
          "order with seq 5: its trace is not valid"},
         {"INSERT INTO order_actions VALUES (5, 1, 0, 3, 'ann')",
          "order with seq 5: an action that cannot have been"},
         {"INSERT INTO order_actions VALUES (5, 1, -1, 0, 'ann')",
          "order with seq 5: an action that cannot have been"},
         {"INSERT INTO order_actions VALUES (5, 1, 0, 0, '')",
          "order with seq 5: an action that cannot have been"},
         {"INSERT INTO order_actions VALUES (99, 1, 0, 0, 'ann')",
          "it refers to what is not there"},
         {"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 101)"
          " INSERT INTO order_actions SELECT 5, i, 1, 1, 'ann' FROM n",
          "order with seq 5: more actions than are kept"}});
}

}  // namespace orders::sqlite
