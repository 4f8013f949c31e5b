#pragma once

// What a worker writes, and what it looks at to decide: its statements, prepared once per
// connection, and what one turn does with them inside a WriteTransaction.

#include <chrono>
#include <optional>
#include <vector>

#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
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
    void retire(WorkerId worker);
    [[nodiscard]] WorkerOutcomes take_turn(const WorkerTurn& turn, const Moment& now,
                                           WriteTransaction& work);
    [[nodiscard]] bool has_pending();
    [[nodiscard]] bool has_expired(const Moment& now);

    // Call this after the commit of take_turn().
    void note_committed() noexcept { named_ = named_in_turn_; }
    // The worker is dead to others from now on: after the commit of retire(), or if that of
    // enlist() has failed.
    void let_go(WorkerId worker) { signs_.sign_off(worker); }

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
    void note_named(WorkerId worker, OrderSequence order);
    [[nodiscard]] std::vector<Lease> renew(const WorkerTurn& turn, const Moment& now);
    [[nodiscard]] std::vector<ExpiredOrder> take_back(const WorkerTurn& turn,
                                                      const std::vector<KnownWorker>& workers,
                                                      const Moment& now, WriteTransaction& work);
    // Those that are found, which are rows of held_by_ or expired_.
    void take_back_found(Cursor found, int max_attempts, UtcTime now, WriteTransaction& work,
                         std::vector<ExpiredOrder>& orders);
    void sign_off_gone(const std::vector<KnownWorker>& workers, const Moment& now);
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
    Statement held_by_;
    Statement expired_;
    Statement name_worker_;
    Statement sign_off_;
    Statement sign_off_older_;
    Statement enlist_;
    Statement heartbeat_;
    Statement retire_;
    Statement has_pending_;
    Statement has_leases_;
    Statement has_expired_;
    SignsOfLife signs_;
    // The worker whose row was last made to say that orders name it: as committed, and so far.
    WorkerId named_;
    WorkerId named_in_turn_;
};

}  // namespace orders::sqlite
