#pragma once

// What a worker writes: its statements, prepared once per connection, and what one turn does with
// them inside a WriteTransaction. attempt_ends.h and claims.h do the larger parts.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/claims.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/sign_offs.h"
#include "shared/storage/sqlite/signs_of_life.h"
#include "shared/storage/sqlite/write_access.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

class WorkerWrites {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit WorkerWrites(Connection& connection);

    // As the functions of WorkerStore, but the commit is the caller's: those that change something
    // must be called inside a transaction.
    [[nodiscard]] WorkerId enlist(const WorkerDescription& worker, const Moment& now,
                                  std::chrono::milliseconds lease_time);
    void retire(WorkerId worker, const std::string& figures) { sign_offs_.retire(worker, figures); }
    [[nodiscard]] WorkerOutcomes take_turn(const WorkerTurn& turn, WriteTransaction& work);
    [[nodiscard]] bool has_claimable(const std::vector<ClaimShare>& shares) {
        return claims_.is_any_there(shares);
    }
    [[nodiscard]] std::int64_t cancel_count();

    // Call this with what take_turn() has claimed, after its commit: adds the payloads that are
    // still to be read. An order without the one that it had is left out.
    void read_payloads(std::vector<ClaimedOrder>& claimed);
    // The worker is dead to others from now on: after the commit of retire(), or if that of
    // enlist() has failed.
    void let_go(WorkerId worker) { signs_.sign_off(worker); }

   private:
    [[nodiscard]] std::vector<Lease> renew(const WorkerTurn& turn, const Moment& now);

    Connection& connection_;
    OrderContent content_;
    AttemptEnds ends_;
    Claims claims_;
    SignOffs sign_offs_;
    Statement renew_;
    Statement enlist_;
    Statement heartbeat_;
    Statement cancels_;
    SignsOfLife signs_;
    std::vector<std::size_t> unread_;  // of the last claim; see Claims::Claimed
};

}  // namespace orders::sqlite
