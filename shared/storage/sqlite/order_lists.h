#pragma once

// Orders in the order of arrival, for lists and for actions by filter (OrderReader::list and
// find_matching): read from the indexes that have just the ones that are open, or that did not
// succeed, or else by walking over all.
//
// The queue is in the order of places. Orders that have the place of their arrival are in the order
// of arrival there, for each kind and priority; the others, which stand between them in runs, have
// an index of their own. So a page is merged from a few short ranges.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/storage/order_reader.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

class OrderLists {
   public:
    explicit OrderLists(Connection& connection);

    [[nodiscard]] OrderPage list(const OrderQuery& query);
    [[nodiscard]] MatchingOrders find_matching(const OrderFilter& filter, OrderSequence after,
                                               std::size_t limit);

   private:
    struct Row {
        OrderSequence sequence;
        std::optional<Order> order = {};  // empty if it does not fit the filter
    };
    // The first `limit` rows beyond `bound`, in order, of all that were added.
    struct Selection {
        [[nodiscard]] Row row_of(const Cursor& found) const;
        void add(Cursor found);
        void add(std::vector<Row> more);  // in order
        // Empty if there is room for more.
        [[nodiscard]] std::optional<OrderSequence> last() const {
            if (rows.size() < limit) return std::nullopt;
            return rows.back().sequence;
        }

        const OrderFilter& filter;
        OrderSequence bound;
        std::size_t limit = 0;
        bool is_descending = false;
        std::vector<Row> rows = {};
    };
    // The ranges in one direction: from the newest, or from the oldest on.
    struct Ranges {
        Statement queued;  // by their places
        Statement placed;
        Statement in_work;
        Statement unsuccessful;
        Statement all;
    };

    // Up to `limit` rows beyond `bound`, in order, that may fit the filter; fewer only if there are
    // no more.
    [[nodiscard]] std::vector<Row> read(bool is_descending, const OrderFilter& filter,
                                        OrderSequence bound, std::size_t limit);
    void read_pending(Ranges& ranges, Selection& selection);
    // Of one kind and priority, those whose place is that of their arrival.
    static void read_queue(Statement& queued, std::int64_t kind, std::int64_t priority,
                           Selection& selection);

    Connection& connection_;
    Ranges newest_first_;
    Ranges oldest_first_;
    Statement queues_;
};

}  // namespace orders::sqlite
