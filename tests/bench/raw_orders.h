#pragma once

// What storing orders costs SQLite at the least: the same schema, durability and bound of the log
// as the product's, and as few statements as will do. No leases, no checks, no other process.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/order_ids.h"
#include "tests/bench/raw_sqlite.h"

namespace orders::bench {

class RawOrders {
   public:
    // A store of its own, in a new file.
    explicit RawOrders(const std::string& path);
    RawOrders(const RawOrders&) = delete;
    RawOrders& operator=(const RawOrders&) = delete;

    // This many new orders, High and Normal alternately, in one transaction; each with the payload,
    // if it is not empty.
    void insert(OrderIds& ids, int orders, std::string_view payload = {});
    // One transaction: finishes the orders that the last turn took, and takes up to this many that
    // are due. Returns how many it took.
    int take_turn(int limit);
    // After a commit: keeps the log as short as the product keeps it.
    void checkpoint_if_due();

   private:
    void count(int priority, int status, std::int64_t change);

    struct TakenOrder {
        std::int64_t seq;
        std::int64_t started_at;
    };

    RawDatabase database_;
    std::vector<TakenOrder> taken_;
    std::int64_t taken_high_ = 0;
    int log_pages_ = 0;

    // Made when the schema is there; used by one function each.
    struct Statements {
        explicit Statements(RawDatabase& database);
        RawStatement begin;
        RawStatement commit;
        RawStatement insert;
        RawStatement insert_payload;
        RawStatement count;
        RawStatement finish;
        RawStatement take;
    };
    std::unique_ptr<Statements> statements_;
};

}  // namespace orders::bench
