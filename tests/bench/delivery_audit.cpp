#include "tests/bench/delivery_audit.h"

#include <unordered_set>

#include "tests/bench/figures.h"
#include "tests/bench/store_view.h"

namespace orders::bench {
namespace {

std::unordered_set<std::string> ids_since(const std::string& location, std::int64_t first_seq) {
    const std::vector<std::string> ids = view_of(location)->texts(
        "SELECT order_id FROM orders WHERE seq >= " + std::to_string(first_seq));
    return {ids.begin(), ids.end()};
}

}  // namespace

DeliveryAudit::DeliveryAudit(const std::string& location)
    : location_(location),
      first_seq_(view_of(location)->number("SELECT coalesce(max(seq), 0) + 1 FROM orders")) {}

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
    view_of(location)->check_consistency();
}

void check_processed_at_most_once(const std::string& location) {
    const std::int64_t others = view_of(location)->number(
        "SELECT count(*) FROM orders WHERE NOT ((status = 0 AND attempts = 0)"
        " OR (status = 2 AND attempts = 1))");
    if (others != 0) {
        throw BenchFailure(std::to_string(others) +
                           " orders were charged too often, failed, or are held by nobody");
    }
}

}  // namespace orders::bench
