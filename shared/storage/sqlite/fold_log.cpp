#include "shared/storage/sqlite/fold_log.h"

#include <sqlite3.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <system_error>

#include "shared/log/log.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {
namespace {

// The last connection to close does it, by default: under an exclusive lock, which it does not wait
// for.
void open_and_close(const std::string& path) {
    // Unlike others, readers never create the database.
    Connection connection(path, Connection::Access::read_only);
    connection.set_busy_timeout(std::chrono::milliseconds{0});
    {
        Statement look(connection, "SELECT count(*) FROM sqlite_schema");  // opens the log
        look.run();
    }
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

void note_left(const std::string& log, const char* why) noexcept {
    log::debug("write-ahead log was left as it is", {{"file", log}, {"reason", why}});
}

}  // namespace

void fold_log(const std::string& database_path) noexcept {
    const std::string log = database_path + "-wal";
    try {
        std::error_code error;
        const auto size = std::filesystem::file_size(log, error);
        if (error) return;  // there is none
        if (size > long_log_bytes) return note_left(log, "it is long");
        open_and_close(database_path);
        if (std::filesystem::exists(log, error)) note_left(log, "the database is in use");
    } catch (const std::exception& failure) {
        note_left(log, failure.what());
    }
}

}  // namespace orders::sqlite
