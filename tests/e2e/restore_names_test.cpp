// `order-worker restore`: what is not fit to be restored is refused with one sentence, and neither
// it nor the store is touched.

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

// A store that nobody uses any more, with three orders that only its log holds, and a backup of it.
struct StoppedStore {
    StoppedStore() {
        OrderProcesses processes;
        processes.set("DB_PATH", database);
        ChildProcess& api = processes.start_api();
        for (const char* id : {"a", "b", "c"}) processes.submit(order_json(id));
        api.kill();
        const std::vector<std::string> backup{"backup", copy, "--db", database};
        REQUIRE_EQ(run(worker_program(), backup).ending, exited(0));
    }

    // What is in the plain files of its directory, but for the log's index, which every reader
    // writes, and the locks.
    [[nodiscard]] std::map<std::string, std::string> contents() const {
        std::map<std::string, std::string> contents;
        for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
            const std::string name = entry.path().filename();
            if (name.ends_with("-shm") || name.ends_with(".presence")) continue;
            contents[name] = entry.is_regular_file() ? contents_of(entry.path()) : "";
        }
        return contents;
    }

    void check_refused_and_untouched(const std::string& file, const std::string& words) const {
        const auto before = contents();
        check_refused(run(worker_program(), {"restore", file, "--db", database}), 1, {words});
        CHECK(contents() == before);
    }

    TempDir directory;
    const std::string database = directory.file("orders.db");
    const std::string copy = directory.file("copy.db");
};

}  // namespace

TEST_CASE("restore: the store itself, under whatever name, is refused") {
    const StoppedStore store;
    const std::string other = store.directory.file("other.db");
    const std::string words = "is a file of the store";
    store.check_refused_and_untouched(store.database, words);
    SUBCASE("a link") {
        std::filesystem::create_symlink(store.database, other);
        store.check_refused_and_untouched(other, words);
    }
    SUBCASE("a second name") {
        std::filesystem::create_hard_link(store.database, other);
        store.check_refused_and_untouched(other, "hard link");
    }
    SUBCASE("its log") {
        store.check_refused_and_untouched(store.database + "-wal", words);
    }
    SUBCASE("its log, by a second name") {
        std::filesystem::create_hard_link(store.database + "-wal", other);
        store.check_refused_and_untouched(other, words);
    }
    SUBCASE("the file that it is written to") {
        const std::string partial = sqlite::PartialFile::path_for(store.database);
        std::filesystem::copy_file(store.copy, partial);
        store.check_refused_and_untouched(partial, words);
    }
}

TEST_CASE("restore: what is not a store is refused") {
    const StoppedStore store;
    const std::string other = store.directory.file("other.db");
    SUBCASE("no file") {
        store.check_refused_and_untouched(other, "no such file");
        CHECK_FALSE(std::filesystem::exists(other));
    }
    SUBCASE("a directory") {
        std::filesystem::create_directory(other);
        store.check_refused_and_untouched(other, "it is a directory");
    }
    SUBCASE("an empty file") {
        std::ofstream(other).flush();
        store.check_refused_and_untouched(other, "it is empty (this file is not an order store)");
    }
    SUBCASE("no database") {
        std::ofstream(other) << std::string(5'000, 'x');
        store.check_refused_and_untouched(other, "not an order store");
    }
    SUBCASE("another program's database") {
        std::ofstream(other).flush();
        run_sql(other, "CREATE TABLE orders (a)");
        store.check_refused_and_untouched(other, "it belongs to another program");
    }
    SUBCASE("a newer program's") {
        std::filesystem::copy_file(store.copy, other);
        run_sql(other, "PRAGMA user_version = 99");
        store.check_refused_and_untouched(other, "its schema has version 99");
    }
}

TEST_CASE("restore: a backup that is not sound is refused") {
    const StoppedStore store;
    SUBCASE("a value that no program has written") {
        run_sql(store.copy, "UPDATE order_counts SET orders = 2 WHERE orders = 3");
        store.check_refused_and_untouched(store.copy, "it is not sound, findings: 1 (");
    }
    SUBCASE("a page") {
        const std::streamoff page = 4'096;
        const auto size = static_cast<std::streamoff>(std::filesystem::file_size(store.copy));
        std::fstream file(store.copy, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(size - page);
        file << std::string(page, '\x5a');
        file.close();
        store.check_refused_and_untouched(store.copy, "it is damaged");
    }
    SUBCASE("its end is missing") {
        std::filesystem::resize_file(store.copy, std::filesystem::file_size(store.copy) - 4'096);
        store.check_refused_and_untouched(store.copy, "restore");
    }
}

TEST_CASE("restore: a place that cannot be used is refused") {
    const StoppedStore store;
    const auto refused = [&](const std::string& database, const std::string& words) {
        check_refused(run(worker_program(), {"restore", store.copy, "--db", database}), 1, {words});
    };
    SUBCASE("a directory") {
        refused(store.directory.path().string(), "it is a directory");
    }
    SUBCASE("in a directory that is not there") {
        refused(store.directory.file("none/orders.db"), "there is no directory");
    }
    SUBCASE("somebody else's file under the name that it is written to") {
        const std::string partial = sqlite::PartialFile::path_for(store.database);
        std::filesystem::create_directory(partial);
        store.check_refused_and_untouched(store.copy, "not a plain file of the user ");
    }
    SUBCASE("another user's store") {
        if (::geteuid() != 0) return skipped("needs root, to be somebody else");
        std::filesystem::permissions(store.directory.path(), std::filesystem::perms(0777));
        std::filesystem::permissions(store.copy, std::filesystem::perms(0644));
        const Run run_by_nobody = run(
            "/usr/bin/setpriv", {"--reuid=65534", "--regid=65534", "--clear-groups",
                                 worker_program(), "restore", store.copy, "--db", store.database});
        check_refused(run_by_nobody, 1, {"it belongs to the user 0", "restore as that user"});
    }
    CHECK_EQ(stored_orders(store.database).size(), 3);
}

}  // namespace orders::test
