#include "tests/bench/delivery_audit.h"

#include <unordered_set>

#include "tests/bench/figures.h"
#include "tests/bench/raw_sqlite.h"

namespace orders::bench {
namespace {

void require_none(RawDatabase& database, const std::string& what, const std::string& count_sql) {
    const std::int64_t count = database.number(count_sql);
    if (count != 0) throw BenchFailure(std::to_string(count) + " " + what);
}

std::unordered_set<std::string> ids_since(const std::string& location, std::int64_t first_seq) {
    RawDatabase database(location);
    RawStatement rows(database, "SELECT order_id FROM orders WHERE seq >= ?");
    rows.bind(1, first_seq);
    std::unordered_set<std::string> ids;
    while (rows.step()) ids.insert(rows.text(0));
    return ids;
}

}  // namespace

DeliveryAudit::DeliveryAudit(const std::string& location)
    : location_(location),
      first_seq_(RawDatabase(location).number("SELECT coalesce(max(seq), 0) + 1 FROM orders")) {}

void DeliveryAudit::expect(const IdRun& run, const LoadResult& load,
                           std::int64_t orders_per_request) {
    deliveries_.push_back({.run = run,
                           .answered = load.answered * orders_per_request,
                           .generated = load.generated * orders_per_request});
}

void DeliveryAudit::check() const {
    std::unordered_set<std::string> stored = ids_since(location_, first_seq_);
    for (const auto& [run, answered, generated] : deliveries_) {
        OrderIds ids(run);
        std::int64_t missing = 0;
        for (std::int64_t i = 0; i < generated; ++i) {
            if (stored.erase(ids.next()) == 0) ++missing;
        }
        // What was not answered may be there or not: the load ended while it was on its way.
        if (missing > generated - answered) {
            throw BenchFailure("of " + std::to_string(generated) + " orders sent and " +
                               std::to_string(answered) + " acknowledged, " +
                               std::to_string(missing) + " are missing");
        }
    }
    if (!stored.empty()) {
        throw BenchFailure(std::to_string(stored.size()) + " orders are stored that nobody sent");
    }
}

void check_consistency(const std::string& location) {
    RawDatabase database(location);
    const std::string integrity = database.text("PRAGMA integrity_check");
    if (integrity != "ok") throw BenchFailure("the store is damaged: " + integrity);
    require_none(database, "counters are not what a recount says",
                 "SELECT count(*) FROM order_counts c LEFT JOIN (SELECT priority, status,"
                 " count(*) AS recounted FROM orders GROUP BY priority, status) r"
                 " USING (priority, status) WHERE c.orders <> coalesce(r.recounted, 0)");
    require_none(database, "leases belong to no order, or orders have none",
                 "SELECT (SELECT count(*) FROM leases LEFT JOIN orders USING (seq)"
                 "        WHERE status IS NOT 1) +"
                 "       (SELECT count(*) FROM orders LEFT JOIN leases USING (seq)"
                 "        WHERE status = 1 AND leases.seq IS NULL)");
}

void check_processed_at_most_once(const std::string& location) {
    RawDatabase database(location);
    require_none(database, "orders were charged too often, failed, or are held by nobody",
                 "SELECT count(*) FROM orders WHERE NOT ((status = 0 AND attempts = 0)"
                 " OR (status = 2 AND attempts = 1))");
}

}  // namespace orders::bench
