#include "shared/storage/sqlite/backup.h"

#include <sqlite3.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "shared/storage/partial_file.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/store_path.h"

namespace orders::sqlite {
namespace {

constexpr const char* companions[] = {"-wal", "-shm", "-journal"};

void require_order_store(Connection& connection) {
    // An older one too: a copy from before the upgrade is the one that is wanted.
    if (known_schema_version(connection, embedded_migrations()) > 0) return;
    throw StoreError(StoreError::Kind::unusable, "back up " + connection.path(), "it is empty",
                     "this file is not an order store");
}

// SQLite would take a log that lies beside the copy for the copy's own, and spoil it.
void refuse_companions_of(const std::string& file) {
    for (const char* companion : companions) {
        std::error_code ignored;
        if (!std::filesystem::exists(file + companion, ignored)) continue;
        throw StoreError(StoreError::Kind::unusable, "write " + file,
                         "there is a " + file + companion, "it would be taken for the copy's log");
    }
}

// Nor may a copy come to lie where the store itself would look for its log.
void refuse_as_companion(const std::string& file, const std::string& store) {
    for (const char* companion : companions) {
        if (file != store + companion) continue;
        throw StoreError(StoreError::Kind::unusable, "write " + file,
                         "the name belongs to the store", "choose another name");
    }
}

// In one step, which reads one snapshot: with several, every commit of a writer in between would
// make it begin again.
void copy_pages(Connection& from, Connection& to) {
    sqlite3_backup* const backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (backup == nullptr) {
        throw store_error(to.handle(), sqlite3_extended_errcode(to.handle()), "begin the backup");
    }
    const int step = sqlite3_backup_step(backup, -1);
    const int finish = sqlite3_backup_finish(backup);
    if (step == SQLITE_DONE && finish == SQLITE_OK) return;
    throw store_error(to.handle(), step == SQLITE_DONE ? finish : step, "write the copy");
}

std::int64_t copy_store(Connection& store, const std::string& path) {
    Statement count(store, "SELECT sum(orders) FROM order_counts");
    store.execute("BEGIN");
    std::int64_t orders = 0;
    {
        Cursor rows = count.query();  // begins the snapshot
        rows.next();
        orders = rows.get<std::int64_t>(0);
    }
    Connection copy(path, Connection::Access::read_write);
    // Half a copy is thrown away, and a whole one is synced before it gets its name.
    copy.execute(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
        "PRAGMA synchronous = OFF");
    copy_pages(store, copy);
    store.roll_back();
    // The store's pages say that there is a write-ahead log: without it, one file is enough to
    // read the copy. Whoever opens it as a store switches it on again.
    copy.execute("PRAGMA journal_mode = DELETE");
    return orders;
}

// Removes what SQLite leaves beside a copy that fails in the middle.
class CompanionRemover {
   public:
    explicit CompanionRemover(std::string path) : path_(std::move(path)) {}
    ~CompanionRemover() {
        std::error_code ignored;
        for (const char* companion : companions) {
            std::filesystem::remove(path_ + companion, ignored);
        }
    }
    CompanionRemover(const CompanionRemover&) = delete;
    CompanionRemover& operator=(const CompanionRemover&) = delete;

   private:
    std::string path_;
};

}  // namespace

Backup back_up(const std::string& location, const std::string& file) {
    Connection store(existing_path(location), Connection::Access::read_only);
    require_order_store(store);
    const std::string path = usable_path(file);
    refuse_as_companion(path, store.path());
    PartialFile partial(path);
    refuse_companions_of(path);
    const CompanionRemover remover(partial.path());
    // Whoever may not read the store may not read its copy.
    std::filesystem::permissions(partial.path(),
                                 std::filesystem::status(store.path()).permissions());
    Backup backup{.orders = copy_store(store, partial.path())};
    backup.bytes = static_cast<std::int64_t>(std::filesystem::file_size(partial.path()));
    partial.keep();
    return backup;
}

}  // namespace orders::sqlite
