#pragma once

// What few orders have and lies in tables of its own: what they carry (order_inputs), what came of
// them (order_results), the attempts that did not end them (past_attempts), and what clients with a
// name did to them (order_actions). An order without any of it has no row there.
//
// The functions that change something must be called inside a transaction, which they tell how many
// bytes of payload and result came or went.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class OrderContent {
   public:
    explicit OrderContent(Connection& connection);

    // Writes a row only if there is something to keep.
    void add_inputs(OrderSequence order, const NewOrder& given, WriteTransaction& work);
    [[nodiscard]] AttemptOptions options(OrderSequence order);
    void set_options(OrderSequence order, const AttemptOptions& options);
    [[nodiscard]] JsonText payload(OrderSequence order);
    [[nodiscard]] std::int64_t payload_bytes(OrderSequence order);
    // Empty if it came without one.
    [[nodiscard]] std::optional<Fingerprint> fingerprint(OrderSequence order);

    // Nothing, if both are empty.
    void add_result(OrderSequence order, const JsonText& result, const std::string& detail,
                    WriteTransaction& work);
    // Returns how many bytes of result went.
    std::int64_t drop_result(OrderSequence order, WriteTransaction& work);
    // Of result and failure_detail.
    void read_result(OrderSequence order, Order& into);
    [[nodiscard]] std::optional<std::string> failure_detail(OrderSequence order);

    static constexpr std::int64_t kept_attempts = 100;  // the newest
    // `worker` is a row of workers; the name in `attempt` is not looked at.
    void add_attempt(OrderSequence order, std::int64_t worker, const PastAttempt& attempt);
    [[nodiscard]] std::vector<PastAttempt> history(OrderSequence order);

    static constexpr std::int64_t kept_actions = 100;  // the newest
    void add_action(OrderSequence order, const PastAction& action);
    [[nodiscard]] std::vector<PastAction> actions(OrderSequence order);

    // Before the order itself is deleted: all of the above. Returns how many bytes of payload and
    // result went.
    std::int64_t erase(OrderSequence order, WriteTransaction& work);

   private:
    Statement add_inputs_;
    Statement options_;
    Statement set_options_;
    Statement drop_empty_inputs_;
    Statement payload_;
    Statement payload_bytes_;
    Statement fingerprint_;
    Statement drop_inputs_;
    Statement add_result_;
    Statement result_;
    Statement detail_;
    Statement result_bytes_;
    Statement drop_result_;
    Statement add_attempt_;
    Statement drop_old_attempts_;
    Statement history_;
    Statement drop_attempts_;
    Statement last_action_;
    Statement add_action_;
    Statement drop_old_actions_;
    Statement actions_;
    Statement drop_actions_;
};

}  // namespace orders::sqlite
