#include "shared/storage/sqlite/care/verification.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "shared/storage/sqlite/care/content_checks.h"
#include "shared/storage/sqlite/care/findings.h"
#include "shared/storage/sqlite/care/order_checks.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/store_path.h"

namespace orders::sqlite {
namespace {

void require_newest_schema(Connection& connection) {
    const auto version = known_schema_version(connection, embedded_migrations());
    if (version == static_cast<std::int64_t>(embedded_migrations().size())) return;
    throw unusable("verify " + connection.path(),
                   version == 0 ? "it is empty" : "its schema is older than this program's",
                   version == 0 ? "this file is not an order store"
                                : "let the program bring it up to date first, or verify a copy");
}

// A check that meets a damaged page ends there; that is a finding too, and the others go on. So is
// what would be a bug elsewhere, such as a statement that does not fit: here the file is the
// suspect.
void run_check(const std::string& what, Findings& findings, const std::function<void()>& check) {
    try {
        check();
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        findings.add("this could not be checked to the end: " + std::string(error.what()), what);
    }
}

void check_file(Connection& connection, Findings& findings) {
    Statement integrity(connection, "PRAGMA integrity_check(100)");  // of these, at most
    for (Cursor rows = integrity.query(); rows.next();) {
        const auto text = rows.get<std::optional<std::string>>(0).value_or("");
        for (std::size_t begin = 0, end = 0; end < text.size(); begin = end + 1) {
            end = std::min(text.find('\n', begin), text.size());
            const std::string line = text.substr(begin, end - begin);
            // The one is its verdict, the other a headline.
            if (line.empty() || line == "ok" || line.starts_with("*** in database")) continue;
            findings.add("the file is damaged", line);
        }
    }
    Statement foreign_keys(connection, "PRAGMA foreign_key_check");
    for (Cursor rows = foreign_keys.query(); rows.next();) {
        const auto row = rows.get<std::optional<std::int64_t>>(1);
        findings.add("it refers to what is not there",
                     rows.get<std::string>(0) + " " + std::to_string(row.value_or(0)));
    }
}

struct Definition {
    std::string sql;
    // True if it changes, or may refuse, what is written to other tables.
    bool has_say = false;
};

using Schema = std::map<std::string, Definition>;  // by type and name

Schema schema_of(Connection& connection) {
    // SQLite's own tables and indexes have no definition.
    Statement definitions(connection,
                          "SELECT type || ' ' || name, sql, type = 'trigger'"
                          " OR EXISTS (SELECT 1 FROM pragma_index_list(s.tbl_name) i"
                          "            WHERE s.type = 'index' AND i.name = s.name AND i.\"unique\")"
                          " OR EXISTS (SELECT 1 FROM pragma_foreign_key_list(s.name)"
                          "            WHERE s.type = 'table')"
                          " FROM sqlite_schema s WHERE sql IS NOT NULL");
    Schema schema;
    for (Cursor rows = definitions.query(); rows.next();) {
        schema.emplace(rows.get<std::optional<std::string>>(0).value_or("nameless"),
                       Definition{rows.get<std::optional<std::string>>(1).value_or(""),
                                  rows.get<std::optional<std::int64_t>>(2).value_or(0) != 0});
    }
    return schema;
}

// True if all of this program's schema is there, to the letter.
bool check_schema(Connection& connection, Findings& findings) {
    Connection model(":memory:", Connection::Access::read_write);
    for (const Migration& migration : embedded_migrations()) model.execute_script(migration.sql);
    const Schema expected = schema_of(model);
    const Schema found = schema_of(connection);
    bool is_complete = true;
    for (const auto& [name, definition] : expected) {
        const auto same = found.find(name);
        if (same == found.end()) {
            findings.add("missing in the schema", name);
            is_complete = false;
        } else if (same->second.sql != definition.sql) {
            findings.add("defined differently than by this program", name);
            is_complete = false;
        }
    }
    for (const auto& [name, definition] : found) {
        if (definition.has_say && !expected.contains(name)) {
            findings.add("not part of the schema, and it has a say in what is written", name);
        }
    }
    return is_complete;
}

}  // namespace

Verification verify(const std::string& location) {
    const std::string path = existing_store_path(location);
    require_own_log(path);
    Connection connection(path, Connection::Access::read_only);
    require_newest_schema(connection);
    connection.execute("BEGIN");  // the first read begins the snapshot, which ends with the program
    return verify(connection);
}

Verification verify(Connection& connection) {
    Verification result;
    Findings findings;
    bool is_schema_known = false;
    run_check("the schema", findings,
              [&] { is_schema_known = check_schema(connection, findings); });
    run_check("the file", findings, [&] { check_file(connection, findings); });
    // The statements for the rows fit no other schema.
    if (is_schema_known) {
        run_check("the orders", findings,
                  [&] { result.orders = check_orders(connection, findings); });
        run_check("what orders carry", findings, [&] { check_content(connection, findings); });
        run_check("the other tables", findings, [&] { check_other_tables(connection, findings); });
    }
    result.findings = findings.count();
    result.examples = findings.lines();
    return result;
}

}  // namespace orders::sqlite
