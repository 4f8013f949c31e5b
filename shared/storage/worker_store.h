#pragma once

// The store as a worker sees it: it claims orders under leases and settles them. What a worker does
// in one turn is one value. What its death or its hanging leaves behind is put right
// by housekeeping (housekeeping_store.h).
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
//   - a claim returns orders High before Normal, and within each in the order of the queue (of two
//     whose creation overlapped, either may be the first), and no order to two claimers;
//   - a lease that was settled, given back or taken back, or whose order was cancelled, settles
//     nothing, not even once its order is deleted; one that ran out stays good until it is taken
//     back;
//   - the report's counts equal a recount at every commit;
//   - those that wait for work (work_watch.h) are woken after a commit that gave some back to the
//     queue.
//
// All functions throw StoreError if the environment is broken: of the kind `replaced` if what is
// open is no longer the store at its location, which all but tidy() notice.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/endpoint_state.h"
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
    // What the operator calls it; empty for nothing. No two workers that live have the same.
    std::string label = {};
    // The process: which PID namespace it is in (0 if that is not known), and its id in there.
    std::int64_t pid_namespace = 0;
    std::int64_t pid = 0;
    // Which kinds of orders it takes; empty: all.
    std::optional<std::vector<Kind>> kinds = {};
};

// The longest that leases may last.
inline constexpr std::chrono::milliseconds longest_lease_time{3'600'000};

// How long after its last heartbeat a worker still counts as live. It does not grow with leases: an
// order may be safe with a worker for an hour, but an hour's silence is no sign of life.
[[nodiscard]] constexpr std::chrono::milliseconds longest_silence(
    std::chrono::milliseconds lease_time) {
    return std::min(lease_time, std::chrono::milliseconds{10'000});
}

enum class SettleOutcome { settled, lease_lost };

// Which orders a claim may take, and for whom. Kinds that are paused give none.
struct ClaimRequest {
    std::size_t limit = 0;
    // A claim returns no more payload than this, but at least one order.
    std::size_t max_payload_bytes = most_payload_bytes;
    // No kind is named twice, and at most one share takes those that none names.
    std::vector<ClaimShare> shares = {ClaimShare{}};
    // While the oldest Normal order that could be claimed has waited for longer, every fourth order
    // that this store claims is Normal. 0: High first, always.
    std::chrono::seconds normal_max_wait{0};

    // Whatever is asked for.
    static constexpr std::size_t most_payload_bytes = 4 * 1024 * 1024;
};

// What a worker has to do, in the order in which it is done: by one commit, or the claim by another
// one if that is quicker. If it throws, nothing was claimed that anybody has to know of.
struct WorkerTurn {
    WorkerId worker = {};
    std::chrono::milliseconds lease_time{0};  // for renewals, heartbeat and claims, from now on

    std::vector<Settlement> settlements = {};
    // Pending again at their old place, with the attempt not charged.
    std::vector<Lease> releases = {};
    // The worker's sign of life, together with the leases that it prolongs.
    bool is_heartbeat = false;
    std::vector<Lease> renewals = {};
    // What goes into the report until the next heartbeat.
    std::vector<EndpointState> endpoints = {};
    // What the worker has measured of itself so far, as Figures::as_text() has it; empty: what it
    // told last.
    std::string figures = {};
    // Takes Pending orders, in the order in which they are to be done. Charges each an attempt.
    ClaimRequest claim = {};
};

struct WorkerOutcomes {
    std::vector<SettleOutcome> settled;  // one for each settlement, in order
    std::size_t released = 0;            // the others had lost their lease already
    std::vector<Lease> lost;             // of the renewals
    std::vector<ClaimedOrder> claimed;   // in the order in which they are to be done
    // What the claim has found that was not begun by its start_before, and is Failed now.
    std::size_t expired = 0;
    // The claim was cut short: another one would return more.
    bool has_more = false;
};

class WorkerStore {
   public:
    virtual ~WorkerStore() = default;

    // A worker is live, and in the report, from enlisting until it retires, is known to have died,
    // or longest_silence(lease_time) passes without a heartbeat. Its id never comes back. What is
    // known of it, one short row, is kept for as long as an order may name it.
    //
    // It lives no longer than this store. A backend that notices a death (SQLite does, at once) has
    // no need to wait until its leases run out.
    //
    // Throws StoreError (unusable) if a worker that lives has its label.
    [[nodiscard]] virtual WorkerId enlist(const WorkerDescription& worker,
                                          std::chrono::milliseconds lease_time) = 0;
    // `figures` is as in a turn.
    virtual void retire(WorkerId worker, const std::string& figures) = 0;

    [[nodiscard]] virtual WorkerOutcomes take_turn(const WorkerTurn& turn) = 0;

    // Whether a claim for these shares would return orders now; found out without writing.
    [[nodiscard]] virtual bool has_claimable(const std::vector<ClaimShare>& shares) = 0;

    // A number that grows with each order that is Cancelled while it is Processing: when it has, a
    // worker may have lost a lease, and learns which by renewing.
    [[nodiscard]] virtual std::int64_t cancel_count() = 0;

    // As IntakeStore::tidy().
    virtual void tidy() = 0;
};

}  // namespace orders
