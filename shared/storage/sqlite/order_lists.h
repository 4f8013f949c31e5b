#pragma once

// Orders in the order of arrival, for lists and for actions by filter (OrderReader::list and
// find_matching): read from the indexes that have just the ones that are open, or that did not
// succeed, or else by walking over all.
//
// Pending orders lie in a few ranges for each kind and priority, each in the order of arrival; a
// page is merged from these.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/storage/decisions/list_walk.h"
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
    // The first `limit` rows beyond `bound`, in order, of all that were added.
    struct Selection {
        [[nodiscard]] ListedRow row_of(const Cursor& found) const;
        void add(Cursor found);

        const OrderFilter& filter;
        OrderSequence bound;
        std::size_t limit = 0;
        bool is_descending = false;
        std::vector<ListedRow> rows = {};
    };
    // The ranges in one direction: from the newest, or from the oldest on.
    struct Ranges {
        Statement queued;  // with the place of their arrival
        Statement placed;
        Statement in_work;
        Statement unsuccessful;
        Statement all;
    };

    // Up to `limit` rows beyond `bound`, in order, that may fit the filter; fewer only if there are
    // no more.
    [[nodiscard]] std::vector<ListedRow> read(bool is_descending, const OrderFilter& filter,
                                              OrderSequence bound, std::size_t limit);
    void read_pending(Ranges& ranges, Selection& selection);

    Connection& connection_;
    Ranges newest_first_;
    Ranges oldest_first_;
    Statement queues_;
};

}  // namespace orders::sqlite
