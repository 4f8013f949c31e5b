// Room on the disk comes back once orders are deleted, also in a store of an older version.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/old_store.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_audit.h"

namespace orders::test {

TEST_CASE("space: a store of 0.1.0 shrinks when its orders go, while both programs work") {
    constexpr int mebibyte = 1'048'576;
    OrderProcesses processes;
    make_old_store(processes.database(), 0, 200'000);
    const auto full = std::filesystem::file_size(processes.database());
    REQUIRE(full > 16 * mebibyte);
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.set("SERVICE_KEEP_PROCESSED_SECONDS", "1");
    ChildProcess& api = processes.start_api();
    CHECK_EQ(api.count_lines(" store rewritten "), 1);
    ChildProcess& worker = processes.start_worker();
    CHECK_EQ(worker.count_lines(" store rewritten "), 0);
    processes.submit(order_json("meanwhile"));
    CHECK_EQ(processes.finished_order("meanwhile")["status"], "Processed");
    eventually(patience, [&] {
        // A file that is smaller than this is left as it is.
        return std::stoi(stored_value(processes.database(), "PRAGMA page_count")) <= 2'048;
    });
    processes.submit(order_json("afterwards"));
    CHECK_EQ(processes.finished_order("afterwards")["status"], "Processed");
    processes.stop_all();
    CHECK(std::filesystem::file_size(processes.database()) <= 9 * mebibyte);
    CHECK_FALSE(std::filesystem::exists(processes.database() + "-wal"));
    check_store_is_consistent(processes.database());
}

}  // namespace orders::test
