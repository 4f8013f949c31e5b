#pragma once

// The writing half of the SQLite backend: the statements that change orders, prepared once per
// connection, and the OrderTransaction (see shared/storage/order_store.h) that runs them between
// BEGIN IMMEDIATE and COMMIT, inside the turnstile.

#include <array>
#include <optional>

#include "shared/storage/order_store.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/turnstile.h"

namespace orders::sqlite {

struct OrderWrites {
    explicit OrderWrites(Connection& connection);

    Connection& connection;
    Statement begin;
    Statement insert;
    Statement standing_status;
    Statement claim;
    Statement lease;
    Statement held;
    Statement settle;
    Statement make_pending;
    Statement drop_lease;
    Statement renew;
    Statement expired;
    Statement sign_off_silent_workers;
    Statement enlist;
    Statement heartbeat;
    Statement retire;
    Statement add_to_count;
    Statement probe;
    Statement pending;
    Statement last_submitted;
    Statement long_finished;
    Statement erase;
};

class SqliteOrderTransaction final : public OrderTransaction {
   public:
    // Begins. The writes must outlive it.
    SqliteOrderTransaction(OrderWrites& writes, Turnstile::Pass pass);
    ~SqliteOrderTransaction() override;
    SqliteOrderTransaction(const SqliteOrderTransaction&) = delete;
    SqliteOrderTransaction& operator=(const SqliteOrderTransaction&) = delete;

    StoreLevel level() override;
    std::vector<SubmitOutcome> submit(std::span<const NewOrder> orders, UtcTime now) override;
    std::vector<ClaimedOrder> claim(WorkerId worker, std::size_t limit, const Moment& now,
                                    std::chrono::milliseconds lease_time) override;
    std::vector<SettleOutcome> settle(std::span<const Settlement> settlements,
                                      UtcTime now) override;
    std::size_t release(std::span<const Lease> leases) override;
    std::vector<Lease> renew(std::span<const Lease> leases, const Moment& now,
                             std::chrono::milliseconds lease_time) override;
    std::vector<ExpiredOrder> requeue_expired(const Moment& now, int max_attempts,
                                              std::size_t limit) override;
    WorkerId enlist(const WorkerDescription& worker, const Moment& now,
                    std::chrono::milliseconds heartbeat_limit) override;
    void heartbeat(WorkerId worker, const Moment& now,
                   std::chrono::milliseconds heartbeat_limit) override;
    void retire(WorkerId worker) override;
    void probe(UtcTime now) override;
    void commit() override;
    std::size_t erase(std::span<const OrderSequence> orders, OrderStatus status,
                      UtcTime finished_before) override;

   private:
    struct HeldOrder {
        Priority priority{};
        WorkerId worker;
        UtcTime started_at;
    };
    [[nodiscard]] Lease presented(const Lease& lease);
    // Empty where the lease is lost.
    std::optional<HeldOrder> find_held(const Lease& lease);
    bool give_back(const Lease& given_lease, int uncharged_attempts);
    void count(Priority priority, OrderStatus status, std::int64_t change);
    void move(Priority priority, OrderStatus from, OrderStatus to);

    OrderWrites& writes_;
    std::optional<Turnstile::Pass> pass_;  // until the transaction is over
    // What the counters have to change by; written once, in commit().
    std::array<std::array<std::int64_t, 4>, 2> count_changes_{};
};

}  // namespace orders::sqlite
