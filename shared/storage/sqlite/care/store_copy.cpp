#include "shared/storage/sqlite/care/store_copy.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/migrations.h"

namespace orders::sqlite {
namespace {

constexpr std::int64_t first_version_with_identity = 2;
constexpr std::array companions{"-wal", "-shm", "-journal"};

// In one step, which reads one snapshot: with several, every commit of a writer in between would
// make it begin again.
void copy_pages(Connection& from, Connection& to) {
    sqlite3_backup* const backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (backup == nullptr) {
        throw store_error(to.handle(), sqlite3_extended_errcode(to.handle()), "begin the copy");
    }
    const int step = sqlite3_backup_step(backup, -1);
    const int finish = sqlite3_backup_finish(backup);
    if (step == SQLITE_DONE && finish == SQLITE_OK) return;
    throw store_error(to.handle(), step == SQLITE_DONE ? finish : step, "write the copy");
}

// The copy is the same store, but what was handed out before it is put back, and a log that lies
// where it is put, are not its own.
void forget_identity(Connection& copy) {
    if (known_schema_version(copy, embedded_migrations()) < first_version_with_identity) return;
    copy.execute("UPDATE store SET incarnation = '', generation = lower(hex(randomblob(16)))");
}

// The store's pages say that there is a write-ahead log: without it, one file is enough to read the
// copy. Opening it as a store switches it on again.
void leave_log(Connection& copy) {
    Statement leave(copy, "PRAGMA journal_mode = DELETE");
    std::optional<std::string> mode;
    for (Cursor rows = leave.query(); rows.next();) mode = rows.get<std::optional<std::string>>(0);
    if (mode != "delete") {
        throw unusable("write the copy", "it does not do without a write-ahead log");
    }
}

}  // namespace

std::vector<std::string> with_companions(const std::string& database_path) {
    std::vector<std::string> files{database_path};
    for (const char* companion : companions) files.push_back(database_path + companion);
    return files;
}

void refuse_common_files(const std::vector<std::string>& touched,
                         const std::vector<std::string>& store, std::string_view operation) {
    for (const std::string& own : store) {
        struct stat of_store {};
        if (::stat(own.c_str(), &of_store) != 0) continue;
        for (const std::string& path : touched) {
            struct stat there {};
            if (::stat(path.c_str(), &there) != 0) continue;
            if (there.st_dev != of_store.st_dev || there.st_ino != of_store.st_ino) continue;
            throw unusable(operation, path + " exists and is a file of the store",
                           "choose another file");
        }
    }
}

void require_order_store(Connection& connection, std::string_view operation) {
    if (known_schema_version(connection, embedded_migrations()) > 0) return;
    throw unusable(operation, "it is empty", "this file is not an order store");
}

void copy_store(Connection& store, const std::string& path) {
    Connection copy(path, Connection::Access::read_write);
    // Half a copy is thrown away, and a whole one is synced before it gets its name.
    copy.execute(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
        "PRAGMA synchronous = OFF");
    copy_pages(store, copy);
    forget_identity(copy);
    leave_log(copy);
}

CompanionRemover::CompanionRemover(std::string path) : path_(std::move(path)) {
    remove();
}

CompanionRemover::~CompanionRemover() {
    remove();
}

void CompanionRemover::remove() const noexcept {
    for (const char* companion : companions) ::unlink((path_ + companion).c_str());
}

}  // namespace orders::sqlite
