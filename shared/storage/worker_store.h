#pragma once

// The store as a worker sees it: it claims orders under leases, settles them, and takes back what
// other workers died with. What a worker does in one turn is one value and one commit.
//
// Lease time is the store's own: callers say for how long, never until when, and no clock of theirs
// has a say in it. (On SQLite not even the machine's wall clock has.) A worker that counts for
// itself how long a lease has left must count from before the call that gave it.
//
// A WorkerStore is used by one thread at a time; any number of them, in any number of processes,
// may be open on the same orders.
//
// Guarantees, which tests/store_contract checks for every backend:
//   - once a function that changes something has returned, the change survives the end of the
//     process and a power cut;
//   - a claim returns orders High before Normal, first come first served within each (of two whose
//     creation overlapped, either may be the first), and no order to two claimers;
//   - a lease that was settled, given back, or taken back after it ran out, settles nothing, not
//     even once its order is deleted; one that ran out stays good until it is taken back;
//   - the report's counts equal a recount at every commit;
//   - those that wait for work (work_watch.h) are woken after a commit that gave some back to the
//     queue.
//
// All functions throw StoreError if the environment is broken: of the kind `replaced` if what is
// open is no longer the store at its location, which all but sweep() and tidy() notice.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"

namespace orders {

struct WorkerId {
    std::int64_t value = 0;
    friend auto operator<=>(WorkerId, WorkerId) = default;
};

struct WorkerDescription {
    std::string name;  // unique among all workers there ever were
    std::string host;
    int threads = 0;
};

enum class SettleOutcome { settled, lease_lost };

// An order whose lease ran out, and what became of it: Pending again, or Failed for good.
struct ExpiredOrder {
    OrderId order_id;
    std::string worker;  // who held it
    int attempts = 0;
    bool has_failed = false;
};

// What a worker has to do, in the order in which it is done; all of it by one commit.
struct WorkerTurn {
    WorkerId worker = {};
    std::chrono::milliseconds lease_time{0};  // for renewals, heartbeat and claims, from now on

    std::vector<Settlement> settlements = {};
    // Pending again at their old place, with the attempt not charged.
    std::vector<Lease> releases = {};
    // The worker's sign of life, together with the leases that it prolongs.
    bool is_heartbeat = false;
    std::vector<Lease> renewals = {};
    // Takes back up to this many orders whose lease has run out: Pending again at their old place,
    // or Failed with `attempts_exhausted` if max_attempts have been charged.
    std::size_t take_back_limit = 0;
    int max_attempts = 0;
    // Takes up to this many Pending orders, in the order in which they are due. Charges each an
    // attempt.
    std::size_t claim_limit = 0;
};

struct WorkerOutcomes {
    std::vector<SettleOutcome> settled;  // one for each settlement, in order
    std::size_t released = 0;            // the others had lost their lease already
    std::vector<Lease> lost;             // of the renewals
    std::vector<ExpiredOrder> expired;
    std::vector<ClaimedOrder> claimed;  // in the order in which they are due
};

// What a worker could do now, without writing anything to find out.
struct WaitingWork {
    bool has_pending = false;
    bool has_expired = false;
};

struct Swept {
    std::size_t deleted = 0;
    bool has_more = false;  // another call may find more right away
};

class WorkerStore {
   public:
    virtual ~WorkerStore() = default;

    // A worker is live, and in the report, from enlisting until it retires or `lease_time` passes
    // without a heartbeat. Its id never comes back. What is known of it, one short row, is kept for
    // good, because finished orders name it.
    [[nodiscard]] virtual WorkerId enlist(const WorkerDescription& worker,
                                          std::chrono::milliseconds lease_time) = 0;
    virtual void retire(WorkerId worker) = 0;

    [[nodiscard]] virtual WorkerOutcomes take_turn(const WorkerTurn& turn) = 0;

    [[nodiscard]] virtual WaitingWork waiting_work() = 0;

    // Deletes a bounded number of orders that have been in `status`, Processed or Failed, for
    // longer than `keep` by the store's wall clock, so that their ids may be submitted again. Each
    // call looks at a bounded number of orders and goes on where the last one ended: call again
    // soon if has_more, else after a pause. An order may be left for a later round of calls, never
    // for good; the one that was submitted last may be left until another one comes. Call it with
    // one value of `keep` for each status.
    [[nodiscard]] virtual Swept sweep(OrderStatus status, std::chrono::milliseconds keep) = 0;

    // As IntakeStore::tidy().
    virtual void tidy() = 0;
};

}  // namespace orders
