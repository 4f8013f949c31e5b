#pragma once

// The functions of OrderReader (see shared/storage/order_reader.h) over one connection, with their
// statements prepared once.

#include <optional>
#include <vector>

#include "shared/storage/order_reader.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/signs_of_life.h"

namespace orders::sqlite {

class OrderQueries {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit OrderQueries(Connection& connection);

    [[nodiscard]] std::optional<Order> find(const OrderId& order_id);
    [[nodiscard]] OrderPage list(const OrderQuery& query);
    [[nodiscard]] OrderReport report(const Moment& now);
    [[nodiscard]] std::vector<EnlistedWorker> enlisted_workers(const Moment& now);

   private:
    // All that match, and others if there is no index for the query.
    Cursor newest_first(const OrderQuery& query);

    Statement begin_;
    Statement end_;
    Statement find_;
    Statement newest_;
    Statement newest_pending_;
    Statement newest_pending_of_priority_;
    Statement newest_processing_;
    Statement newest_failed_;
    Statement counts_;
    Statement oldest_pending_;
    Statement held_;
    SignsOfLife signs_;
};

}  // namespace orders::sqlite
