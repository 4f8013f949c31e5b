#include "shared/storage/postgres/kinds.h"

#include "shared/metrics/work_figures.h"

namespace orders::postgres {

void Kinds::look_up(const std::set<std::string>& names) {
    Array asked;
    for (const std::string& name : names) {
        if (name == Kind().name() || known_.contains(name)) continue;
        asked.add(name);
        known_[name] = std::nullopt;
    }
    if (asked.is_empty()) return;
    const Rows rows = transaction_.query(
        "SELECT id, name FROM orders.kinds WHERE name = ANY ($1::text[]) ORDER BY id"
        " FOR KEY SHARE",
        asked);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        known_[rows.get<std::string>(row, 1)] = rows.get<std::int64_t>(row, 0);
    }
}

std::optional<std::int64_t> Kinds::find(const Kind& kind) const {
    if (kind.is_default()) return default_kind;
    const auto known = known_.find(kind.name());
    return known == known_.end() ? std::nullopt : known->second;
}

std::optional<std::int64_t> Kinds::find_or_add(const Kind& kind) {
    look_up({kind.name()});
    if (const auto known = find(kind)) return known;
    // One at a time; what others have added until then is seen.
    transaction_.send("LOCK TABLE orders.kinds IN SHARE ROW EXCLUSIVE MODE");
    transaction_.send("SELECT id FROM orders.kinds WHERE name = $1::text", kind.name());
    transaction_.send(
        "INSERT INTO orders.kinds (id, name) SELECT max(id) + 1, $1::text FROM orders.kinds"
        " HAVING max(id) < 63 AND NOT EXISTS (SELECT FROM orders.kinds WHERE name = $1::text)"
        " RETURNING id",
        kind.name());
    const std::vector<Rows> results = transaction_.receive();
    std::optional<std::int64_t> id;
    for (const std::size_t from_behind : {2U, 1U}) {
        const Rows& rows = results.at(results.size() - from_behind);
        if (!rows.empty()) id = rows.get<std::int64_t>(0, 0);
    }
    if (!id) {
        // The first whose kind is of no use any more, and that nobody is about to use.
        Array in_use;
        for (const auto& [name, known] : known_) {
            if (known) in_use.add(*known);
        }
        const Rows free = transaction_.query(
            "WITH free AS (SELECT id FROM orders.kinds WHERE id > 0 AND NOT is_paused"
            " AND id <> ALL ($2::smallint[]) AND id NOT IN (SELECT kind FROM orders.all_counts"
            " WHERE state <= 5 AND number > 0) ORDER BY id FOR UPDATE SKIP LOCKED)"
            " SELECT id, (SELECT name FROM orders.kinds k WHERE k.id = free.id), $1::text"
            " FROM free ORDER BY id",
            kind.name(), in_use);
        for (std::size_t row = 0; row < free.size() && !id; ++row) {
            // Once more, now that it is locked: whoever held a lock may have created some.
            const Rows renamed = transaction_.query(
                "UPDATE orders.kinds SET name = $1::text WHERE id = $2::smallint AND NOT EXISTS"
                " (SELECT FROM orders.all_counts WHERE kind = $2::smallint AND state <= 5"
                " AND number > 0) RETURNING id",
                kind.name(), free.get<std::int64_t>(row, 0));
            if (renamed.empty()) continue;
            id = renamed.get<std::int64_t>(0, 0);
            forget_totals(*id);
            forget_measures(free.get<std::string>(row, 1));
        }
    }
    known_[kind.name()] = id;
    return id;
}

// By rows that are added, as all else that is counted.
void Kinds::forget_totals(std::int64_t kind) {
    (void)transaction_.query(
        "INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT kind, priority, state, -number FROM orders.all_counts"
        " WHERE kind = $1::smallint AND state >= 8 AND number <> 0",
        kind);
}

void Kinds::forget_measures(const std::string& kind) {
    for (const std::string& beginning : beginnings_of_kind(kind)) {
        (void)transaction_.query(
            "DELETE FROM orders.metric_sums WHERE name BETWEEN $1::text AND $1::text || '~'",
            beginning);
    }
}

}  // namespace orders::postgres
