#include "shared/storage/sqlite/care/backup.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "shared/storage/sqlite/care/partial_file.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/store_path.h"

namespace orders::sqlite {
namespace {

constexpr std::int64_t first_version_with_identity = 2;
constexpr std::array companions{"-wal", "-shm", "-journal"};

StoreError cannot(const std::string& operation, const std::error_code& error) {
    return unusable(operation, error.message());
}

void require_order_store(Connection& connection) {
    // An older one too: a copy from before the upgrade is the one that is wanted.
    if (known_schema_version(connection, embedded_migrations()) > 0) return;
    throw unusable("back up " + connection.path(), "it is empty",
                   "this file is not an order store");
}

// SQLite would take a log that lies beside the copy for the copy's own, and spoil it.
void refuse_companions_of(const std::string& file) {
    for (const char* companion : companions) {
        std::error_code ignored;
        if (!std::filesystem::exists(file + companion, ignored)) continue;
        throw unusable("write " + file, "there is a " + file + companion,
                       "it would be taken for the copy's log");
    }
}

// Nor may a copy have a name under which the store itself would look for its log.
void refuse_as_companion(const std::string& file, const std::string& store) {
    for (const char* companion : companions) {
        if (file != store + companion) continue;
        throw unusable("write " + file, "the name belongs to the store", "choose another name");
    }
}

// The file itself, and where SQLite looks for what belongs to it.
std::vector<std::string> with_companions(const std::string& file) {
    std::vector<std::string> files{file};
    for (const char* companion : companions) files.push_back(file + companion);
    return files;
}

// What is written, or cleared away, must not be the store under another name, such as a second
// link. Nothing is opened to find out: closing it again would drop SQLite's locks.
void refuse_the_stores_own_files(const std::string& file, const std::string& store) {
    std::vector<std::string> touched = with_companions(file);
    for (std::string& partial : with_companions(PartialFile::path_for(file))) {
        touched.push_back(std::move(partial));
    }
    for (const std::string& own : with_companions(store)) {
        struct stat of_store {};
        if (::stat(own.c_str(), &of_store) != 0) continue;
        for (const std::string& path : touched) {
            struct stat there {};
            if (::stat(path.c_str(), &there) != 0) continue;
            if (there.st_dev != of_store.st_dev || there.st_ino != of_store.st_ino) continue;
            throw unusable("write " + file, path + " exists and is a file of the store",
                           "choose another name");
        }
    }
}

// A user who may not read the store must not be able to read its copy. It was made for this user
// only, and stays so if the file system knows no modes, or there the copy counts as somebody
// else's.
void copy_mode(const std::string& from, const std::string& to) {
    struct stat store {};
    if (::stat(from.c_str(), &store) != 0) {
        throw cannot("read the mode of " + from, {errno, std::generic_category()});
    }
    if (::chmod(to.c_str(), store.st_mode & 0777U) == 0) return;
    if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS) return;
    throw cannot("set the mode of " + to, {errno, std::generic_category()});
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

// The copy is the same store, but what was handed out before it is put back, and a log that lies
// where it is put, are not its own.
void forget_identity(Connection& copy) {
    if (known_schema_version(copy, embedded_migrations()) < first_version_with_identity) return;
    copy.execute("UPDATE store SET incarnation = '', generation = lower(hex(randomblob(16)))");
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
    forget_identity(copy);
    // The store's pages say that there is a write-ahead log: without it, one file is enough to
    // read the copy. Opening it as a store switches it on again.
    Statement leave_log(copy, "PRAGMA journal_mode = DELETE");
    std::optional<std::string> mode;
    for (Cursor rows = leave_log.query(); rows.next();) {
        mode = rows.get<std::optional<std::string>>(0);
    }
    if (mode != "delete") {
        throw unusable("write the copy", "it does not do without a write-ahead log");
    }
    return orders;
}

// Removes what SQLite leaves beside a copy that fails in the middle, or left there when an earlier
// one was killed: it would be taken for this one's.
class CompanionRemover {
   public:
    explicit CompanionRemover(std::string path) : path_(std::move(path)) { remove(); }
    ~CompanionRemover() { remove(); }
    CompanionRemover(const CompanionRemover&) = delete;
    CompanionRemover& operator=(const CompanionRemover&) = delete;

   private:
    void remove() const noexcept {
        for (const char* companion : companions) ::unlink((path_ + companion).c_str());
    }

    std::string path_;
};

}  // namespace

Backup back_up(const std::string& location, const std::string& file) {
    const std::string from = existing_store_path(location);
    require_own_log(from);
    Connection store(from, Connection::Access::read_only);
    require_order_store(store);
    const std::string path = usable_path(file);
    refuse_as_companion(path, store.path());
    refuse_the_stores_own_files(path, store.path());
    PartialFile partial(path);
    refuse_companions_of(path);
    for (const std::string& own : with_companions(partial.path())) {
        PartialFile::require_replaceable(own);
    }
    const CompanionRemover remover(partial.path());
    copy_mode(store.path(), partial.path());
    Backup backup{.orders = copy_store(store, partial.path())};
    std::error_code error;
    backup.bytes = static_cast<std::int64_t>(std::filesystem::file_size(partial.path(), error));
    if (error) throw cannot("read the size of " + partial.path(), error);
    partial.keep();
    return backup;
}

}  // namespace orders::sqlite
