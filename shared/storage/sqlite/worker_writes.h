#pragma once

// What a worker writes, and what it looks at to decide: its statements, prepared once per
// connection, and what one turn does with them inside a WriteTransaction.

#include <chrono>
#include <optional>
#include <vector>

#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

class WorkerWrites {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit WorkerWrites(Connection& connection);

    // As the functions of WorkerStore; those with a transaction leave the commit to the caller.
    [[nodiscard]] WorkerId enlist(const WorkerDescription& worker, const Moment& now,
                                  std::chrono::milliseconds lease_time);
    void retire(WorkerId worker);
    [[nodiscard]] WorkerOutcomes take_turn(const WorkerTurn& turn, const Moment& now,
                                           WriteTransaction& work);
    [[nodiscard]] WaitingWork waiting_work(const Moment& now);

   private:
    struct HeldOrder {
        Priority priority{};
        WorkerId worker;
        UtcTime started_at;
    };
    // Empty if the lease is lost.
    [[nodiscard]] std::optional<HeldOrder> find_held(const Lease& lease, std::int64_t token);

    [[nodiscard]] SettleOutcome settle(const Settlement& settlement, UtcTime now,
                                       WriteTransaction& work);
    [[nodiscard]] bool give_back(const Lease& lease, int uncharged_attempts,
                                 WriteTransaction& work);
    [[nodiscard]] std::vector<Lease> renew(const WorkerTurn& turn, const Moment& now);
    [[nodiscard]] std::vector<ExpiredOrder> take_back(const WorkerTurn& turn, const Moment& now,
                                                      WriteTransaction& work);
    [[nodiscard]] std::vector<ClaimedOrder> claim(const WorkerTurn& turn, const Moment& now,
                                                  WriteTransaction& work);

    Connection& connection_;
    Statement claim_;
    Statement lease_;
    Statement held_;
    Statement settle_;
    Statement make_pending_;
    Statement drop_lease_;
    Statement renew_;
    Statement expired_;
    Statement sign_off_silent_workers_;
    Statement enlist_;
    Statement heartbeat_;
    Statement retire_;
    Statement has_pending_;
    Statement has_expired_;
};

}  // namespace orders::sqlite
