#include "shared/storage/sqlite/shrinkable.h"

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <mutex>

#include "shared/log/log.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

constexpr const char* consequence =
    "all works as before, but the file does not shrink; it is tried again at the next start that"
    " finds no other program";

std::int64_t size_of(Connection& connection) {
    return Statement(connection, "PRAGMA page_count").number() *
           Statement(connection, "PRAGMA page_size").number();
}

// While it lives, what is too large for memory goes into the store's directory: there may be little
// room elsewhere. The name is the library's, for all connections, of which the others keep to
// memory.
class TemporaryFilesBeside {
   public:
    explicit TemporaryFilesBeside(Connection& connection)
        : connection_(connection), lock_(mutex()), before_(sqlite3_temp_directory) {
        const std::string directory =
            std::filesystem::path(connection.path()).parent_path().string();
        sqlite3_temp_directory = sqlite3_mprintf("%s", directory.c_str());
        connection_.execute("PRAGMA temp_store = FILE");
    }
    ~TemporaryFilesBeside() {
        sqlite3_exec(connection_.handle(), "PRAGMA temp_store = MEMORY", nullptr, nullptr, nullptr);
        sqlite3_free(sqlite3_temp_directory);
        sqlite3_temp_directory = before_;
    }
    TemporaryFilesBeside(const TemporaryFilesBeside&) = delete;
    TemporaryFilesBeside& operator=(const TemporaryFilesBeside&) = delete;

   private:
    static std::mutex& mutex() {
        static std::mutex of_the_name;
        return of_the_name;
    }
    Connection& connection_;
    const std::lock_guard<std::mutex> lock_;
    char* const before_;
};

// A log is there again afterwards, whatever happens.
class WithoutLog {
   public:
    explicit WithoutLog(Connection& connection) : connection_(connection) {
        connection_.execute("PRAGMA journal_mode = DELETE");
    }
    ~WithoutLog() {
        // If that fails, the next use of the connection says so.
        sqlite3_exec(connection_.handle(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    }
    WithoutLog(const WithoutLog&) = delete;
    WithoutLog& operator=(const WithoutLog&) = delete;

   private:
    Connection& connection_;
};

void rewrite(Connection& connection) {
    const WithoutLog without_log(connection);
    const TemporaryFilesBeside beside(connection);
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL");
    const int code = sqlite3_exec(connection.handle(), "VACUUM", nullptr, nullptr, nullptr);
    // Every row is inserted anew, so that a table that breaks its own rules is noticed.
    if ((code & 0xff) == SQLITE_CONSTRAINT) {
        throw damaged("rewrite " + connection.path(), sqlite3_errmsg(connection.handle()));
    }
    if (code != SQLITE_OK) {
        throw store_error(connection.handle(), code, "rewrite " + connection.path());
    }
}

}  // namespace

bool is_shrinkable(Connection& connection) {
    return Statement(connection, "PRAGMA auto_vacuum").number() != 0;
}

void make_shrinkable(Connection& connection, const FreeBytes& free_bytes) {
    if (is_shrinkable(connection)) return;
    const std::string path = connection.path();
    const std::int64_t size = size_of(connection);
    const auto free = free_bytes(path);
    if (free && *free < 2 * size) {
        log::warn("too little room to rewrite the store once, so that it can shrink",
                  {{"db", path},
                   {"needed_bytes", 2 * size},
                   {"free_bytes", *free},
                   {"hint", "make room, then stop all programs and start them again"},
                   {"consequence", consequence}});
        return;
    }
    log::info("rewriting the store once, so that it can shrink", {{"db", path}, {"bytes", size}});
    const auto begin = std::chrono::steady_clock::now();
    try {
        rewrite(connection);
    } catch (const StoreError& error) {
        // Damage is left to those who meet it in their work.
        if (error.is_fatal() && error.kind() != StoreError::Kind::damaged) throw;
        log::warn("the store could not be rewritten, so that it could shrink",
                  {{"db", path}, {"detail", error.what()}, {"consequence", consequence}});
        return;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    log::info("store rewritten", {{"db", path},
                                  {"bytes_before", size},
                                  {"bytes", size_of(connection)},
                                  {"seconds", took.count()}});
}

}  // namespace orders::sqlite
