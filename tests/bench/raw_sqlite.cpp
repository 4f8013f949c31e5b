#include "tests/bench/raw_sqlite.h"

#include "tests/bench/figures.h"

namespace orders::bench {
namespace {

[[noreturn]] void fail(sqlite3* handle, const std::string& what) {
    throw BenchFailure(what + ": " + sqlite3_errmsg(handle));
}

}  // namespace

RawDatabase::RawDatabase(const std::string& path) {
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) throw BenchFailure("cannot open " + path);
    sqlite3_busy_timeout(handle, 10'000);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void RawDatabase::execute(const std::string& sql) {
    if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        fail(handle(), sql);
    }
}

std::int64_t RawDatabase::number(const std::string& sql) {
    RawStatement statement(*this, sql);
    if (!statement.step()) throw BenchFailure("no row: " + sql);
    return statement.number(0);
}

std::string RawDatabase::text(const std::string& sql) {
    RawStatement statement(*this, sql);
    if (!statement.step()) throw BenchFailure("no row: " + sql);
    return statement.text(0);
}

RawStatement::RawStatement(RawDatabase& database, const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database.handle(), sql.c_str(), -1,
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    if (code != SQLITE_OK) fail(database.handle(), sql);
}

void RawStatement::bind(int parameter, std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), parameter, value);
}

void RawStatement::bind(int parameter, std::string_view text) {
    sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
}

bool RawStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) {
        fail(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
    }
    sqlite3_reset(statement_.get());
    return false;
}

std::int64_t RawStatement::number(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string RawStatement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return text == nullptr ? "" : text;
}

}  // namespace orders::bench
