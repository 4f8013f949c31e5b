// Databases in places that are not fit for one, and files that are damaged: both programs say so in
// one line, end with 1, and leave everything as it was. Missing directories, files that are
// something else, and newer schemas are in e2e/settings_test.cpp.

#include <doctest/doctest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/faults/fault_control.h"
#include "tests/support/file_contents.h"
#include "tests/support/mounted_memory.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

constexpr std::size_t page_size = 4096;

// Every file of the directory, by name.
std::map<std::string, std::string> contents_of_all(const std::filesystem::path& directory) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        contents[entry.path().filename()] = contents_of(entry.path());
    }
    return contents;
}

// A store with an order, all of it in the database file itself.
void make_store(const std::string& path) {
    OrderProcesses processes;
    processes.set("DB_PATH", path);
    processes.set("API_MIN_FREE_MB", "0");  // some of these disks are small
    processes.start_api();
    processes.submit(order_json("kept"));
    processes.stop_all();
    run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
}

void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
}

// Started by `wrapper`, the beginning of a command line, if there is one.
std::vector<std::string> error_lines_of_failure(const std::string& program,
                                                const std::string& database,
                                                const std::map<std::string, std::string>& more,
                                                const std::vector<std::string>& wrapper = {}) {
    std::vector<std::string> command = wrapper;
    command.insert(command.end(), {program, "--db", database});
    std::map<std::string, std::string> environment{{"API_PORT", "0"}};
    environment.insert(more.begin(), more.end());
    ChildProcess process(command[0], {command.begin() + 1, command.end()}, environment);
    CHECK_EQ(process.wait_exit(patience), exited(1));
    CHECK_EQ(process.output(), "");
    return process.error_lines();
}

void check_both_refuse(const std::string& database, const std::string& word,
                       const std::map<std::string, std::string>& more = {},
                       const std::vector<std::string>& wrapper = {}) {
    for (const std::string& program : {api_program(), worker_program()}) {
        const auto lines = error_lines_of_failure(program, database, more, wrapper);
        REQUIRE_EQ(lines.size(), 1);
        CHECK_MESSAGE(lines[0].find(word) != std::string::npos, lines[0]);
    }
}

}  // namespace

TEST_CASE("bad_places: a read-only file system is refused, with a store on it or without") {
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    MountedMemory disk(8);
    make_store(disk.file("orders.db"));
    disk.make_read_only();
    const auto before = contents_of_all(disk.path());
    check_both_refuse(disk.file("orders.db"), "writable");
    check_both_refuse(disk.file("new.db"), "writable");
    CHECK(contents_of_all(disk.path()) == before);
}

TEST_CASE("bad_places: a store that belongs to somebody else is refused") {
    if (::geteuid() != 0) return skipped("needs root, to be somebody else");
    const TempDir directory;
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    make_store(directory.file("orders.db"));
    const auto before = contents_of_all(directory.path());
    const std::vector<std::string> as_nobody{"/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                                             "--clear-groups"};
    check_both_refuse(directory.file("orders.db"), "writable", {}, as_nobody);
    check_both_refuse(directory.file("new.db"), "writable", {}, as_nobody);
    CHECK(contents_of_all(directory.path()) == before);
}

TEST_CASE("bad_places: a damaged database is refused, and left as it was") {
    struct Damage {
        const char* what;
        std::size_t at;
        std::string bytes;
        const char* word;
    };
    // The schema is on the first page.
    for (const Damage& damage :
         {Damage{"header", 0, "Not what it was.", "not an order store"},
          Damage{"page size", 16, std::string("\x12\x34", 2), "not an order store"},
          Damage{"schema", 100, std::string(page_size - 100, '\xee'),
                 "restore puts a backup in its place"}}) {
        CAPTURE(damage.what);
        const TempDir directory;
        const std::string database = directory.file("orders.db");
        make_store(database);
        overwrite(database, damage.at, damage.bytes);
        const std::string before = contents_of(database);
        check_both_refuse(database, damage.word);
        CHECK(contents_of(database) == before);
    }
}

TEST_CASE("bad_places: a file system that breaks write-ahead logging is refused before any write") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    const TempDir directory;
    FaultControl faults;
    for (const auto& [type, name] : {std::pair<std::uint32_t, std::string>{NFS_SUPER_MAGIC, "NFS"},
                                     {CIFS_SUPER_MAGIC, "SMB"},
                                     {V9FS_MAGIC, "9p"}}) {
        faults->file_system_type = type;
        check_both_refuse(directory.file("orders.db"), "on " + name + ",", faults.environment());
    }
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("bad_places: a file system that may hide anything is warned about, once per program") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    faults->file_system_type = FUSE_SUPER_MAGIC;
    ChildProcess& api = processes.start_api({}, faults.environment());
    ChildProcess& worker = processes.start_worker({}, faults.environment());
    processes.submit(order_json("done"));
    processes.finished_order("done");
    for (ChildProcess* process : {&api, &worker}) {
        CHECK_EQ(process->count_lines("file system may not be safe"), 1);
    }
}

}  // namespace orders::test
