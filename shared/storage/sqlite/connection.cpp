#include "shared/storage/sqlite/connection.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>

#include "shared/log/log.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

// Checkpoints keep the log shorter than journal_size_limit, to which its file is cut after it once
// grew longer.
constexpr Sql connection_settings =
    "PRAGMA synchronous = FULL;"      // an acknowledged order survives a power cut
    "PRAGMA wal_autocheckpoint = 0;"  // checkpoints only inside the turnstile
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA secure_delete = OFF;"  // Debian's build overwrites deleted rows by default
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA mmap_size = 0;";

// Caches grow as needed up to these, in KiB. There is one writer, but as many readers as requests
// that read at the same time; what they miss is in the kernel's cache.
constexpr Sql writer_settings = "PRAGMA cache_size = -16384";
constexpr Sql reader_settings = "PRAGMA cache_size = -1024; PRAGMA query_only = ON";

// What makes room, if that is what SQLite lacked when it returned this code just now; else empty.
// The errno is the C library's: SQLite does not keep that of a commit that fails (3.40.1, in
// sqlite3_system_errno()). A sync is not among these, whatever its errno: what it was to bring to
// the disk may be there or not.
std::string_view hint_for_room(int code) {
    switch (code) {
        case SQLITE_IOERR_WRITE:
        case SQLITE_IOERR_TRUNCATE:
        case SQLITE_IOERR_SHMOPEN:
        case SQLITE_IOERR_SHMSIZE:
            return room_hint(errno);
        default:
            return (code & 0xff) == SQLITE_CANTOPEN ? room_hint(errno) : std::string_view();
    }
}

std::string hint_for(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program holds the write lock";
        case SQLITE_FULL:
            return "make room on the disk";
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return must_be_writable("the directory, and the files in it,") +
                   ": all processes must run as the same user";
        case SQLITE_IOERR:
            return "check the disk and the kernel's log";
        default:
            return {};
    }
}

// A page, or a part of the log, is not what was written there, or is not there at all. SQLite may
// also say so if the disk fails to read.
bool is_damage(int code) {
    return (code & 0xff) == SQLITE_CORRUPT || code == SQLITE_IOERR_SHORT_READ ||
           code == SQLITE_IOERR_CORRUPTFS;
}

}  // namespace

StoreError store_error(sqlite3* handle, int code, std::string_view operation) {
    if (const std::string_view room = hint_for_room(code); !room.empty()) {
        return {StoreError::Kind::full, StoreError::Cure::time, operation,
                std::strerror(errno) + (", code " + std::to_string(code)), room};
    }
    const std::string detail = handle != nullptr && sqlite3_extended_errcode(handle) == code
                                   ? sqlite3_errmsg(handle)
                                   : sqlite3_errstr(code);
    const std::string detail_and_code = detail + ", code " + std::to_string(code);
    if (is_damage(code)) return damaged(operation, detail_and_code);
    switch (code & 0xff) {
        case SQLITE_NOTADB:
            return damaged(operation, detail_and_code,
                           "this file is not an order store; if it was one, restore a backup");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {StoreError::Kind::busy, StoreError::Cure::time, operation, detail_and_code,
                    hint_for(code)};
        case SQLITE_FULL:
            return {StoreError::Kind::full, StoreError::Cure::time, operation, detail_and_code,
                    hint_for(code)};
        case SQLITE_NOMEM:
            throw std::bad_alloc();
        case SQLITE_ERROR:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
            // Nothing outside this program leads here: it is a bug of ours.
            throw std::logic_error(std::string(operation) + ": " + detail);
        default:
            return unusable(operation, detail_and_code, hint_for(code));
    }
}

Connection::Connection(const std::string& path, Access access) {
    // Before the library is first used: without its statistics of memory, which nobody reads, it
    // takes no lock for each piece of memory.
    [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    // Readers too open the file for writing, because they share the log's index; query_only keeps
    // them from more.
    const int create = access == Access::read_write ? SQLITE_OPEN_CREATE : 0;
    const int code = sqlite3_open_v2(
        path.c_str(), &handle_,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | create, nullptr);
    try {
        if (code != SQLITE_OK) throw store_error(handle_, code, "open " + path);
        // Before all else: another process may be recovering the log right now.
        set_busy_timeout(default_busy_timeout);
        sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        execute(connection_settings);
        if (!is_on(Safeguard::commit_sync)) execute("PRAGMA synchronous = NORMAL");
        execute(access == Access::read_only ? reader_settings : writer_settings);
    } catch (...) {
        sqlite3_close_v2(handle_);
        throw;
    }
}

Connection::~Connection() {
    sqlite3_close_v2(handle_);
}

void Connection::execute(Sql sql) {
    const int code = sqlite3_exec(handle_, sql.text, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw store_error(handle_, code, "use " + path());
}

void Connection::execute_script(const std::string& script) {
    const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw store_error(handle_, code, "bring " + path() + " up to date");
}

std::string Connection::path() const {
    return sqlite3_db_filename(handle_, "main");
}

void Connection::commit() {
    const int code = sqlite3_exec(handle_, "COMMIT", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    const std::string_view room = hint_for_room(code);
    // A commit ends with the write of its last frame. If a write finds no room, nothing is stored.
    const bool is_unwritten = code == SQLITE_IOERR_WRITE && !room.empty();
    if ((code & 0xff) != SQLITE_IOERR || is_unwritten) throw store_error(handle_, code, "commit");
    if (!room.empty()) {
        // Behind the sync: there was no room for the log's index. This process and all others go on
        // without the commit, and their next one replaces it in the log; if all of them end before
        // that, it is found there.
        throw StoreError(StoreError::Kind::outcome_unknown, StoreError::Cure::time, "commit",
                         std::strerror(errno), room);
    }
    const std::string detail = sqlite3_errmsg(handle_);
    if (!is_on(Safeguard::sync_failure_ends)) {
        throw StoreError(StoreError::Kind::busy, StoreError::Cure::time, "commit", detail,
                         hint_for(code));
    }
    // The log may hold the commit although the sync failed; a restart may find it.
    throw StoreError(StoreError::Kind::outcome_unknown, StoreError::Cure::restart, "commit", detail,
                     hint_for(code));
}

void Connection::set_busy_timeout(std::chrono::milliseconds timeout) noexcept {
    sqlite3_busy_timeout(handle_, static_cast<int>(timeout.count()));
}

void Connection::roll_back() noexcept {
    if (sqlite3_get_autocommit(handle_) != 0) return;  // SQLite has done it by itself, or was asked
    const int code = sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) log::error("rollback failed", {{"detail", sqlite3_errmsg(handle_)}});
}

std::int64_t Connection::last_inserted() const noexcept {
    return sqlite3_last_insert_rowid(handle_);
}

Cursor::~Cursor() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
}

bool Cursor::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw store_error(sqlite3_db_handle(statement_), code, "use the database");
}

template <>
std::optional<std::int64_t> Cursor::get(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
    return sqlite3_column_int64(statement_, column);
}

template <>
std::optional<std::string> Cursor::get(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (text == nullptr) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

template <>
std::int64_t Cursor::get(int column) const {
    return get<std::optional<std::int64_t>>(column).value();
}

template <>
std::string Cursor::get(int column) const {
    return get<std::optional<std::string>>(column).value();
}

Statement::Statement(Connection& connection, Sql sql) {
    const int code = sqlite3_prepare_v3(connection.handle(), sql.text, -1,
                                        SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) throw store_error(connection.handle(), code, "prepare a statement");
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

void Statement::bind(int parameter, std::string_view value) {
    // A view that points nowhere would be NULL to SQLite.
    const char* const text = value.data() == nullptr ? "" : value.data();
    const int code = sqlite3_bind_text(statement_, parameter, text, static_cast<int>(value.size()),
                                       SQLITE_TRANSIENT);
    if (code != SQLITE_OK) throw store_error(nullptr, code, "bind a value");
}

void Statement::bind(int parameter, Blob value) {
    const char* const bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
    const int code = sqlite3_bind_blob(statement_, parameter, bytes,
                                       static_cast<int>(value.bytes.size()), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) throw store_error(nullptr, code, "bind a value");
}

void Statement::bind(int parameter, std::nullopt_t) {
    const int code = sqlite3_bind_null(statement_, parameter);
    if (code != SQLITE_OK) throw store_error(nullptr, code, "bind a value");
}

void Statement::bind_integer(int parameter, std::int64_t value) {
    const int code = sqlite3_bind_int64(statement_, parameter, value);
    if (code != SQLITE_OK) throw store_error(nullptr, code, "bind a value");
}

std::int64_t Statement::number() {
    Cursor rows = query();
    rows.next();
    return rows.get<std::int64_t>(0);
}

std::int64_t Statement::changed_rows() const {
    return sqlite3_changes64(sqlite3_db_handle(statement_));
}

}  // namespace orders::sqlite
