#include "shared/storage/postgres/migrations.h"

#include <cstdint>
#include <exception>

#include "shared/log/log.h"
#include "shared/storage/postgres/errors.h"

namespace orders::postgres {
namespace {

constexpr const char* operation = "use the schema orders of the database";

// 0 if there is none.
std::int64_t schema_version(Connection& connection, std::size_t newest) {
    const Rows found = connection.query(
        "SELECT to_regnamespace('orders') IS NOT NULL,"
        " to_regclass('orders.schema_migrations') IS NOT NULL, EXISTS (SELECT FROM pg_class"
        " WHERE relnamespace = to_regnamespace('orders'))");
    if (!found.get<bool>(0, 1)) {
        if (!found.get<bool>(0, 2)) return 0;
        throw unusable(operation, "it has tables of another program",
                       "name a database whose schema orders is empty, or not there");
    }
    const auto version =
        connection.query("SELECT coalesce(max(version), 0) FROM orders.schema_migrations")
            .get<std::int64_t>(0, 0);
    if (version <= static_cast<std::int64_t>(newest)) return version;
    throw unusable(operation, "it is newer than this program", "use a newer program");
}

// What is told as stored must be stored.
void require_lasting_commits(Connection& connection) {
    const auto mode =
        connection.query("SELECT current_setting('synchronous_commit')").get<std::string>(0, 0);
    if (mode != "off" && mode != "local") return;
    throw unusable(operation, "synchronous_commit is " + mode + " there",
                   "set it to on: a commit must be kept when it has been answered");
}

void require_utf8(Connection& connection) {
    const auto encoding =
        connection.query("SELECT current_setting('server_encoding')").get<std::string>(0, 0);
    if (encoding == "UTF8") return;
    throw unusable(operation, "the database's encoding is " + encoding,
                   "create one with the encoding UTF8");
}

void apply(Connection& connection, const std::vector<Migration>& migrations, std::int64_t version) {
    if (!connection.query("SELECT to_regnamespace('orders') IS NOT NULL").get<bool>(0, 0)) {
        connection.run("CREATE SCHEMA orders");
    }
    if (version == 0) {
        connection.run(
            "CREATE TABLE orders.schema_migrations (version integer PRIMARY KEY,"
            " name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())");
    }
    for (std::size_t number = static_cast<std::size_t>(version); number < migrations.size();
         ++number) {
        const Migration& migration = migrations[number];
        connection.run_script(migration.sql);
        connection.run(
            "INSERT INTO orders.schema_migrations (version, name) VALUES ($1::integer,"
            " $2::text)",
            number + 1, migration.name);
        log::info("brought the schema up to date", {{"migration", migration.name}});
    }
}

}  // namespace

void migrate(Connection& connection, const std::vector<Migration>& migrations) {
    require_utf8(connection);
    require_lasting_commits(connection);
    const auto newest = static_cast<std::int64_t>(migrations.size());
    if (schema_version(connection, migrations.size()) == newest) return;
    connection.wait_without_limit();  // for others that are at it, too
    connection.run("BEGIN");
    try {
        connection.run("SELECT pg_advisory_xact_lock(hashtextextended('orders.migrations', 0))");
        const std::int64_t version = schema_version(connection, migrations.size());
        if (version < newest) apply(connection, migrations, version);
        connection.run("COMMIT");
    } catch (const std::exception&) {
        connection.run("ROLLBACK");
        throw;
    }
}

void require_newest_schema(Connection& connection, const std::vector<Migration>& migrations) {
    if (schema_version(connection, migrations.size()) ==
        static_cast<std::int64_t>(migrations.size())) {
        return;
    }
    throw unusable(operation, "it is older than this program's, or not there",
                   "start order-api or order-worker, which bring it up to date");
}

}  // namespace orders::postgres
