// `order-worker restore`: a backup takes the place of a store and of its log as one, at once or not
// at all, and only while nobody uses the store.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "shared/storage/sqlite/care/partial_file.h"
#include "tests/support/dose.h"
#include "tests/support/file_contents.h"
#include "tests/support/mounted_memory.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

Run restore(const std::string& file, const std::string& database) {
    return run(worker_program(), {"restore", file, "--db", database});
}

void back_up(const std::string& database, const std::string& copy) {
    REQUIRE_EQ(run(worker_program(), {"backup", copy, "--db", database}).ending, exited(0));
}

void check_restored(const Run& restored, int orders) {
    CHECK_EQ(restored.ending, exited(0));
    CHECK(restored.error_lines.empty());
    CHECK_EQ(restored.output.find("restored " + std::to_string(orders) + " orders from "), 0);
}

// Where the store is that was replaced; there must be one.
std::string kept_of(const Run& restored) {
    const std::string words = "what was there before is kept as ";
    const std::size_t begin = restored.output.find(words);
    REQUIRE(begin != std::string::npos);
    const std::size_t name = begin + words.size();
    return restored.output.substr(name, restored.output.find('\n', name) - name);
}

std::vector<nlohmann::json> numbered(const std::string& prefix, int orders) {
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < orders; ++i) batch.push_back(order_json(prefix + std::to_string(i)));
    return batch;
}

// A store that nobody uses any more and that has twenty orders, some in the log alone, because its
// API was killed; and a backup of the first five.
struct StoppedStore {
    StoppedStore() {
        ChildProcess& api = processes.start_api();
        processes.submit_all(numbered("early-", 5));
        back_up(database(), copy);
        processes.submit_all(numbered("late-", 15));
        api.kill();
    }
    [[nodiscard]] const std::string& database() const { return processes.database(); }

    OrderProcesses processes;
    const std::string copy = processes.directory().file("copy.db");
};

constexpr int in_copy = 5;
constexpr int in_store = 20;

int orders_in(const std::string& database) {
    check_store_is_consistent(database);
    return static_cast<int>(stored_orders(database).size());
}

}  // namespace

TEST_CASE("restore: the backup is what is there afterwards, whatever the old log holds") {
    StoppedStore store;
    const Run restored = restore(store.copy, store.database());
    check_restored(restored, in_copy);
    const std::string size = std::to_string(std::filesystem::file_size(store.copy));
    CHECK(restored.output.find(": " + size + " bytes in ") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(store.database() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(store.database() + "-shm"));
    CHECK_EQ(run(worker_program(), {"verify", "--db", store.database()}).output,
             "sound: 5 orders (5 Pending, 0 Processing, 0 Processed, 0 Failed, 0 Cancelled)\n");

    // What was there is whole too, with what only its log held: it can be had back.
    const std::string kept = kept_of(restored);
    CHECK_EQ(kept.find(store.database() + ".replaced-2"), 0);
    CHECK_EQ(orders_in(kept), in_store);
    check_restored(restore(kept, store.database()), in_store);
    CHECK_EQ(orders_in(store.database()), in_store);
}

TEST_CASE("restore: a restored store is worked on from where the backup was") {
    StoppedStore store;
    check_restored(restore(store.copy, store.database()), in_copy);
    store.processes.start_api();
    store.processes.start_worker();
    store.processes.submit(order_json("new"));
    store.processes.counts_when_finished(in_copy + 1);
}

TEST_CASE("restore: it makes a store where there is none, as on another machine") {
    const StoppedStore store;
    const TempDir elsewhere;
    const std::string database = elsewhere.file("orders.db");
    std::filesystem::permissions(store.copy, std::filesystem::perms(0440));
    SUBCASE("an empty place") {}
    SUBCASE("a place with a log that lost its database") {
        std::filesystem::copy_file(store.database() + "-wal", database + "-wal");
    }
    const Run restored = restore(store.copy, database);
    check_restored(restored, in_copy);
    CHECK(restored.output.find("kept") == std::string::npos);
    CHECK_EQ(orders_in(database), in_copy);
    // Whoever may read the backup may read it, and its owner may write it.
    CHECK(std::filesystem::status(database).permissions() == std::filesystem::perms(0640));
}

TEST_CASE("restore: the store keeps its mode and its owner") {
    const StoppedStore store;
    std::filesystem::permissions(store.database(), std::filesystem::perms(0660));
    struct stat before {};
    REQUIRE_EQ(::stat(store.database().c_str(), &before), 0);
    check_restored(restore(store.copy, store.database()), in_copy);
    struct stat after {};
    REQUIRE_EQ(::stat(store.database().c_str(), &after), 0);
    CHECK_EQ(after.st_mode, before.st_mode);
    CHECK_EQ(after.st_uid, before.st_uid);
    CHECK_EQ(after.st_gid, before.st_gid);
}

TEST_CASE("restore: it is refused while any program has the store open, and nothing changes") {
    StoppedStore store;
    const std::string words = "a program has it open (stop every order-api and order-worker";
    SUBCASE("an API") {
        store.processes.start_api();
        check_refused(restore(store.copy, store.database()), 1, {words});
        store.processes.submit(order_json("new"));
        store.processes.stop_all();
        CHECK_EQ(orders_in(store.database()), in_store + 1);
    }
    SUBCASE("a worker") {
        store.processes.start_worker();
        check_refused(restore(store.copy, store.database()), 1, {words});
        store.processes.stop_all();
        CHECK_EQ(orders_in(store.database()), in_store);
    }
    check_restored(restore(store.copy, store.database()), in_copy);
}

TEST_CASE("restore: a store that is broken in any way can be replaced") {
    StoppedStore store;
    SUBCASE("it is no database") {
        std::ofstream(store.database()) << std::string(10'000, 'x');
    }
    SUBCASE("it is empty") {
        std::ofstream(store.database()).flush();
    }
    SUBCASE("its log is not its own") {
        std::filesystem::copy_file(store.copy, store.database(),
                                   std::filesystem::copy_options::overwrite_existing);
    }
    SUBCASE("it has a journal, too, as after a kill in the very first moment") {
        std::ofstream(store.database() + "-journal") << std::string(10'000, 'x');
    }
    const std::string before = contents_of(store.database());
    const Run restored = restore(store.copy, store.database());
    check_restored(restored, in_copy);
    CHECK(contents_of(kept_of(restored)) == before);
    CHECK_FALSE(std::filesystem::exists(store.database() + "-journal"));
    CHECK_EQ(orders_in(store.database()), in_copy);
}

TEST_CASE("restore: a kill before the old log is moved is mended by restoring again") {
    StoppedStore store;
    const std::string log = contents_of(store.database() + "-wal");
    check_restored(restore(store.copy, store.database()), in_copy);
    std::ofstream(store.database() + "-wal", std::ios::binary) << log;
    check_restored(restore(store.copy, store.database()), in_copy);
    CHECK_FALSE(std::filesystem::exists(store.database() + "-wal"));
    CHECK_EQ(orders_in(store.database()), in_copy);
}

TEST_CASE("restore: with too little room on the disk it is refused, and nothing changes") {
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    const StoppedStore store;
    const MountedMemory disk(1);
    std::filesystem::copy_file(store.copy, disk.file("orders.db"));
    disk.fill("ballast", 16 * 1024);
    check_refused(restore(store.copy, disk.file("orders.db")), 1, {"make room on the disk"});
    CHECK_FALSE(std::filesystem::exists(sqlite::PartialFile::path_for(disk.file("orders.db"))));
    CHECK_EQ(orders_in(disk.file("orders.db")), in_copy);
    std::filesystem::remove(disk.file("ballast"));
    check_restored(restore(store.copy, disk.file("orders.db")), in_copy);
}

TEST_CASE("restore: killed at any moment, it leaves the old store or the new one, each whole") {
    const int rounds = dose(10, 300);
    StoppedStore store;
    // A large backup, so that there is time to be killed in.
    const std::string large = store.processes.directory().file("large.db");
    back_up(store.database(), large);
    run_sql(large,
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
            " WHERE n < 10000) INSERT INTO orders (order_id, priority, processing_time, created_at)"
            " SELECT 'added-' || n, 1, 1, 0 FROM numbers;"
            "UPDATE order_counts SET orders = orders + 10000 WHERE priority = 1 AND status = 0");
    const int in_large = orders_in(large);
    const std::string main = contents_of(store.database());
    const std::string log = contents_of(store.database() + "-wal");
    // So that the kills are spread over all of it, however fast the machine is.
    const auto begin = std::chrono::steady_clock::now();
    check_restored(restore(large, store.database()), in_large);
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    auto random = seeded_random();
    int killed_before = 0;
    int killed_after = 0;
    for (int round = 0; round < rounds; ++round) {
        std::filesystem::remove(store.database());
        std::ofstream(store.database(), std::ios::binary) << main;
        std::ofstream(store.database() + "-wal", std::ios::binary) << log;
        ChildProcess& process = store.processes.launch(worker_program(), {"restore", large});
        // Whatever moment it is: nothing depends on it.
        std::this_thread::sleep_for(whole * any_of(random, 0, 100) / 100);
        process.kill();
        const bool has_log = std::filesystem::exists(store.database() + "-wal");
        const bool is_old = contents_of(store.database()) == main;
        ++(is_old ? killed_before : killed_after);
        CHECK((has_log || !is_old));
        // In between, the log is not the database's: then it is restored again.
        if (!is_old && has_log) check_restored(restore(large, store.database()), in_large);
        CHECK_EQ(orders_in(store.database()), is_old ? in_store : in_large);
        check_restored(restore(store.copy, store.database()), in_copy);
    }
    MESSAGE(killed_before, " kills came before, ", killed_after, " after the exchange");
    CHECK_GT(killed_before, 0);
    if (is_long_form()) CHECK_GT(killed_after, 0);
}

}  // namespace orders::test
