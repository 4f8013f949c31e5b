#pragma once

// The store as its clients' requests see it: groups of orders become durable, each group by one
// commit, and each order gets an outcome of its own; and so do the actions of order_actions.h.
//
// An IntakeStore is used by one thread at a time; any number of them, in any number of processes,
// may be open on the same orders.
//
// Guarantees, which tests/store_contract checks for every backend:
//   - once commit() has returned, what the group created survives the end of the process and a
//     power cut; if it throws, its error tells whether anything may have been stored;
//   - an order id is accepted once for as long as its order is kept;
//   - transactions of all stores are as if one came after the other, and an order whose commit
//     began after another's had returned stands behind that one in the queue;
//   - those that wait for work (work_watch.h) are woken after a commit that created some.
//
// All functions throw StoreError if the environment is broken.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "shared/domain/order.h"
#include "shared/storage/order_actions.h"

namespace orders {

struct Created {
    UtcTime created_at;
    std::optional<UtcTime> due_at = {};  // if it was to be due later; maybe that is now
    bool is_waiting_for_time = false;
};
struct IdTaken {
    OrderStatus status;  // of the order that stands under this id
    // Whether its content is that of the order that was sent now; empty unless both came with a
    // fingerprint.
    std::optional<bool> is_same_content = {};
};
using SubmitOutcome = std::variant<Created, IdTaken, TooManyKinds>;

// What one commit is to do, as a value; the orders belong to the caller and must outlive the call.
struct IntakeGroup {
    // Orders to create, in this order. An id that occurs twice is taken the second time.
    std::vector<std::span<const NewOrder>> creates = {};
    // Orders only to look up: whether one stands under each id, once `creates` are stored.
    std::vector<std::span<const NewOrder>> look_ups = {};
    // What clients ask for beyond that, done in this order after `creates` are stored.
    std::vector<const OrderAction*> actions = {};
    // Prove that the store takes writes even if nothing is created. A group with `creates` always
    // proves it.
    bool is_probe = false;

    // Whether its commit proves that the store takes writes.
    [[nodiscard]] bool is_proof() const noexcept { return is_probe || !creates.empty(); }
};

struct IntakeOutcomes {
    std::vector<SubmitOutcome> created;            // one for each order of `creates`, in order
    std::vector<std::optional<IdTaken>> standing;  // one for each order of `look_ups`, in order
    std::vector<ActionOutcome> acted;              // one for each of `actions`, in order
};

// What is there, and how much more there is room for.
//
// At most a second old; what the same IntakeStore has created is always counted. So a bound on
// Pending that a caller keeps by it may be overshot by what other intakes create in that second.
// (On SQLite by nothing: it is exact while the turn lasts.)
struct StoreLevel {
    std::int64_t pending = 0;                // orders that are Pending
    std::optional<std::int64_t> free_bytes;  // on the disk; empty if that is unknown
};

// The right to store one group. Others may have to wait while it lives, so it should live for
// milliseconds. Destroyed without a commit(), it leaves nothing behind.
class IntakeTurn {
   public:
    virtual ~IntakeTurn() = default;

    [[nodiscard]] virtual StoreLevel level() = 0;

    // Returns once all of the group is on disk. Call it once; the turn is over either way, and
    // others may write. Throws StoreError, whose kind tells whether it is certain that nothing
    // was stored. (replaced: it was, in a store that nobody else will ever see.)
    [[nodiscard]] virtual IntakeOutcomes commit(const IntakeGroup& group) = 0;
};

class IntakeStore {
   public:
    virtual ~IntakeStore() = default;

    // Waits until a group can be stored without waiting for others: until it returns, the caller
    // may still take orders back from the group, certain that nothing of them was written. One turn
    // at a time; it must not outlive the store.
    [[nodiscard]] virtual std::unique_ptr<IntakeTurn> begin() = 0;

    // Housekeeping that keeps the store small and quick; call it after a commit, when those that
    // waited for it have been answered, and once a second if nothing is committed. Does nothing
    // most of the time.
    virtual void tidy() = 0;

    // Throws StoreError (replaced) if what is open here is no longer the store at its location;
    // commit() does so too. Cheap; call it once a second if nothing is committed.
    virtual void require_in_place() = 0;
};

}  // namespace orders
