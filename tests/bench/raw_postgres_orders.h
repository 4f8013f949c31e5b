#pragma once

// What storing orders costs PostgreSQL at the least: the same schema and durability as the
// product's, and one statement for each thing, prepared. No look-up of lost commits, no limits of
// attempts, no payloads, no other process.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/order_ids.h"
#include "tests/bench/raw_postgres.h"

namespace orders::bench {

// One connection. There must be the schema.
class RawPostgresOrders {
   public:
    explicit RawPostgresOrders(const std::string& url);

    // This many new orders, High and Normal alternately, in one transaction.
    void insert(OrderIds& ids, int orders);
    // One transaction: finishes the orders that the last turn took, and takes up to this many.
    // Returns how many it took.
    int take_turn(int limit);

   private:
    RawPostgres database_;
    RawArray taken_;
    bool has_taken_ = false;
    // Of the orders of each priority, the last one taken: the next is behind it.
    std::int64_t last_high_ = 0;
    std::int64_t last_normal_ = 0;
};

}  // namespace orders::bench
