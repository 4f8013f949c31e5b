#pragma once

// What a client or an operator may do to orders that stand, and to kinds, and what workers that
// pull (lease_actions.h) may do: values that an IntakeGroup carries to the store, and what comes of
// each. Each is checked and done inside the group's transaction.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"
#include "shared/storage/lease_actions.h"

namespace orders {

// Which orders are meant. What is empty says nothing.
struct OrderFilter {
    std::vector<OrderStatus> statuses = {};  // one of these; empty: any
    std::optional<Kind> kind = {};
    std::optional<Priority> priority = {};
    std::optional<std::string> reason = {};      // of the failure
    std::optional<UtcTime> created_after = {};   // at or after
    std::optional<UtcTime> created_before = {};  // before

    [[nodiscard]] bool fits(const Order& order) const noexcept;
};

// `by`, here and below, is what the client that asks is called: if it is not empty, what was done
// is kept with each order, as one of its actions.

// Pending or Processing: Cancelled. The worker of one that is Processing loses its lease.
// Refused if it has ended.
struct CancelOrder {
    OrderId order_id;
    std::string by = {};
};

// Failed or Cancelled: Pending again, at the end of the queue, or waiting if its time is still to
// come. No attempts are charged to the new round; result and failure are gone, start_before too;
// the attempt that was in work at the end, if there was one, moves into the history. Refused
// otherwise.
struct RetryOrder {
    OrderId order_id;
    std::string by = {};
};

// What is to change of an order that is Pending; what is empty stays. An inner empty value puts the
// default back. `due` moves it to the end of the queue, or lets it wait; a new priority keeps its
// age. Refused if it is not Pending.
struct OrderChange {
    std::optional<Priority> priority = {};
    std::optional<std::optional<DueTime>> due = {};  // inner empty: now
    std::optional<std::optional<UtcTime>> start_before = {};
    std::optional<std::optional<std::chrono::seconds>> timeout = {};
    // Invalid if it is not above the attempts that have been charged.
    std::optional<std::optional<int>> max_attempts = {};
};
struct ChangeOrder {
    OrderId order_id;
    OrderChange change;
    std::string by = {};
};

// Cancels or retries those of `orders` that are still there and fit the filter.
struct BulkAction {
    enum class What { cancel, retry } what = What::cancel;
    OrderFilter filter;
    std::vector<OrderSequence> orders;  // at most max_bulk_portion
    std::string by = {};
};
inline constexpr std::size_t max_bulk_portion = 1'000;

// A paused kind takes orders and starts none; what is in work ends. Kinds that are not known yet
// may be paused, too.
struct PauseKind {
    Kind kind;
    bool is_paused = true;
};

// For the next so long, those that watch for ends (Storage::open_end_watch) are woken after each
// commit that ends an order.
struct AwaitEnds {
    std::chrono::milliseconds duration{0};  // at most longest_awaiting
};
inline constexpr std::chrono::milliseconds longest_awaiting{60'000};

// For the next so long, what happens to orders is kept (change_log.h).
struct AwaitChanges {
    std::chrono::milliseconds duration{0};  // at most longest_awaiting
};

using OrderAction = std::variant<CancelOrder, RetryOrder, ChangeOrder, BulkAction, PauseKind,
                                 AwaitEnds, AwaitChanges, PullOrders, LeaseActions, NotePullers>;

struct Done {};
struct NoSuchOrder {};
// Its status does not allow it.
struct NotAllowed {
    OrderStatus status;
};
// The change contradicts what the order is: which field, and what is wrong with it.
struct InvalidChange {
    std::string field;
    std::string detail;
};
// A kind is a new one, and there are Kind::max_named already that have orders or are paused.
struct TooManyKinds {};
struct BulkDone {
    std::size_t changed = 0;
};

// An Order, as it stands then, for what is done to one: with all that is known of it for a change,
// and else as in a list (OrderReader::list). Pulled or TooManyPullers
// for a claim, LeaseOutcomes for leases; Done, BulkDone or TooManyKinds for others.
using ActionOutcome = std::variant<Order, Done, BulkDone, NoSuchOrder, NotAllowed, InvalidChange,
                                   TooManyKinds, Pulled, TooManyPullers, LeaseOutcomes>;

}  // namespace orders
