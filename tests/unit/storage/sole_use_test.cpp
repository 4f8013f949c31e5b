// Who counts as a user of the store that is about to be replaced.

#include "shared/storage/sqlite/care/sole_use.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/presence_file.h"
#include "shared/storage/store_error.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using Access = Connection::Access;

// In a process of its own, as the command has it: 0 if it can be had, 1 if not. Locks of the same
// process would not be in each other's way.
int in_another_process(const std::function<void()>& action) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            action();
        } catch (const StoreError& error) {
            const std::string what = error.what();
            ::_exit(what.find("a program has it open") == std::string::npos ? 2 : 1);
        }
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct StoreFile {
    [[nodiscard]] int use_alone() const {
        return in_another_process([this] { const SoleUse alone(path); });
    }
    void make() const {
        Connection connection(path, Access::read_write);
        connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    }
    test::TempDir directory;
    std::string path = directory.file("orders.db");
};

TEST_CASE("sole_use: it can be had for a store that nobody uses, and where there is none") {
    const StoreFile file;
    CHECK(file.use_alone() == 0);
    file.make();
    CHECK(file.use_alone() == 0);
    // Whatever is in it.
    std::ofstream(file.path) << "not a database";
    CHECK(file.use_alone() == 0);
}

TEST_CASE("sole_use: not while a program says that it is there") {
    const StoreFile file;
    PresenceFile program(file.path);
    REQUIRE(program.try_lock(0, PresenceFile::Hold::shared));
    CHECK(file.use_alone() == 1);
    program.unlock(0);
    CHECK(file.use_alone() == 0);
}

TEST_CASE("sole_use: not while a connection is open that has read, though it is idle now") {
    const StoreFile file;
    file.make();
    std::optional<Connection> connection(std::in_place, file.path, Access::read_only);
    connection->execute("SELECT * FROM t");
    CHECK(file.use_alone() == 1);
    connection.reset();
    CHECK(file.use_alone() == 0);
}

TEST_CASE("sole_use: a second one is refused, and so is whoever opens the store meanwhile") {
    const StoreFile file;
    file.make();
    const SoleUse alone(file.path);
    CHECK(file.use_alone() == 1);
    CHECK(in_another_process([&] {
              PresenceFile program(file.path);
              if (program.try_lock(0, PresenceFile::Hold::shared)) ::_exit(3);
          }) == 0);
    CHECK(in_another_process([&] {
              sqlite3* shell = nullptr;
              sqlite3_open(file.path.c_str(), &shell);
              const int code = sqlite3_exec(shell, "SELECT * FROM t", nullptr, nullptr, nullptr);
              if (code != SQLITE_BUSY) ::_exit(3);
          }) == 0);
}

}  // namespace
}  // namespace orders::sqlite
