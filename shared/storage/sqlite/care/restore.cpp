#include "shared/storage/sqlite/care/restore.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <vector>

#include "shared/domain/utc_time.h"
#include "shared/storage/sqlite/care/partial_file.h"
#include "shared/storage/sqlite/care/sole_use.h"
#include "shared/storage/sqlite/care/store_copy.h"
#include "shared/storage/sqlite/care/verification.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/store_path.h"
#include "shared/storage/sqlite/sync_directory.h"

namespace orders::sqlite {
namespace {

bool is_there(const std::string& path) {
    struct stat file {};
    return ::lstat(path.c_str(), &file) == 0;
}

// Unlike a store, a backup may have several names: some tools link those that have not changed.
std::string existing_file(const std::string& file) {
    std::string path = usable_path(file);
    if (is_there(path)) return path;
    throw unusable("restore " + file, "there is no such file");
}

// What is read must be nothing that is replaced, or written meanwhile.
void refuse_the_stores_own_files(const std::string& file, const std::string& path) {
    std::vector<std::string> store = with_companions(path);
    std::ranges::move(with_companions(PartialFile::path_for(path)), std::back_inserter(store));
    refuse_common_files(with_companions(file), store, "restore " + file);
}

// Only root can give the new store to another user, who could not write it otherwise.
void require_owner(const std::string& path) {
    struct stat store {};
    if (::stat(path.c_str(), &store) != 0) return;
    if (::geteuid() == 0 || ::geteuid() == store.st_uid) return;
    throw unusable("replace " + path, "it belongs to the user " + std::to_string(store.st_uid),
                   "restore as that user, or as root");
}

void require_room(const std::string& path, Connection& backup) {
    constexpr std::int64_t mebibyte = 1'048'576;
    Statement size(backup,
                   "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    Cursor rows = size.query();
    rows.next();
    const auto needed = rows.get<std::int64_t>(0);
    const auto room = free_bytes(std::filesystem::path(path).parent_path().string());
    if (!room || *room >= needed) return;
    throw StoreError(StoreError::Kind::full, StoreError::Cure::time, "restore " + path,
                     "it takes " + std::to_string(needed / mebibyte + 1) + " MiB, and there are " +
                         std::to_string(*room / mebibyte),
                     "make room on the disk");
}

// Throws StoreError (unusable) unless the copy is sound. An older one is brought up to date for the
// checks, and is as it was afterwards: the program that is started next may be an older one, too.
StatusCounts require_sound(const std::string& copy_path, const std::string& file) {
    Connection copy(copy_path, Connection::Access::read_write);
    const std::vector<Migration>& migrations = embedded_migrations();
    const auto version = known_schema_version(copy, migrations);
    copy.execute("BEGIN");
    for (auto next = static_cast<std::size_t>(version); next < migrations.size(); ++next) {
        copy.execute_script(migrations[next].sql);
    }
    const Verification result = verify(copy);
    copy.roll_back();
    if (known_schema_version(copy, migrations) != version) {
        throw unusable("restore " + file,
                       "trying the way to this program's schema on its copy "
                       "could not be undone",
                       "check the disk and the kernel's log");
    }
    if (result.findings == 0) return result.orders;
    throw unusable("restore " + file,
                   "it is not sound, findings: " + std::to_string(result.findings),
                   result.examples.front() + "; choose another backup");
}

// As the store has them that stands there. A new one is for whoever may read the backup, and its
// owner may write it, though the backup may be read-only.
void set_owner_and_mode(const PartialFile& partial, const std::string& path,
                        const std::string& file) {
    struct stat model {};
    mode_t mode = 0;
    if (::stat(path.c_str(), &model) == 0) {
        mode = model.st_mode & 0777U;
        // Another group than before must not be able to read it.
        if (::chown(partial.path().c_str(), model.st_uid, model.st_gid) != 0) mode &= 0707U;
    } else if (::stat(file.c_str(), &model) == 0) {
        mode = (model.st_mode & 0666U) | 0600U;
    }
    if (mode == 0 || ::chmod(partial.path().c_str(), mode) == 0) return;
    // It was made for this user only, and stays so if the file system knows no modes.
    if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS) return;
    throw unusable("set the mode of " + partial.path(), std::strerror(errno));
}

// Where what is replaced is kept: `orders.db.replaced-20261122T130405678Z`.
std::string name_to_keep(const std::string& path) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    std::string time = to_rfc3339(now);
    std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
    return path + ".replaced-" + time;
}

void move_if_there(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return;
    throw unusable("move " + from + " to " + to, std::strerror(errno),
                   "move it away before a program starts: it is not of the database beside it");
}

// The log, and its index, which whoever opens the log makes anew.
void move_log(const std::string& path, const std::string& kept) {
    move_if_there(path + "-wal", kept + "-wal");
    ::unlink((path + "-shm").c_str());
}

void require_synced(const std::error_code& error, const std::string& path) {
    if (!error) return;
    throw unusable("sync the directory of " + path, error.message(),
                   "it is restored, but a power cut may undo that; check the disk");
}

// Returns where the database is kept that had the place; empty if there was none.
std::string put_in_place(PartialFile& partial, const std::string& path) {
    std::string kept = name_to_keep(path);
    // A journal, which only a database without a log has, is obeyed by whatever database it lies
    // beside: there must be none when the new one comes.
    const std::string journal = path + "-journal";
    const std::string kept_journal = kept + "-journal";
    move_if_there(journal, kept_journal);
    if (!is_there(path)) {
        move_log(path, kept);  // a log without a database belongs to nobody
        partial.keep();
        return "";
    }
    try {
        partial.replace(kept);
    } catch (...) {
        ::rename(kept_journal.c_str(), journal.c_str());
        throw;
    }
    // The log must not be on disk under its new name before the database is.
    const std::error_code after_replacing = sync_directory_of(path);
    move_log(path, kept);
    const std::error_code after_moving = sync_directory_of(path);
    require_synced(after_replacing ? after_replacing : after_moving, path);
    return kept;
}

// Throws StoreError (damaged) if the backup, or its copy, cannot be read; the store is not.
Restored put_back(const std::string& source, const std::string& path) {
    Connection backup(source, Connection::Access::read_only);
    require_order_store(backup, "restore " + source);
    const SoleUse alone(path);
    require_room(path, backup);

    PartialFile partial(path);
    for (const std::string& own : with_companions(partial.path())) {
        PartialFile::require_replaceable(own);
    }
    const CompanionRemover remover(partial.path());
    copy_store(backup, partial.path());
    const StatusCounts counts = require_sound(partial.path(), source);
    set_owner_and_mode(partial, path, source);
    Restored restored;
    for (const OrderStatus status : all_statuses) restored.orders += counts[status];
    restored.bytes = static_cast<std::int64_t>(std::filesystem::file_size(partial.path()));
    restored.kept = put_in_place(partial, path);
    return restored;
}

}  // namespace

Restored restore(const std::string& location, const std::string& file) {
    const std::string path = store_path(location);
    const std::string source = existing_file(file);
    require_fit_file_system(path);
    refuse_the_stores_own_files(source, path);
    require_owner(path);
    require_own_log(source);
    try {
        return put_back(source, path);
    } catch (const StoreError& error) {
        if (error.kind() != StoreError::Kind::damaged) throw;
        throw damaged("restore " + source, "it is damaged, or not an order store",
                      "choose another backup");
    }
}

}  // namespace orders::sqlite
