// A store that the disk, or somebody, has damaged: the programs say so, in those words, and the API
// is not ready.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

constexpr int page_size = 4'096;

// 1,000 orders at rest, all of them in the database itself: Processed or Pending.
void make_store(OrderProcesses& processes, bool are_processed) {
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_api();
    if (are_processed) processes.start_worker();
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < 1'000; ++i) batch.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(batch);
    if (are_processed) processes.counts_when_finished(1'000);
    processes.stop_all();
    run_sql(processes.database(), "PRAGMA wal_checkpoint(TRUNCATE)");
}

// The pages that the orders lie on, in the order in which they came.
const std::string pages_of_orders =
    "SELECT pageno FROM dbstat WHERE name = 'orders' AND pagetype = 'leaf' ORDER BY path LIMIT 1";

// Spoils the pages whose numbers the queries find.
void spoil_pages(const std::string& database, const std::vector<std::string>& queries) {
    std::vector<std::int64_t> pages;  // all of them, before the first is spoiled
    for (const std::string& query : queries) {
        pages.push_back(std::stoll(stored_value(database, query)));
    }
    std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
    for (const std::int64_t page : pages) {
        file.seekp((page - 1) * page_size);
        file << std::string(page_size, '\x5a');
    }
    REQUIRE(file.good());
}

// What can be read is answered.
void check_takes_no_orders(HttpClient& http) {
    check_problem(http.get("/readyz"), 503, "not-ready");
    check_problem(http.post("/api/v1/orders", order_json("new")), 503, "store-damaged");
    CHECK_EQ(http.get("/livez").status, 200);
    CHECK_EQ(http.get("/api/v1/orders/order-999").status, 200);
}

void check_log_tells_of_damage(const OrderProcesses& processes) {
    const auto lines = processes.lines_with("store is damaged");
    REQUIRE_EQ(lines.size(), 1);
    for (const char* word : {" error ", "verify", "restore"}) {
        CHECK_MESSAGE(lines[0].find(word) != std::string::npos, lines[0]);
    }
}

}  // namespace

TEST_CASE("damaged_store: an API that meets a damaged page says so, and takes no more orders") {
    OrderProcesses processes;
    make_store(processes, true);
    // Nothing looks at the orders in the middle unless it is asked to.
    std::vector<std::string> pages;
    for (int page = 3; page <= 9; ++page) {
        pages.push_back(pages_of_orders + " OFFSET " + std::to_string(page));
    }
    spoil_pages(processes.database(), pages);
    processes.start_api();
    HttpClient http = processes.client();
    CHECK_EQ(http.get("/readyz").status, 200);
    CHECK_EQ(http.get("/api/v1/orders/order-999").status, 200);

    for (int i = 0; i < 3; ++i) {
        check_problem(http.get("/api/v1/orders/order-500"), 503, "store-damaged");
    }
    check_takes_no_orders(http);
    check_log_tells_of_damage(processes);
}

TEST_CASE("damaged_store: an API whose housekeeping meets a damaged page goes on answering") {
    OrderProcesses processes;
    make_store(processes, true);
    // It looks for the oldest order, to know which workers no order names any more.
    spoil_pages(processes.database(), {pages_of_orders});
    processes.start_api();
    HttpClient http = processes.client();
    eventually(patience, [&] { return http.get("/readyz").status == 503; });
    check_takes_no_orders(http);
    check_log_tells_of_damage(processes);
}

TEST_CASE("damaged_store: a program that cannot even report does not start, and says what to do") {
    OrderProcesses processes;
    make_store(processes, false);
    spoil_pages(processes.database(),
                {"SELECT rootpage FROM sqlite_schema WHERE name = 'order_counts'"});
    for (const std::string& program : {api_program(), worker_program()}) {
        const Run refused = run(program, {"--db", processes.database()}, {{"API_PORT", "0"}});
        CHECK_EQ(refused.ending, exited(1));
        REQUIRE(!refused.error_lines.empty());
        for (const char* word : {"malformed", "verify", "restore"}) {
            CHECK_MESSAGE(refused.error_lines.back().find(word) != std::string::npos,
                          refused.error_lines.back());
        }
    }
}

TEST_CASE("damaged_store: a worker that meets a damaged page ends, and says what to do") {
    OrderProcesses processes;
    make_store(processes, false);
    // Some way ahead of the first order that it claims.
    spoil_pages(processes.database(), {pages_of_orders + " OFFSET 5"});
    const Run ended =
        run(worker_program(), {"--db", processes.database()}, {{"SERVICE_TIME_UNIT_MS", "0"}});
    CHECK_EQ(ended.ending, exited(1));
    const auto line = std::ranges::find_if(ended.error_lines, [](const std::string& each) {
        return each.find(" the store has failed ") != std::string::npos;
    });
    REQUIRE(line != ended.error_lines.end());
    for (const char* word : {"malformed", "verify", "restore"}) {
        CHECK_MESSAGE(line->find(word) != std::string::npos, *line);
    }
    CHECK(ended.error_lines.back().ends_with(" stopped status=1"));
}

}  // namespace orders::test
