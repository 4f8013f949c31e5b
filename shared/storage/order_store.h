#pragma once

// The contract of durable storage. Start reading here.
//
// An OrderStore is one connection to the orders and is used by one thread at a time. Any number of
// stores, in any number of processes, may be open on the same orders. Everything durable happens in
// an OrderTransaction: once commit() has returned, what it held survives the end of the process and
// of the power supply; until then, nothing of it is visible to anyone.
//
// Guarantees, which tests/store_contract checks for every backend:
//   - an order id is accepted once for as long as its order is kept;
//   - a claim returns orders High before Normal, first come first served within each, and no order
//     to two claimers;
//   - a lease that was settled, given back, or taken back after it ran out, settles nothing;
//   - the report's counts equal a recount at every commit.
//
// All functions throw StoreError where the environment is broken. It knows nothing of processes,
// threads or HTTP, and it never asks for the time: callers pass it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/moment.h"
#include "shared/domain/order.h"

namespace orders {

// --- Reading -----------------------------------------------------------------------------------

struct OrderQuery {
    static constexpr std::size_t max_limit = 1'000;

    std::optional<OrderStatus> status = {};
    std::optional<Priority> priority = {};
    std::size_t limit = 50;                    // 1 to max_limit
    std::optional<OrderSequence> before = {};  // only orders submitted before this one
};

// Newest first. A page may hold fewer orders than the limit, even none, and still have a next page:
// one call looks at a bounded number of orders, however rare the wanted ones are.
struct OrderPage {
    std::vector<Order> orders;
    std::optional<OrderSequence> next_before;  // empty on the last page
};

struct StatusCounts {
    std::int64_t pending = 0;
    std::int64_t processing = 0;
    std::int64_t processed = 0;
    std::int64_t failed = 0;

    [[nodiscard]] std::int64_t& operator[](OrderStatus status) noexcept;
    [[nodiscard]] std::int64_t operator[](OrderStatus status) const noexcept;
    StatusCounts& operator+=(const StatusCounts& other) noexcept;
    friend bool operator==(const StatusCounts&, const StatusCounts&) = default;
};

struct LiveWorker {
    std::string name;
    std::string host;
    int threads = 0;
    std::int64_t processing = 0;  // orders it holds now
    UtcTime started_at;
};

struct OrderReport {
    StatusCounts high;
    StatusCounts normal;
    std::optional<UtcTime> oldest_pending;  // when the Pending order that waits longest came
    std::vector<LiveWorker> workers;        // those whose heartbeat is in time

    [[nodiscard]] StatusCounts total() const noexcept;
    // How long the longest waiting Pending order has waited; empty where none waits.
    [[nodiscard]] std::optional<double> waited_seconds(UtcTime now) const noexcept;
};

class OrderReader {
   public:
    virtual ~OrderReader() = default;

    [[nodiscard]] virtual std::optional<Order> find(const OrderId& order_id) = 0;
    [[nodiscard]] virtual OrderPage list(const OrderQuery& query) = 0;

    // Costs the same however many orders are finished.
    [[nodiscard]] virtual OrderReport report(const Moment& now) = 0;
};

// --- Writing -----------------------------------------------------------------------------------

struct Created {
    UtcTime created_at;
};
struct IdTaken {
    OrderStatus status;  // of the order that stands under this id
};
using SubmitOutcome = std::variant<Created, IdTaken>;

enum class SettleOutcome { settled, lease_lost };

struct WorkerId {
    std::int64_t value = 0;
    friend auto operator<=>(WorkerId, WorkerId) = default;
};

struct WorkerDescription {
    std::string name;  // unique among all workers there ever were
    std::string host;
    int threads = 0;
};

// An order whose lease ran out, and what became of it: Pending again, or Failed for good.
struct ExpiredOrder {
    OrderId order_id;
    std::string worker;  // who held it
    int attempts = 0;
    bool has_failed = false;
};

// What is there, and how much more there is room for.
struct StoreLevel {
    std::int64_t pending = 0;                // orders that are Pending
    std::optional<std::int64_t> free_bytes;  // on the disk; empty where nobody can tell
};

// One unit of work on the orders: all of it becomes durable in commit(), or none of it.
// Others wait while it lives, so it should live for milliseconds and no processing belongs into it.
// Destroyed without commit(), it leaves nothing behind.
class OrderTransaction {
   public:
    virtual ~OrderTransaction() = default;

    // As it was when the transaction began: what it has changed itself is not counted.
    [[nodiscard]] virtual StoreLevel level() = 0;

    // One outcome for each order, in the order given. An id that occurs twice is taken the second
    // time.
    [[nodiscard]] virtual std::vector<SubmitOutcome> submit(std::span<const NewOrder> orders,
                                                            UtcTime now) = 0;

    // Takes up to `limit` Pending orders for the worker until now + lease_time, in the order in
    // which they are due. Charges each an attempt.
    [[nodiscard]] virtual std::vector<ClaimedOrder> claim(WorkerId worker, std::size_t limit,
                                                          const Moment& now,
                                                          std::chrono::milliseconds lease_time) = 0;

    // One outcome for each settlement, in the order given.
    [[nodiscard]] virtual std::vector<SettleOutcome> settle(std::span<const Settlement> settlements,
                                                            UtcTime now) = 0;

    // Makes the orders Pending again, at their old place and with the attempt not charged. Returns
    // how many were still held; the others had lost their lease already.
    virtual std::size_t release(std::span<const Lease> leases) = 0;

    // Prolongs the leases to now + lease_time. Returns those that are lost.
    [[nodiscard]] virtual std::vector<Lease> renew(std::span<const Lease> leases, const Moment& now,
                                                   std::chrono::milliseconds lease_time) = 0;

    // Takes back up to `limit` orders whose lease has run out, or dates from another boot of the
    // machine: Pending again at their old place, or Failed with `attempts_exhausted` where
    // max_attempts have been charged.
    [[nodiscard]] virtual std::vector<ExpiredOrder> requeue_expired(const Moment& now,
                                                                    int max_attempts,
                                                                    std::size_t limit) = 0;

    // Deletes those of the orders that have been in `status`, Processed or Failed, since before
    // `finished_before`, and returns how many; never the order that was submitted last, so that
    // no order ever gets the sequence of an earlier one, to which an old lease may still exist.
    // Their ids may be submitted again.
    virtual std::size_t erase(std::span<const OrderSequence> orders, OrderStatus status,
                              UtcTime finished_before) = 0;

    // A worker is live, and in the report, from enlisting until it retires or `heartbeat_limit`
    // passes without a heartbeat. Its id never comes back. What is known of it, one short row, is
    // kept when its last order has been erased, too: only reading all orders would tell that.
    [[nodiscard]] virtual WorkerId enlist(const WorkerDescription& worker, const Moment& now,
                                          std::chrono::milliseconds heartbeat_limit) = 0;
    virtual void heartbeat(WorkerId worker, const Moment& now,
                           std::chrono::milliseconds heartbeat_limit) = 0;
    virtual void retire(WorkerId worker) = 0;

    // Writes something that means nothing, to find out whether the store takes writes.
    virtual void probe(UtcTime now) = 0;

    // Returns once everything above is on disk. Throws StoreError otherwise; its kind tells whether
    // it is certain that nothing was stored. The transaction is over either way.
    virtual void commit() = 0;
};

// What a worker could do now, without writing anything to find out.
struct WaitingWork {
    bool has_pending = false;
    bool has_expired = false;
};

// A walk over the orders that have been finished for long, in the order of submission; without the
// one that was submitted last, which is never deleted.
struct FinishedQuery {
    OrderStatus status = OrderStatus::processed;  // or failed
    UtcTime finished_before;
    UtcTime now;
    OrderSequence after = {};  // only orders submitted after this one
    std::size_t limit = 0;     // at least 1
};

// One call looks at a bounded number of orders, so there may be few orders, or none, and still be
// more.
struct FinishedOrders {
    std::vector<OrderSequence> orders;         // ascending
    std::optional<OrderSequence> next_after;   // empty where nothing can follow
    std::optional<OrderSequence> first_other;  // the first one passed that may match later
};

class OrderStore : public OrderReader {
   public:
    // Waits for its turn among all writers of all processes, first come first served, then holds
    // them off until the transaction ends. There is one at a time per store.
    [[nodiscard]] virtual std::unique_ptr<OrderTransaction> begin() = 0;

    [[nodiscard]] virtual WaitingWork waiting_work(const Moment& now) = 0;

    // Housekeeping that keeps the store small and quick; to be called after a commit, when those
    // who waited for it have been answered. Does nothing most of the time.
    virtual void tidy() = 0;

    // The walk ends at the first order that was submitted at or after `finished_before`: what came
    // later has been finished later. (Unless the wall clock was wrong when it was submitted: an
    // order from after `now` ends no walk.)
    [[nodiscard]] virtual FinishedOrders find_finished(const FinishedQuery& query) = 0;
};

}  // namespace orders
