#pragma once

// Whether a load got what it was promised. From when the audit begins, every order that was
// answered must be in the store, nothing may be there that nobody sent, and the store must be
// sound. It looks with plain SQL (store_view.h), when no process uses the store any more.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load_generator.h"
#include "tests/bench/order_ids.h"

namespace orders::bench {

class DeliveryAudit {
   public:
    // What is in the store already is ignored.
    explicit DeliveryAudit(const std::string& location);

    void expect(const IdRun& run, const LoadResult& load, std::int64_t orders_per_request = 1);
    // Throws BenchFailure.
    void check() const;

   private:
    struct Delivery {
        IdRun run;
        std::int64_t answered = 0;  // orders
        std::int64_t generated = 0;
    };

    std::string location_;
    std::int64_t first_seq_;
    std::vector<Delivery> deliveries_;
};

// StoreView::check_consistency().
void check_consistency(const std::string& location);

// Checks that no order was charged more than one attempt, or failed, or is still held by anybody.
void check_processed_at_most_once(const std::string& location);

}  // namespace orders::bench
