#pragma once

// The reading half of the SQLite backend: the functions of OrderReader (see
// shared/storage/order_store.h) over one connection, with their statements prepared once.

#include "shared/storage/order_store.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// How an enum stands in the database: High, Normal are 0, 1; Pending, Processing, Processed, Failed
// are 0 to 3. The partial indexes of migrations/ repeat these numbers.
[[nodiscard]] std::int64_t to_column(Priority priority) noexcept;
[[nodiscard]] std::int64_t to_column(OrderStatus status) noexcept;
[[nodiscard]] Priority priority_from_column(std::int64_t value);
[[nodiscard]] OrderStatus status_from_column(std::int64_t value);
[[nodiscard]] std::int64_t to_column(UtcTime time) noexcept;
[[nodiscard]] UtcTime time_from_column(std::int64_t milliseconds) noexcept;

class OrderQueries {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit OrderQueries(Connection& connection);

    [[nodiscard]] std::optional<Order> find(const OrderId& order_id);
    [[nodiscard]] OrderPage list(const OrderQuery& query);
    [[nodiscard]] OrderReport report(const Moment& now);
    [[nodiscard]] WaitingWork waiting_work(const Moment& now);
    [[nodiscard]] FinishedOrders find_finished(const FinishedQuery& query);

   private:
    Statement& newest_first(const std::optional<OrderStatus>& status);

    Statement begin_;
    Statement end_;
    Statement find_;
    Statement newest_;
    Statement newest_processing_;
    Statement newest_failed_;
    Statement counts_;
    Statement oldest_pending_;
    Statement live_workers_;
    Statement has_pending_;
    Statement has_expired_;
    Statement oldest_;
    Statement oldest_failed_;
};

}  // namespace orders::sqlite
