#include "shared/storage/sqlite/migrations.h"

#include <sqlite3.h>

#include <chrono>

#include "shared/log/log.h"
#include "shared/os/steady_time.h"
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

// While it lives, the log says every now and then that the migration goes on: with many orders it
// takes its time, and nothing else would say what the programs wait for.
class Progress {
   public:
    Progress(Connection& connection, const std::string& migration,
             std::chrono::milliseconds interval)
        : handle_(connection.handle()), migration_(migration), interval_(interval) {
        constexpr int instructions_between_looks = 100'000;  // some milliseconds
        sqlite3_progress_handler(handle_, instructions_between_looks, &Progress::look, this);
    }
    ~Progress() { sqlite3_progress_handler(handle_, 0, nullptr, nullptr); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    [[nodiscard]] double seconds() const {
        const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begin_;
        return since.count();
    }

   private:
    static int look(void* of) noexcept {
        static_cast<Progress*>(of)->report_if_due();
        return 0;  // go on
    }
    void report_if_due() noexcept {
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now < next_report_) return;
        next_report_ = now + interval_;
        log::info("still migrating the schema",
                  {{"migration", migration_}, {"seconds", seconds()}});
    }

    sqlite3* const handle_;
    const std::string& migration_;
    const std::chrono::milliseconds interval_;
    const SteadyTime begin_ = std::chrono::steady_clock::now();
    SteadyTime next_report_ = begin_ + interval_;
};

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

void migrate(Connection& connection, const std::vector<Migration>& migrations,
             std::chrono::milliseconds report_interval) {
    const auto current = known_schema_version(connection, migrations);
    const auto newest = static_cast<std::int64_t>(migrations.size());
    // Only an empty file takes it; one that has tables keeps its mode (shrinkable.h).
    if (current == 0) connection.execute("PRAGMA auto_vacuum = INCREMENTAL");
    require_wal(connection);
    for (std::int64_t version = current + 1; version <= newest; ++version) {
        const Migration& migration = migrations[static_cast<std::size_t>(version - 1)];
        // A new store is made in no time.
        if (current > 0) {
            log::info("migrating the schema",
                      {{"db", connection.path()}, {"migration", migration.name}});
        }
        const Progress progress(connection, migration.name, report_interval);
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
        log::info("schema migrated",
                  {{"migration", migration.name}, {"seconds", progress.seconds()}});
    }
}

}  // namespace orders::sqlite
