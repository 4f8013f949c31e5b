#pragma once

// How orders are read from the file, and written to it, as the values of copied_orders.h. Used by
// the thread of the connection, which must outlive these, and be up to date.

#include <cstdint>
#include <span>
#include <vector>

#include "shared/storage/copied_orders.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class CopiedRowReader {
   public:
    explicit CopiedRowReader(Connection& connection);

    [[nodiscard]] CopiedNames names();
    // As CopyEnd::read().
    [[nodiscard]] std::vector<CopiedOrder> read(OrderSequence after);

   private:
    [[nodiscard]] std::vector<CopiedAttempt> history_of(OrderSequence order);
    [[nodiscard]] std::vector<CopiedAction> actions_of(OrderSequence order);

    Statement kinds_;
    Statement workers_;
    Statement totals_;
    Statement orders_;
    Statement history_;
    Statement actions_;
};

// Inside the transactions that it is given.
class CopiedRowWriter {
   public:
    explicit CopiedRowWriter(Connection& connection);

    // In the place of those that are there, which no order names.
    void replace_names(const CopiedNames& names);
    void add(std::span<const CopiedOrder> orders, WriteTransaction& work);

   private:
    void add(const CopiedOrder& order, WriteTransaction& work);

    Connection& connection_;
    Statement add_kind_;
    Statement add_worker_;
    Statement add_order_;
    Statement add_total_;
    Statement add_inputs_;
    Statement add_result_;
    Statement add_attempt_;
    Statement add_action_;
    Statement note_place_;
};

}  // namespace orders::sqlite
