// `order-worker verify`: a running store is sound, and nothing that spoils one goes unnoticed.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

Run verify(const std::string& database) {
    return run(worker_program(), {"verify", "--db", database});
}

// The findings, without the summary.
std::string check_unsound(const std::string& database, int findings) {
    const Run result = verify(database);
    CHECK_EQ(result.ending, exited(1));
    CHECK(result.error_lines.empty());
    const std::string summary =
        "\nnot sound: " + std::to_string(findings) + (findings == 1 ? " finding; " : " findings; ");
    CHECK_MESSAGE(result.output.find(summary) != std::string::npos, result.output);
    return result.output;
}

// A store at rest: Processed 0 to 19, Processing p, Pending q, and Failed f.
struct StoreAtRest {
    StoreAtRest() {
        OrderProcesses processes;
        processes.set("DB_PATH", database);
        processes.set("SERVICE_TIME_UNIT_MS", "0");
        ChildProcess& api = processes.start_api();
        ChildProcess& first = processes.start_worker();
        for (int i = 0; i < 20; ++i) processes.submit(order_json("order-" + std::to_string(i)));
        processes.counts_when_finished(20);
        first.kill();
        processes.set("SERVICE_TIME_UNIT_MS", "60000");
        ChildProcess& second =
            processes.start_worker({"--worker-count", "1", "--order-process-timeout", "1"});
        processes.submit(order_json("f"));
        processes.finished_order("f");
        second.kill();
        ChildProcess& third = processes.start_worker({"--worker-count", "1"});
        processes.submit(order_json("p", "High"));
        eventually(patience, [&] { return processes.counts()["Processing"] == 1; });
        processes.submit(order_json("q"));
        api.kill();  // or it would take back what the worker held
        third.kill();
        run_sql(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    TempDir directory;
    const std::string database = directory.file("orders.db");
};

void spoil(const std::string& database, const std::string& sql) {
    run_sql(database, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;" + sql +
                          "; PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

TEST_CASE("verify: a store is sound while it is worked on, and is not changed") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "1");
    processes.start_api();
    processes.start_worker({"--worker-count", "2"});
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < 1'000; ++i) batch.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(batch);
    for (int round = 0; round < 5; ++round) {
        const Run result = verify(processes.database());
        CHECK_EQ(result.ending, exited(0));
        CHECK_EQ(result.output.find("sound: 1000 orders ("), 0);
    }
    processes.counts_when_finished(1'000);
    processes.stop_all();
    const std::string before = contents_of(processes.database());
    CHECK_EQ(
        verify(processes.database()).output,
        "sound: 1000 orders (0 Pending, 0 Processing, 1000 Processed, 0 Failed, 0 Cancelled)\n");
    CHECK(contents_of(processes.database()) == before);
}

TEST_CASE("verify: what is not an order store is refused, and none is made") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    SUBCASE("no file") {
        check_refused(verify(database), 1, {"no such file"});
        CHECK(std::filesystem::is_empty(directory.path()));
    }
    SUBCASE("an empty file") {
        std::ofstream(database).flush();
        check_refused(verify(database), 1, {"not an order store"});
        CHECK_EQ(std::filesystem::file_size(database), 0);
    }
    SUBCASE("some other file") {
        std::ofstream(database) << std::string(5'000, 'x');
        check_refused(verify(database), 1, {"not an order store"});
    }
    SUBCASE("a newer schema") {
        {
            ChildProcess worker(worker_program(), {"--db", database});
            worker.wait_for_line(" working ", patience);
        }
        run_sql(database, "PRAGMA user_version = 999");
        check_refused(verify(database), 1, {"999"});
    }
    check_refused(run(worker_program(), {"verify", database}), 2, {"unexpected word"});
}

TEST_CASE("verify: every kind of wrong row is found") {
    const StoreAtRest store;
    CHECK_EQ(verify(store.database).output,
             "sound: 23 orders (1 Pending, 1 Processing, 20 Processed, 1 Failed, 0 Cancelled)\n");
    struct Case {
        std::string sql;
        std::string finding;
    };
    const std::string order_0 = " WHERE order_id = 'order-0'";
    for (const Case& wrong : {
             Case{"UPDATE order_counts SET orders = orders + 1 WHERE priority = 1 AND status = 2",
                  "Normal Processed: the counter says 21, there are 20"},
             Case{"DELETE FROM order_counts WHERE status = 2",
                  "Normal Processed: there is no counter, but there are 20"},
             Case{"DELETE FROM leases", "order p (seq 22): Processing without a lease"},
             Case{"INSERT INTO leases VALUES (1, 1, 1, 1, 5, 10, NULL)",
                  "order order-0 (seq 1): a lease without being Processing"},
             Case{"INSERT INTO leases VALUES (999, 1, 1, 1, 5, 10, NULL)",
                  "lease 999: there is no such order"},
             Case{"UPDATE leases SET worker = 99", "leases 22: it refers to what is not there"},
             Case{"UPDATE leases SET expires_at = -1", "lease 22: a time"},
             Case{"UPDATE leases SET max_attempts = 0", "lease 22: the limits"},
             Case{"UPDATE orders SET kind = 99" + order_0, "(seq 1): the kind is not known"},
             Case{"UPDATE orders SET status = 5 WHERE order_id = 'q'",
                  "order q (seq 23): waiting for its time without one"},
             Case{"UPDATE orders SET place = 0 WHERE order_id = 'q'",
                  "order q (seq 23): in the queue, or in work, without a place"},
             Case{"UPDATE orders SET place = 5 WHERE order_id = 'q'", "its place was never given"},
             Case{"INSERT INTO order_inputs (seq, payload) VALUES (1, CAST('x' AS BLOB))",
                  "order with seq 1: its payload is not JSON"},
             Case{"INSERT INTO order_inputs (seq, max_attempts) VALUES (1, 101)",
                  "an option is out of range"},
             Case{"INSERT INTO order_inputs (seq) VALUES (999)", "refers to what is not there"},
             Case{"INSERT INTO order_results (seq, result) VALUES (1, CAST('x' AS BLOB))",
                  "its result is not JSON"},
             Case{"INSERT INTO order_results (seq, detail) VALUES (23, 'd')",
                  "a detail without having Failed"},
             Case{"INSERT INTO past_attempts VALUES (1, 9, 1, 1, 1, 0, NULL, NULL)",
                  "order with seq 1: a past attempt that has not been"},
             Case{"INSERT INTO past_attempts VALUES (1, 1, 1, 2, 1, 0, NULL, NULL)",
                  "a past attempt with a time"},
             Case{"UPDATE kinds SET name = 'x y'", "the name of a kind is not valid"},
             Case{"UPDATE bookkeeping SET content_bytes = 5", "are said to have 5 bytes"},
             Case{"DELETE FROM bookkeeping", "the row of the bookkeeping is missing"},
             Case{"UPDATE orders SET status = 7" + order_0, "(seq 1): the status is out of range"},
             Case{"UPDATE orders SET priority = 2" + order_0, "the priority is out of range"},
             Case{"UPDATE orders SET processing_time = 0" + order_0, "processing time is out"},
             Case{"UPDATE orders SET processing_time = 86401" + order_0, "processing time is out"},
             Case{"UPDATE orders SET order_id = '' " + order_0, "the order id is not valid"},
             Case{"UPDATE orders SET order_id = 'a' || char(10) || 'b'" + order_0,
                  "order a\\u000ab (seq 1): the order id is not valid"},
             Case{"UPDATE orders SET attempts = -1" + order_0, "the attempts are out of range"},
             Case{"UPDATE orders SET attempts = 0" + order_0, "claimed without an attempt"},
             Case{"UPDATE orders SET lease_token = 0" + order_0, "the lease token is smaller"},
             Case{"UPDATE orders SET created_at = -1" + order_0, "a time is out of range"},
             Case{"UPDATE orders SET finished_at = 253402300800000" + order_0,
                  "a time is out of range"},
             Case{"UPDATE orders SET worker = NULL" + order_0, "Processed without a worker"},
             Case{"UPDATE orders SET worker = 99" + order_0, "it refers to what is not there"},
             Case{"UPDATE orders SET finished_at = NULL" + order_0, "ended without a finish"},
             Case{"UPDATE orders SET failure = 'x'" + order_0, "a reason without having Failed"},
             Case{"UPDATE orders SET failure = NULL WHERE order_id = 'f'",
                  "Failed without a reason"},
             Case{"UPDATE orders SET started_at = 1 WHERE order_id = 'q'",
                  "order q (seq 23): a worker, a start or a finish without having ended"},
             Case{"DELETE FROM orders WHERE order_id = 'order-3'", "the counter says 20"},
             Case{"UPDATE workers SET threads = 0 WHERE id = 1", "worker 1: the threads"},
             Case{"DELETE FROM write_probe", "to test writing is missing"},
             Case{"DROP INDEX orders_due", "index orders_due: missing in the schema"},
             Case{"CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END",
                  "trigger t: not part of the schema"},
             Case{"CREATE UNIQUE INDEX u ON orders (order_id, status)",
                  "index u: not part of the schema"},
             Case{"CREATE TABLE notes (seq INTEGER REFERENCES orders (seq))",
                  "table notes: not part of the schema"},
             // SQLite refuses to check such a key at all.
             Case{"CREATE TABLE notes (seq INTEGER REFERENCES orders (status))",
                  "the file: this could not be checked to the end: "},
             // The rest is checked all the same.
             Case{"CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END;"
                  "DELETE FROM leases",
                  "order p (seq 22): Processing without a lease"},
         }) {
        CAPTURE(wrong.sql);
        const std::string copy = store.directory.file("copy.db");
        std::filesystem::copy_file(store.database, copy,
                                   std::filesystem::copy_options::overwrite_existing);
        spoil(copy, wrong.sql);
        const Run result = verify(copy);
        CHECK_EQ(result.ending, exited(1));
        CHECK_MESSAGE(result.output.find(wrong.finding) != std::string::npos, result.output);
        for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(copy + suffix);
    }
}

TEST_CASE("verify: extra tables, views and plain indexes are not findings") {
    const StoreAtRest store;
    spoil(store.database,
          "CREATE TABLE notes (seq INTEGER PRIMARY KEY, note TEXT UNIQUE);"
          "INSERT INTO notes VALUES (1, 'ours');"
          "CREATE INDEX by_finish ON orders (finished_at);"
          "CREATE VIEW slow AS SELECT * FROM orders WHERE processing_time > 100; ANALYZE");
    CHECK_EQ(verify(store.database).output,
             "sound: 23 orders (1 Pending, 1 Processing, 20 Processed, 1 Failed, 0 Cancelled)\n");
}

TEST_CASE("verify: of very many findings it shows a few and the number") {
    const StoreAtRest store;
    spoil(store.database, "UPDATE orders SET created_at = -1");
    const std::string output = check_unsound(store.database, 23);
    CHECK(output.find("order order-9 (seq 10): a time is out of range\n") != std::string::npos);
    CHECK(output.find("order-10") == std::string::npos);
    CHECK(output.find("and 13 more: a time is out of range\n") != std::string::npos);
}

TEST_CASE("verify: a damaged file is found, wherever it is damaged") {
    const StoreAtRest store;
    const std::string copy = store.directory.file("copy.db");
    constexpr std::size_t page = 4'096;
    const auto pages = std::filesystem::file_size(store.database) / page;
    REQUIRE(pages > 10);
    const auto check_found = [&] {
        const Run result = verify(copy);
        CHECK_EQ(result.ending, exited(1));
        // On standard error if it does not even look like a store any more.
        CHECK((result.output.find("not sound: ") != std::string::npos ||
               result.error_lines.size() == 1));
    };
    const auto cut_short = [&](std::size_t number) {
        std::filesystem::resize_file(copy, number * page);
    };
    const auto overwrite = [&](std::size_t number) {
        std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(number * page));
        file << std::string(page, '\x5a');
    };
    for (std::size_t number = 0; number < pages; ++number) {
        for (const bool is_cut : {true, false}) {
            CAPTURE(number);
            CAPTURE(is_cut);
            std::filesystem::copy_file(store.database, copy,
                                       std::filesystem::copy_options::overwrite_existing);
            if (is_cut) {
                cut_short(number);
            } else {
                overwrite(number);
            }
            check_found();
            for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(copy + suffix);
        }
    }
}

}  // namespace orders::test
