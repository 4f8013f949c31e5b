// What the log says of a migration while it runs, and of how long it took.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "shared/storage/sqlite/migrations.h"
#include "tests/support/file_contents.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;

// Sends standard error, and with it the log, to a file while it lives.
class CapturedLog {
   public:
    explicit CapturedLog(std::string path)
        : path_(std::move(path)), original_(FileDescriptor::opened(::dup(STDERR_FILENO), "dup")) {
        const auto file = FileDescriptor::opened(
            ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), path_);
        ::dup2(file.get(), STDERR_FILENO);
    }
    ~CapturedLog() { ::dup2(original_.get(), STDERR_FILENO); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    [[nodiscard]] std::vector<std::string> lines() const {
        std::istringstream text(test::contents_of(path_));
        std::vector<std::string> lines;
        for (std::string line; std::getline(text, line);) lines.push_back(line);
        return lines;
    }

   private:
    const std::string path_;
    const FileDescriptor original_;
};

bool has(const std::string& line, const std::string& part) {
    return line.find(part) != std::string::npos;
}

std::vector<Migration> embedded_and_a_long_one() {
    auto migrations = embedded_migrations();
    migrations.push_back(
        {"9999_long",
         "CREATE TABLE long (a INTEGER) STRICT;"
         "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
         " INSERT INTO long SELECT max(i) FROM n"});
    return migrations;
}

// As it logs the long one, on a store that is there or on a new one.
std::vector<std::string> logged(bool is_new, std::chrono::milliseconds report_interval) {
    const test::TempDir directory;
    Connection connection(directory.file("orders.db"), Connection::Access::read_write);
    if (!is_new) migrate(connection, embedded_migrations());
    const CapturedLog log(directory.file("log"));
    migrate(connection, embedded_and_a_long_one(), report_interval);
    return log.lines();
}

}  // namespace

TEST_CASE("migration_log: it says when a migration begins, and how long it took") {
    const auto lines = logged(false, 1h);
    REQUIRE(lines.size() == 2);
    CHECK(has(lines[0], " info  migrating the schema db="));
    CHECK(has(lines[0], "orders.db migration=9999_long"));
    CHECK(has(lines[1], " info  schema migrated migration=9999_long seconds="));
}

TEST_CASE("migration_log: it says every now and then that a migration goes on") {
    const auto lines = logged(false, 0ms);
    CHECK(lines.size() > 3);
    const auto goes_on = std::ranges::count_if(lines, [](const std::string& line) {
        return has(line, " info  still migrating the schema migration=9999_long seconds=");
    });
    CHECK(goes_on == static_cast<std::ptrdiff_t>(lines.size()) - 2);
}

TEST_CASE("migration_log: of a new store it says only what was made") {
    const auto lines = logged(true, 1h);
    CHECK(lines.size() == embedded_and_a_long_one().size());
    for (const std::string& line : lines) CHECK(has(line, " info  schema migrated migration="));
}

}  // namespace orders::sqlite
