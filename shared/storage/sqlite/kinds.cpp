#include "shared/storage/sqlite/kinds.h"

#include <string>
#include <utility>

#include "shared/metrics/work_figures.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

static_assert(Kind::max_named == 63);

Kind kind_from(const std::string& name) {
    auto kind = Kind::parse(name);
    if (!kind) throw damaged("read a kind", "its name is not valid");
    return *std::move(kind);
}

}  // namespace

Kinds::Kinds(Connection& connection)
    : find_(connection, "SELECT id FROM kinds WHERE name = ?"),
      name_(connection, "SELECT name FROM kinds WHERE id = ?"),
      all_(connection, "SELECT id, name, is_paused FROM kinds ORDER BY id"),
      // A number that was never given, or the first whose kind is of no use any more.
      free_id_(connection,
               "SELECT id FROM (SELECT max(id) + 1 AS id FROM kinds)"
               " WHERE id <= 63 UNION ALL SELECT id FROM"
               " (SELECT id FROM kinds k WHERE id > 0 AND is_paused = 0 AND NOT EXISTS"
               "  (SELECT 1 FROM order_counts c WHERE c.status BETWEEN 0 AND 5 AND c.kind = k.id"
               "   AND c.orders > 0) ORDER BY id LIMIT 1) LIMIT 1"),
      forget_counts_(connection, "DELETE FROM order_counts WHERE kind = ?"),
      forget_totals_(connection, "DELETE FROM order_totals WHERE kind = ?"),
      forget_measures_(connection, "DELETE FROM metric_sums WHERE name BETWEEN ?1 AND ?1 || '~'"),
      // Not by replacing the row, for which SQLite would look through all orders.
      rename_(connection, "UPDATE kinds SET name = ?2 WHERE id = ?1"),
      add_(connection, "INSERT INTO kinds (id, name) VALUES (?, ?)"),
      set_paused_(connection, "UPDATE kinds SET is_paused = ?2 WHERE id = ?1") {}

std::optional<std::int64_t> Kinds::find(const Kind& kind) {
    if (kind.is_default()) return default_id;
    Cursor rows = find_.query(kind.name());
    if (!rows.next()) return std::nullopt;
    return rows.get<std::int64_t>(0);
}

std::optional<std::int64_t> Kinds::find_or_add(const Kind& kind, WriteTransaction& work) {
    if (const auto known = find(kind)) return known;
    work.write_counts();  // what this transaction has created is of use, too
    std::optional<std::int64_t> id;
    {
        Cursor rows = free_id_.query();
        if (rows.next()) id = rows.get<std::int64_t>(0);
    }
    if (!id) return std::nullopt;
    forget_counts_.run(*id);
    forget_totals_.run(*id);
    forget_measures(*id);
    if (rename_.run(*id, kind.name()) == 0) add_.run(*id, kind.name());
    return id;
}

void Kinds::forget_measures(std::int64_t id) {
    std::optional<std::string> name;
    {
        Cursor rows = name_.query(id);
        if (rows.next()) name = rows.get<std::string>(0);
    }
    if (!name) return;
    for (const std::string& beginning : beginnings_of_kind(*name)) forget_measures_.run(beginning);
}

Kind Kinds::kind_of(std::int64_t id) {
    if (id == default_id) return {};
    Cursor rows = name_.query(id);
    if (!rows.next()) throw damaged("read a kind", "there is none with its number");
    return kind_from(rows.get<std::string>(0));
}

std::vector<KnownKind> Kinds::all() {
    std::vector<KnownKind> kinds;
    for (Cursor rows = all_.query(); rows.next();) {
        kinds.push_back({.id = rows.get<std::int64_t>(0),
                         .kind = kind_from(rows.get<std::string>(1)),
                         .is_paused = rows.get<std::int64_t>(2) != 0});
    }
    return kinds;
}

void Kinds::set_paused(std::int64_t id, bool is_paused) {
    set_paused_.run(id, is_paused);
}

}  // namespace orders::sqlite
