#include "shared/storage/sqlite/migrations.h"

#include "shared/log/log.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

constexpr std::int64_t application_id = 0x4f524452;  // "ORDR"

std::int64_t schema_version(Connection& connection) {
    const auto id = Statement(connection, "PRAGMA application_id").number();
    const bool is_empty = Statement(connection, "SELECT count(*) FROM sqlite_schema").number() == 0;
    if (id != application_id && !is_empty) {
        throw unusable("use " + connection.path(), "it belongs to another program",
                       "choose another file");
    }
    return Statement(connection, "PRAGMA user_version").number();
}

// Waits for readers of a file that is not in this mode yet, as one that was restored: a backup, a
// check, SQLite's shell.
std::string switch_to_wal(Connection& connection) {
    for (bool has_said = false;; has_said = true) {
        try {
            Statement statement(connection, "PRAGMA journal_mode = WAL");
            Cursor rows = statement.query();
            rows.next();
            return rows.get<std::string>(0);
        } catch (const StoreError& error) {
            if (error.kind() != StoreError::Kind::busy) throw;
            if (has_said) continue;
            log::info("waiting: another program reads the store, as a backup or verify does",
                      {{"db", connection.path()}});
        }
    }
}

// A file system without shared memory refuses it, and says so only in the pragma's answer.
void require_wal(Connection& connection) {
    if (switch_to_wal(connection) != "wal") {
        throw unusable("use " + connection.path(),
                       "its file system does not allow write-ahead logging",
                       "keep the database on a local disk");
    }
}

}  // namespace

std::int64_t known_schema_version(Connection& connection,
                                  const std::vector<Migration>& migrations) {
    const auto version = schema_version(connection);
    const auto newest = static_cast<std::int64_t>(migrations.size());
    if (version < 0 || version > newest) {
        throw unusable("use " + connection.path(),
                       "its schema has version " + std::to_string(version) +
                           ", this program knows up to " + std::to_string(newest),
                       "run the newer program, or restore the backup from before the upgrade");
    }
    return version;
}

void migrate(Connection& connection, const std::vector<Migration>& migrations) {
    const auto current = known_schema_version(connection, migrations);
    const auto newest = static_cast<std::int64_t>(migrations.size());
    // Only an empty file takes it; one that has tables keeps its mode (shrinkable.h).
    if (current == 0) connection.execute("PRAGMA auto_vacuum = INCREMENTAL");
    require_wal(connection);
    for (std::int64_t version = current + 1; version <= newest; ++version) {
        const Migration& migration = migrations[static_cast<std::size_t>(version - 1)];
        connection.execute("BEGIN IMMEDIATE");
        try {
            connection.execute_script(migration.sql);
            connection.execute_script("PRAGMA user_version = " + std::to_string(version) +
                                      ";PRAGMA application_id = " + std::to_string(application_id));
            connection.commit();
        } catch (...) {
            connection.roll_back();
            throw;
        }
        log::info("schema migrated", {{"migration", migration.name}});
    }
}

}  // namespace orders::sqlite
