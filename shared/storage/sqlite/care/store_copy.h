#pragma once

// How a store is copied to a file that is an order store of its own: what a backup and a restore
// have in common. Nothing here decides where a copy goes, or whether it may.

#include <string>
#include <string_view>
#include <vector>

#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// The database itself, and where SQLite looks for what belongs to it: its log, the log's index, and
// the journal that a database without a log has.
[[nodiscard]] std::vector<std::string> with_companions(const std::string& database_path);

// Throws StoreError (unusable) if a file of `touched` is a file of `store` under another name, such
// as a second link. Nothing is opened to find out: closing it again would drop SQLite's locks.
// `operation` says what was to be done, as in a StoreError.
void refuse_common_files(const std::vector<std::string>& touched,
                         const std::vector<std::string>& store, std::string_view operation);

// Throws StoreError (unusable) if the database is empty, another program's, or newer than this
// program. An older store is as good as any. `operation` is as above.
void require_order_store(Connection& connection, std::string_view operation);

// Copies one snapshot of the store into the empty file at `path`: the one that a transaction of
// `store` has begun to read, if there is one. The copy is one file, without a log, and not synced;
// if copying fails, it is worth nothing. Throws StoreError.
void copy_store(Connection& store, const std::string& path);

// Removes what SQLite leaves beside a copy that fails in the middle, or left there when an earlier
// one was killed: it would be taken for this one's.
class CompanionRemover {
   public:
    // `path` is the copy's.
    explicit CompanionRemover(std::string path);
    ~CompanionRemover();
    CompanionRemover(const CompanionRemover&) = delete;
    CompanionRemover& operator=(const CompanionRemover&) = delete;

   private:
    void remove() const noexcept;

    std::string path_;
};

}  // namespace orders::sqlite
