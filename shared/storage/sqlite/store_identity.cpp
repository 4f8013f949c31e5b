#include "shared/storage/sqlite/store_identity.h"

#include <sqlite3.h>

#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/log_ownership.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/shrinkable.h"
#include "shared/storage/sqlite/sync_directory.h"
#include "shared/storage/sqlite/turnstile.h"

namespace orders::sqlite {
namespace {

// How long other programs' readers (the sqlite3 shell, `verify`) are waited for.
constexpr std::chrono::milliseconds reader_patience{1'000};

enum class Fold {
    done,       // the log is empty
    copied,     // all of it is in the file, on disk; a reader still looks at it
    not_copied  // a reader is in the way
};

// Copies all of the log into the file and makes the log empty.
Fold fold(Connection& connection) {
    int pages = 0;
    int copied_pages = 0;
    connection.set_busy_timeout(reader_patience);
    const int code = sqlite3_wal_checkpoint_v2(connection.handle(), "main",
                                               SQLITE_CHECKPOINT_TRUNCATE, &pages, &copied_pages);
    connection.set_busy_timeout(Connection::default_busy_timeout);
    if (code == SQLITE_OK) return Fold::done;
    if ((code & 0xff) != SQLITE_BUSY) throw store_error(connection.handle(), code, "checkpoint");
    return pages > 0 && copied_pages == pages ? Fold::copied : Fold::not_copied;
}

bool is_in_wal_mode(Connection& connection) {
    Statement mode(connection, "PRAGMA journal_mode");
    Cursor rows = mode.query();
    return rows.next() && rows.get<std::string>(0) == "wal";
}

std::string generation_of(Connection& connection) {
    Statement query(connection, "SELECT generation FROM store WHERE id = 1");
    Cursor rows = query.query();
    return rows.next() ? rows.get<std::string>(0) : std::string();
}

// The log is empty: until others write to it, it holds this one page, which a kill may lose.
void change_generation(Connection& connection) {
    const std::string before = generation_of(connection);
    connection.execute("UPDATE store SET generation = lower(hex(randomblob(16))) WHERE id = 1");
    if (fold(connection) != Fold::not_copied) return;
    // Nothing may follow in the log that the file does not know.
    Statement(connection, "UPDATE store SET generation = ? WHERE id = 1").run(before);
}

}  // namespace

StoreIdentity identity_of(Connection& connection) {
    Statement query(connection, "SELECT store_id, incarnation FROM store WHERE id = 1");
    Cursor row = query.query();
    if (!row.next()) throw damaged("read which store this is", "its row is missing");
    return {.store_id = row.get<std::string>(0), .incarnation = row.get<std::string>(1)};
}

void begin_generation(const std::string& path) {
    Turnstile turnstile(path);
    const Turnstile::Pass pass = turnstile.enter_to_open();
    set_aside_foreign_log(path);
    Connection connection(path, Connection::Access::read_write);
    // Throws if it is no store of ours, before anything is written to it.
    (void)known_schema_version(connection, embedded_migrations());
    // If the log is empty before each step, it is no loss if it is set aside after a kill. If a
    // reader keeps it from being emptied, the generation stays, and the log with it.
    const bool is_empty = !is_in_wal_mode(connection) || fold(connection) == Fold::done;
    migrate(connection, embedded_migrations());
    connection.execute(
        "UPDATE store SET incarnation = lower(hex(randomblob(16))) WHERE incarnation = ''");
    if (is_empty && fold(connection) == Fold::done) {
        make_shrinkable(connection);
        if (fold(connection) == Fold::done) change_generation(connection);
    }
    LogBeginning(connection).write();
    sync_names(path);
}

LogBeginning::LogBeginning(Connection& connection)
    : connection_(connection),
      // A value that stays the same would not be written.
      touch_(connection, "UPDATE store SET touched = 1 - touched WHERE id = 1") {}

void LogBeginning::write() {
    connection_.execute("BEGIN IMMEDIATE");
    try {
        touch_.run();
        connection_.commit();
    } catch (...) {
        connection_.roll_back();
        throw;
    }
}

}  // namespace orders::sqlite
