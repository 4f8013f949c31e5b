// `order-worker backup`: whatever already has one of the names that it uses is left as it is, the
// live store above all.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "shared/storage/sqlite/care/partial_file.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

// A store that nobody uses any more, with three orders that only its log holds.
void make_store(const std::string& database) {
    OrderProcesses processes;
    processes.set("DB_PATH", database);
    ChildProcess& api = processes.start_api();
    for (const char* id : {"a", "b", "c"}) processes.submit(order_json(id));
    api.kill();
    REQUIRE(std::filesystem::exists(database + "-wal"));
}

Run back_up(const std::string& database, const std::string& file) {
    return run(worker_program(), {"backup", file, "--db", database});
}

// What is in the directory's plain files, but for the log's index, which every reader writes.
std::map<std::string, std::string> contents_of_all(const std::filesystem::path& directory) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const std::string name = entry.path().filename();
        contents[name] =
            entry.is_regular_file() && !name.ends_with("-shm") ? contents_of(entry.path()) : "";
    }
    return contents;
}

void check_refused_and_untouched(const TempDir& directory, const std::string& database,
                                 const std::string& file, const std::string& words) {
    const auto before = contents_of_all(directory.path());
    check_refused(back_up(database, file), 1, {words});
    CHECK(contents_of_all(directory.path()) == before);
    CHECK_EQ(stored_orders(database).size(), 3);
}

}  // namespace

TEST_CASE("backup: the live store has the name of the partial file, or of what belongs to it") {
    const TempDir directory;
    const std::string file = directory.file("orders.db");
    std::string database;
    SUBCASE("of the partial file") {
        database = sqlite::PartialFile::path_for(file);
    }
    SUBCASE("of the partial file's log") {
        database = sqlite::PartialFile::path_for(file) + "-wal";
    }
    SUBCASE("of the partial file's journal") {
        database = sqlite::PartialFile::path_for(file) + "-journal";
    }
    SUBCASE("of the copy's log") {
        database = file + "-wal";
    }
    make_store(database);
    check_refused_and_untouched(directory, database, file, "is a file of the store");
}

TEST_CASE("backup: a name of the partial file is a second name of the live store's files") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    const std::string file = directory.file("copy.db");
    const std::string partial = sqlite::PartialFile::path_for(file);
    make_store(database);
    std::string refusal = "is a file of the store";
    SUBCASE("the database, by a hard link") {
        refusal = "hard links";  // the store itself is refused then
        std::filesystem::create_hard_link(database, partial);
    }
    SUBCASE("its log, by a hard link") {
        std::filesystem::create_hard_link(database + "-wal", partial);
    }
    SUBCASE("the database as the partial file's journal") {
        refusal = "hard links";
        std::filesystem::create_hard_link(database, partial + "-journal");
    }
    SUBCASE("the database, by a symbolic link") {
        std::filesystem::create_symlink(database, partial);
    }
    SUBCASE("the copy's own name, by a hard link") {
        refusal = "hard links";
        std::filesystem::create_hard_link(database, file);
    }
    check_refused_and_untouched(directory, database, file, refusal);
}

TEST_CASE("backup: a store under a name that was the partial file's once can be copied") {
    const TempDir directory;
    const std::string database = directory.file("orders.db.partial");
    make_store(database);
    CHECK_EQ(back_up(database, directory.file("orders.db")).ending, exited(0));
    CHECK_EQ(stored_orders(directory.file("orders.db")).size(), 3);
    CHECK_EQ(stored_orders(database).size(), 3);
}

TEST_CASE("backup: what somebody else put under the partial file's name is refused") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    const std::string file = directory.file("copy.db");
    const std::string partial = sqlite::PartialFile::path_for(file);
    make_store(database);
    SUBCASE("a directory") {
        std::filesystem::create_directory(partial);
    }
    SUBCASE("a link to something else") {
        std::ofstream(directory.file("precious")) << "precious";
        std::filesystem::create_symlink(directory.file("precious"), partial);
    }
    SUBCASE("a link to nothing") {
        std::filesystem::create_symlink(directory.file("nothing"), partial);
    }
    SUBCASE("a pipe") {
        REQUIRE_EQ(::mkfifo(partial.c_str(), 0600), 0);
    }
    SUBCASE("a link, beside it") {
        std::filesystem::create_symlink(directory.file("nothing"), partial + "-wal");
    }
    SUBCASE("another user's file") {
        if (::geteuid() != 0) return skipped("needs root");
        std::ofstream(partial) << "precious";
        REQUIRE_EQ(::chown(partial.c_str(), 65534, 65534), 0);
    }
    check_refused_and_untouched(directory, database, file, "not a plain file of the user ");
    CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("backup: what a killed one left beside its partial file is not taken for the copy's") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    const std::string file = directory.file("copy.db");
    const std::string partial = sqlite::PartialFile::path_for(file);
    make_store(database);
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::ofstream(partial + suffix) << std::string(50'000, 'x');
    }
    CHECK_EQ(back_up(database, file).ending, exited(0));
    CHECK_EQ(stored_orders(file).size(), 3);
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        CHECK_FALSE(std::filesystem::exists(partial + suffix));
    }
}

TEST_CASE("backup: a name that is too long for its partial file is refused") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    make_store(database);
    check_refused(back_up(database, directory.file(std::string(250, 'x'))), 1,
                  {"choose a shorter name"});
}

}  // namespace orders::test
