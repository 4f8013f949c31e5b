#pragma once

// Ends attempts, and orders: whoever settles an order, gives it back, takes it back, cancels it or
// lets it expire does it through here, so all that belongs to an end is done in one place. The
// order moves on, its lease goes, result, detail and history are written, and the transaction is
// told for the counters and the bells. A worker that an order or its history names from now on
// keeps its row (gone_workers.h).
//
// Every function but begin() must be called inside the transaction that it is given. Used by the
// thread of the connection, which must outlive this, and be up to date; so must the content.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/decisions/retry_wait.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/write_access.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

class AttemptEnds {
   public:
    AttemptEnds(Connection& connection, OrderContent& content, Chance chance = random_chance());

    // At the beginning of each transaction: what an earlier one did may have been undone.
    void begin() noexcept { named_.reset(); }

    // Processed or Failed; or, for a Retry before the last attempt that the lease's limits allow,
    // waiting for its time.
    [[nodiscard]] SettleOutcome settle(const Settlement& settlement, UtcTime now,
                                       WriteTransaction& work);

    // Pending again at its old place, with a row in the history. False if the lease is lost.
    struct GivenBack {
        PastAttempt::Outcome outcome = PastAttempt::Outcome::released;
        bool is_charged = false;
    };
    [[nodiscard]] bool give_back(const Lease& lease, GivenBack how, UtcTime now,
                                 WriteTransaction& work);

    // Cancelled, from Pending or from Processing. False, and nothing is done, if the order has
    // ended or is not there.
    [[nodiscard]] bool cancel(OrderSequence order, UtcTime now, WriteTransaction& work);

    // Failed with `expired`, from Pending; whether it is too late to begin is the caller's to say.
    // False, and nothing is done, if it is not Pending.
    [[nodiscard]] bool expire(OrderSequence order, UtcTime now, WriteTransaction& work);

   private:
    // An order in work, and what its lease says of the attempt.
    struct Held {
        CountedAs as;
        std::string order_id;  // if changes are kept
        int attempts = 0;
        std::int64_t worker = 0;
        UtcTime started_at;
        int max_attempts = 0;
        std::chrono::seconds backoff{0};
    };
    // An order, whatever its status.
    struct Standing {
        StoredStatus status{};
        CountedAs as;
        std::string order_id;  // if changes are kept
        std::int64_t attempts = 0;
        UtcTime created_at;
        std::int64_t token = 0;  // of its last claim
    };
    struct End {
        StoredStatus status{};
        std::optional<std::string> reason = {};
    };

    // Empty if the lease is lost.
    [[nodiscard]] std::optional<Held> find_held(OrderSequence order, std::int64_t token,
                                                WriteTransaction& work);
    [[nodiscard]] std::optional<Standing> find_standing(OrderSequence order,
                                                        WriteTransaction& work);
    void end(OrderSequence order, const Held& held, const End& end, UtcTime now,
             WriteTransaction& work);
    void retry_later(const Lease& lease, const Held& held, const Retry& retry, UtcTime now,
                     WriteTransaction& work);
    // False if it is not Pending.
    [[nodiscard]] bool end_pending(OrderSequence order, const Standing& standing, const End& end,
                                   UtcTime now, WriteTransaction& work);
    void keep_attempt(OrderSequence order, const Held& held, PastAttempt attempt);
    void note_named(std::int64_t worker, OrderSequence order);

    Connection& connection_;
    const Chance chance_;
    OrderContent& content_;
    Statement held_;
    Statement end_;
    Statement wait_;
    Statement make_pending_;
    Statement drop_lease_;
    Statement standing_;
    Statement end_pending_;
    Statement named_up_to_;
    Statement set_named_up_to_;
    // The living worker whose row says already, in this transaction, that orders name it.
    std::optional<std::int64_t> named_;
};

}  // namespace orders::sqlite
