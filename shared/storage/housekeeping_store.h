#pragma once

// The store as housekeeping sees it: what has to be done whether or not anybody asks for it. Any
// program that has the store open may do it, several at once, too, and nothing is done twice. It
// needs no settings of the programs that claimed the orders: what holds for an attempt is kept with
// its lease.
//
// A HousekeepingStore is used by one thread at a time; any number of them, in any number of
// processes, may be open on the same orders.
//
// Guarantees, which tests/store_contract checks for every backend:
//   - an order is never taken from a worker that lives and renews its lease in time;
//   - an order that has become due gets the place behind all that are in the queue when it is put
//     there, and the one that was due first goes first;
//   - those that wait for work (work_watch.h) are woken after a commit that made some claimable.
//
// All functions throw StoreError if the environment is broken.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"

namespace orders {

// What waits to be done now, found out without writing.
struct Chores {
    // Leases that have run out, or whose worker is known to have died; or a dead worker to sign
    // off.
    bool has_expired_leases = false;
    bool has_due_orders = false;      // whose time has come
    bool has_overdue_orders = false;  // not begun by their start_before
    bool has_sample_due = false;      // that of now is still to be taken
    // In how long the next order becomes due, or overdue, be it in thousands of years; empty if
    // none waits for its time.
    std::optional<std::chrono::milliseconds> next_due_in = {};
};

// What to do of it, each at most so many times. All of it by one commit. A turn with nothing to do
// writes something all the same: it proves that the store takes writes.
struct HousekeepingTurn {
    // Takes orders back: Pending again at their old place, or Failed, with `timeout` if the order's
    // time is up (which the store knows of those that are pulled, see lease_actions.h), with
    // `attempts_exhausted` if as many attempts have been charged as their limits allow. An attempt
    // that a restart of the store's machine ended is not charged. Also signs off workers that are
    // known to have died.
    std::size_t take_back_limit = 0;
    std::size_t promote_limit = 0;  // puts due orders into the queue
    std::size_t expire_limit = 0;   // Failed with `expired`

    [[nodiscard]] bool is_proof() const noexcept {
        return take_back_limit + promote_limit + expire_limit == 0;
    }
};

// An order that was taken back, and what became of it: Pending again, or Failed for good.
struct ExpiredOrder {
    OrderId order_id;
    std::string worker;                       // who held it
    int attempts = 0;                         // charged so far, this one included if it was charged
    std::optional<std::string> failure = {};  // with which reason it is Failed for good
};

struct HousekeepingOutcomes {
    std::vector<ExpiredOrder> taken_back;
    std::size_t promoted = 0;
    std::size_t expired = 0;
};

struct Swept {
    std::size_t deleted = 0;
    bool has_more = false;  // another call may find more right away
};

// What an order takes up in the store, its payload and result apart, as sweep_beyond() counts it.
inline constexpr std::int64_t counted_bytes_per_order = 512;

class HousekeepingStore {
   public:
    virtual ~HousekeepingStore() = default;

    [[nodiscard]] virtual Chores look() = 0;
    [[nodiscard]] virtual HousekeepingOutcomes take_turn(const HousekeepingTurn& turn) = 0;

    // Deletes a bounded number of orders that have been in `status`, which is an end, for longer
    // than `keep` by the store's wall clock, so that their ids may be submitted again. Each call
    // looks at a bounded number of orders and goes on where the last one ended: call again soon if
    // has_more, else after a pause. An order may be left for a later round of calls, never for
    // good; the one that was submitted last may be left until another one comes. Call it with one
    // value of `keep` for each status.
    [[nodiscard]] virtual Swept sweep(OrderStatus status, std::chrono::milliseconds keep) = 0;

    // Deletes a bounded number of orders that have ended, in the order in which they were
    // submitted, while all orders, payloads and results take up more than `max_bytes`: counted as
    // their bytes and counted_bytes_per_order for each order. Never the order that was submitted
    // last.
    [[nodiscard]] virtual Swept sweep_beyond(std::int64_t max_bytes) = 0;

    // Takes the sample of now (samples.h), and forgets those that are too old.
    virtual void take_sample() = 0;

    // Adds what a process has measured (Figures::as_text()) to the sums of all that is not told by
    // a worker's row.
    virtual void add_figures(const std::string& figures) = 0;

    // As IntakeStore::tidy(). It also forgets workers, a bounded number of them, that are gone and
    // that no order names; and changes that need not be kept (change_log.h), of which it keeps no
    // more if nobody asks for them any longer.
    virtual void tidy() = 0;
};

}  // namespace orders
