#include "shared/storage/sqlite/care/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "shared/storage/sqlite/care/partial_file.h"
#include "shared/storage/sqlite/care/store_copy.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/store_path.h"

namespace orders::sqlite {
namespace {

StoreError cannot(const std::string& operation, const std::error_code& error) {
    return unusable(operation, error.message());
}

// SQLite would take a log that lies beside the copy for the copy's own, and spoil it.
void refuse_companions_of(const std::string& file) {
    for (const std::string& own : with_companions(file)) {
        std::error_code ignored;
        if (own == file || !std::filesystem::exists(own, ignored)) continue;
        throw unusable("write " + file, "there is a " + own,
                       "it would be taken for the copy's log");
    }
}

// Nor may a copy have a name under which the store itself would look for its log.
void refuse_as_companion(const std::string& file, const std::string& store) {
    for (const std::string& own : with_companions(store)) {
        if (own == store || file != own) continue;
        throw unusable("write " + file, "the name belongs to the store", "choose another name");
    }
}

// What is written, or cleared away, must not be the store under another name.
void refuse_the_stores_own_files(const std::string& file, const std::string& store) {
    std::vector<std::string> touched = with_companions(file);
    std::ranges::move(with_companions(PartialFile::path_for(file)), std::back_inserter(touched));
    refuse_common_files(touched, with_companions(store), "write " + file);
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

// Of one snapshot: returns how many orders are in the copy.
std::int64_t copy_and_count(Connection& store, const std::string& path) {
    Statement count(store, "SELECT sum(orders) FROM order_counts");
    store.execute("BEGIN");
    std::int64_t orders = 0;
    {
        Cursor rows = count.query();  // begins the snapshot
        rows.next();
        orders = rows.get<std::int64_t>(0);
    }
    copy_store(store, path);
    store.roll_back();
    return orders;
}

}  // namespace

Backup back_up(const std::string& location, const std::string& file) {
    const std::string from = existing_store_path(location);
    require_own_log(from);
    Connection store(from, Connection::Access::read_only);
    // An older one too: a copy from before the upgrade is the one that is wanted.
    require_order_store(store, "back up " + store.path());
    const std::string path = usable_path(file);
    refuse_as_companion(path, store.path());
    refuse_the_stores_own_files(path, store.path());
    PartialFile::require_free(path);
    PartialFile partial(path);
    refuse_companions_of(path);
    for (const std::string& own : with_companions(partial.path())) {
        PartialFile::require_replaceable(own);
    }
    const CompanionRemover remover(partial.path());
    copy_mode(store.path(), partial.path());
    Backup backup{.orders = copy_and_count(store, partial.path())};
    std::error_code error;
    backup.bytes = static_cast<std::int64_t>(std::filesystem::file_size(partial.path(), error));
    if (error) throw cannot("read the size of " + partial.path(), error);
    partial.keep();
    return backup;
}

}  // namespace orders::sqlite
