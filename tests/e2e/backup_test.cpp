// `order-worker backup`: a consistent copy under load, whole or not there at all.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "shared/storage/sqlite/care/partial_file.h"
#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/mounted_memory.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using Flags = OrderProcesses::Flags;

Run back_up(const OrderProcesses& processes, const std::string& file) {
    return run(worker_program(), {"backup", file, "--db", processes.database()});
}

std::set<std::string> files_in(const std::filesystem::path& directory) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        names.insert(entry.path().filename().string());
    }
    return names;
}

// A store with this many orders, all Processed, which no process uses any more.
void make_store(OrderProcesses& processes, int orders) {
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_api();
    processes.start_worker();
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < orders; ++i) batch.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(batch);
    processes.counts_when_finished(orders);
    processes.stop_all();
}

// To a store that nobody uses, more quickly than through an API.
void add_pending_orders(const std::string& database, int orders) {
    const std::string number = std::to_string(orders);
    run_sql(
        database,
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < " +
            number +
            ") INSERT INTO orders (order_id, priority, processing_time, created_at)"
            " SELECT 'added-' || n, 1, 1, 0 FROM numbers;"
            "UPDATE order_counts SET orders = orders + " +
            number + " WHERE priority = 1 AND status = 0");
    check_store_is_consistent(database);
}

// Clients that create orders one by one until it is destroyed. Every order must be accepted.
class CreateLoad {
   public:
    CreateLoad(const OrderProcesses& processes, int clients) {
        for (int client = 0; client < clients; ++client) {
            clients_.emplace_back([this, &processes, client](const std::stop_token& stop) {
                HttpClient http = processes.client();
                for (int n = 0; !stop.stop_requested(); ++n) {
                    const std::string id = std::to_string(client) + "-" + std::to_string(n);
                    const HttpOutcome outcome =
                        http.attempt({"POST",
                                      "/api/v1/orders",
                                      {{"Content-Type", "application/json"}},
                                      order_json(id).dump()});
                    ++(status_of(outcome) == 200 ? accepted_ : refused_);
                }
            });
        }
    }
    void wait_for_more(int orders) const {
        const int before = accepted_;
        eventually(patience, [&] { return accepted_ >= before + orders; });
    }
    [[nodiscard]] int accepted() const { return accepted_; }
    [[nodiscard]] int refused() const { return refused_; }

   private:
    std::atomic<int> accepted_ = 0;
    std::atomic<int> refused_ = 0;
    std::vector<std::jthread> clients_;  // last: they use the above
};

}  // namespace

TEST_CASE("backup: a copy under load is consistent, and is a store of its own") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_api();
    processes.start_worker();
    std::vector<std::string> copies;
    {
        CreateLoad load(processes, 4);
        for (int round = 0; round < 5; ++round) {
            load.wait_for_more(100);
            const int accepted_before = load.accepted();
            copies.push_back(processes.directory().file("copy-" + std::to_string(round)));
            const Run backup = back_up(processes, copies.back());
            REQUIRE_EQ(backup.ending, exited(0));
            CHECK(backup.error_lines.empty());
            // What had been answered by then is in it.
            const auto copied = static_cast<int>(stored_orders(copies.back()).size());
            CHECK(copied >= accepted_before);
            CHECK_EQ(backup.output.find("copied " + std::to_string(copied) + " orders to "), 0);
            load.wait_for_more(1);
        }
        CHECK_EQ(load.refused(), 0);
    }
    for (const std::string& copy : copies) {
        CHECK_FALSE(std::filesystem::exists(sqlite::PartialFile::path_for(copy)));
        check_store_is_consistent(copy);
    }

    // The copy goes on where the store was at that moment.
    processes.stop_all();
    processes.set("DB_PATH", copies.front());
    processes.start_api();
    processes.start_worker({"--lease-seconds", "1"});
    const auto copied = static_cast<int>(stored_orders(copies.front()).size());
    processes.counts_when_finished(copied);
    processes.submit(order_json("new"));
    CHECK_EQ(processes.finished_order("new")["status"], "Processed");
}

TEST_CASE("backup: a store that nobody uses is copied with what only its log holds") {
    OrderProcesses processes;
    make_store(processes, 10);
    const std::string copy = processes.directory().file("copy.db");
    std::filesystem::permissions(processes.database(), std::filesystem::perms(0640));
    const Run backup = back_up(processes, copy);
    CHECK_EQ(backup.ending, exited(0));
    CHECK(std::filesystem::status(copy).permissions() == std::filesystem::perms(0640));
    CHECK_EQ(backup.output.find("copied 10 orders to " + copy + ": " +
                                std::to_string(std::filesystem::file_size(copy)) + " bytes in "),
             0);
    // One file, though read: nothing has to go with it.
    CHECK(stored_orders(copy) == stored_orders(processes.database()));
    const auto files = files_in(processes.directory().path());
    CHECK(files.contains("copy.db"));
    CHECK_FALSE(files.contains("copy.db-wal"));
    CHECK_FALSE(files.contains("copy.db-shm"));
}

TEST_CASE("backup: a target that cannot be used is refused, and nothing is left behind") {
    OrderProcesses processes;
    make_store(processes, 1'000);
    const TempDir target;
    const auto check_nothing_left = [&] { CHECK(files_in(target.path()).empty()); };
    SUBCASE("a file that is there is never replaced") {
        std::ofstream(target.file("copy.db")) << "precious";
        check_refused(back_up(processes, target.file("copy.db")), 1, {"copy.db", "exists"});
        CHECK_EQ(contents_of(target.file("copy.db")), "precious");
        CHECK_EQ(files_in(target.path()).size(), 1);
    }
    SUBCASE("the store itself") {
        const auto before = stored_orders(processes.database());
        check_refused(back_up(processes, processes.database()), 1, {"exists"});
        std::filesystem::create_symlink(processes.database(), target.file("link.db"));
        check_refused(back_up(processes, target.file("link.db")), 1, {"exists"});
        CHECK(stored_orders(processes.database()) == before);
    }
    SUBCASE("the names of the store's own files") {
        const std::string journal = processes.database() + "-journal";
        check_refused(back_up(processes, journal), 1, {"belongs to the store"});
        CHECK_FALSE(std::filesystem::exists(journal));
    }
    SUBCASE("a name beside which an old log lies") {
        std::ofstream(target.file("copy.db-wal")) << "of another database";
        check_refused(back_up(processes, target.file("copy.db")), 1, {"copy.db-wal"});
        CHECK_EQ(files_in(target.path()).size(), 1);
    }
    SUBCASE("a directory that is not there") {
        check_refused(back_up(processes, target.file("none/copy.db")), 1, {"no directory"});
        check_nothing_left();
    }
    SUBCASE("a directory that takes no files") {
        check_refused(back_up(processes, "/proc/copy.db"), 1, {"cannot write /proc/copy.db"});
    }
    SUBCASE("a directory") {
        check_refused(back_up(processes, target.path().string()), 1, {"is a directory"});
        check_nothing_left();
    }
    SUBCASE("a disk that is full") {
        if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
        const MountedMemory disk(1);
        disk.fill("ballast", 64 * 1024);
        check_refused(back_up(processes, disk.file("copy.db")), 1, {"write the copy", "make room"});
        CHECK(files_in(disk.path()) == std::set<std::string>{"ballast"});
        std::filesystem::remove(disk.file("ballast"));
        CHECK_EQ(back_up(processes, disk.file("copy.db")).ending, exited(0));
        CHECK_EQ(stored_orders(disk.file("copy.db")).size(), 1'000);
    }
    SUBCASE("files that may not become so large") {
        // 40 KiB.
        const Run backup =
            run("/bin/sh", {"-c", "trap '' XFSZ; ulimit -f 80; exec \"$@\"", "sh", worker_program(),
                            "backup", target.file("copy.db"), "--db", processes.database()});
        check_refused(backup, 1, {"cannot write the copy"});
        check_nothing_left();
    }
    SUBCASE("no name") {
        check_refused(run(worker_program(), {"backup"}), 2, {"FILE"});
        check_refused(run(worker_program(), {"backup", "--db", processes.database()}), 2, {"FILE"});
    }
}

TEST_CASE("backup: what is not a store is refused, and none is made") {
    const TempDir directory;
    const std::string store = directory.file("orders.db");
    const Flags backup{"backup", directory.file("copy.db"), "--db", store};
    SUBCASE("no file") {
        check_refused(run(worker_program(), backup), 1, {"orders.db", "no such file"});
        CHECK(files_in(directory.path()).empty());
    }
    SUBCASE("an empty file") {
        std::ofstream(store).flush();
        check_refused(run(worker_program(), backup), 1, {"not an order store"});
        CHECK_EQ(std::filesystem::file_size(store), 0);
    }
    SUBCASE("some other file") {
        std::ofstream(store) << std::string(5'000, 'x');
        check_refused(run(worker_program(), backup), 1, {"not an order store"});
    }
    SUBCASE("another program's database") {
        std::ofstream(store).flush();
        run_sql(store, "CREATE TABLE orders (a)");
        check_refused(run(worker_program(), backup), 1, {"another program"});
    }
    CHECK_FALSE(std::filesystem::exists(directory.file("copy.db")));
    CHECK_FALSE(std::filesystem::exists(sqlite::PartialFile::path_for(directory.file("copy.db"))));
}

TEST_CASE("backup: what a killed backup left is replaced, and a running one is left alone") {
    OrderProcesses processes;
    make_store(processes, 10);
    const std::string copy = processes.directory().file("copy.db");
    const std::string partial = sqlite::PartialFile::path_for(copy);
    SUBCASE("left behind") {
        std::ofstream(partial) << std::string(100'000, 'x');
        // A kill in the middle of putting it in place leaves the whole file under both names.
        const std::string earlier = processes.directory().file("earlier.db");
        SUBCASE("alone") {}
        SUBCASE("with a second name") {
            std::filesystem::create_hard_link(partial, earlier);
        }
        CHECK_EQ(back_up(processes, copy).ending, exited(0));
        CHECK_EQ(stored_orders(copy).size(), 10);
        CHECK_FALSE(std::filesystem::exists(partial));
        if (std::filesystem::exists(earlier)) {
            CHECK_EQ(contents_of(earlier), std::string(100'000, 'x'));
        }
    }
    SUBCASE("being written") {
        std::ofstream(partial) << "half";
        const FileDescriptor file(::open(partial.c_str(), O_RDWR | O_CLOEXEC));
        REQUIRE_EQ(::flock(file.get(), LOCK_EX), 0);
        check_refused(back_up(processes, copy), 1, {"another process is writing"});
        CHECK_EQ(contents_of(partial), "half");
        CHECK_FALSE(std::filesystem::exists(copy));
    }
}

TEST_CASE("backup: killed at any moment, it leaves a whole copy under the name or none") {
    constexpr int orders = 100'000;  // so that copying takes a while
    constexpr int rounds = 20;
    OrderProcesses processes;
    make_store(processes, 1);
    add_pending_orders(processes.database(), orders - 1);
    auto random = seeded_random();
    int left_partial = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::string copy = processes.directory().file("copy-" + std::to_string(round));
        const std::string partial = sqlite::PartialFile::path_for(copy);
        ChildProcess& backup = processes.launch(worker_program(), {"backup", copy});
        // Too short for looking now and then.
        while (!std::filesystem::exists(partial) && !backup.ending()) {
            std::this_thread::yield();
        }
        // Whatever moment it is: nothing depends on it.
        std::this_thread::sleep_for(std::chrono::milliseconds(any_of(random, 0, 2 * round)));
        backup.kill();
        if (std::filesystem::exists(copy)) {
            check_store_is_consistent(copy);
        } else {
            left_partial += std::filesystem::exists(partial) ? 1 : 0;
            CHECK_EQ(back_up(processes, copy).ending, exited(0));
            CHECK_FALSE(std::filesystem::exists(partial));
        }
        CHECK_EQ(stored_value(copy, "SELECT count(*) FROM orders"), std::to_string(orders));
        std::filesystem::remove(copy);
    }
    MESSAGE(left_partial, " of ", rounds, " kills came in the middle");
    CHECK_GT(left_partial, 0);
}

TEST_CASE("backup: control: a plain copy of the database file under load is not one") {
    OrderProcesses processes;
    processes.start_api();
    CreateLoad load(processes, 4);
    load.wait_for_more(100);
    const int accepted_before = load.accepted();
    const std::string copy = processes.directory().file("copy.db");
    std::filesystem::copy_file(processes.database(), copy);
    const bool is_sound = run(worker_program(), {"verify", "--db", copy}).ending == exited(0);
    // What the log alone holds is missing.
    CHECK((!is_sound || stored_orders(copy).size() < static_cast<std::size_t>(accepted_before)));
    CHECK_EQ(back_up(processes, processes.directory().file("backup.db")).ending, exited(0));
    CHECK_EQ(
        run(worker_program(), {"verify", "--db", processes.directory().file("backup.db")}).ending,
        exited(0));
}

}  // namespace orders::test
