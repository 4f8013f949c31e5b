#pragma once

// The store as its readers see it, which only ask: single orders, lists, and the report.
//
// An OrderReader is used by one thread at a time. Any number of them may be open, and they hold up
// no writer. All functions throw StoreError if the environment is broken.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/endpoint_state.h"
#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"
#include "shared/metrics/figures.h"
#include "shared/storage/order_actions.h"
#include "shared/storage/samples.h"

namespace orders {

struct OrderQuery {
    static constexpr std::size_t max_limit = 1'000;

    OrderFilter filter = {};
    std::size_t limit = 50;                    // 1 to max_limit
    std::optional<OrderSequence> before = {};  // only orders submitted before this one
};

// Newest first. A page may hold fewer orders than the limit, even none, and still have a next page:
// one call looks at a bounded number of orders, however rare the wanted ones are. It looks at more
// of them before it returns an empty page. A query for Pending orders, of one priority or kind or
// of all, is never cut short: its page has as many as there are, up to the limit.
struct OrderPage {
    std::vector<Order> orders;
    std::optional<OrderSequence> next_before;  // empty on the last page
};

struct MatchingOrders {
    std::vector<OrderSequence> orders;
    std::optional<OrderSequence> next_after;  // empty if there are no more
};

struct StatusCounts {
    std::int64_t pending = 0;
    std::int64_t processing = 0;
    std::int64_t processed = 0;
    std::int64_t failed = 0;
    std::int64_t cancelled = 0;

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
    // Its last sign of life, and when the first of its leases ends unless it is renewed, if it
    // holds any. Both are also empty if the times it has written are not of a clock that is known
    // here.
    std::optional<UtcTime> last_seen_at = {};
    std::optional<UtcTime> lease_ends_at = {};
};

// A worker that has signed on and not off, as its health check wants to know of it.
struct EnlistedWorker {
    enum class State {
        live,
        silent,  // it gives no sign of life, and yet it is there
        dead,
    };
    std::string label;  // may be empty
    std::int64_t pid_namespace = 0;
    std::int64_t pid = 0;
    State state = State::live;
};

// The orders of one kind. `default` is always there, others if they have orders or are paused.
struct KindReport {
    Kind kind;
    StatusCounts counts = {};
    std::int64_t waiting_for_time = 0;  // among the Pending
    bool is_paused = false;
    // Not paused, something to claim, and no live worker to do it.
    bool is_unattended = false;
};

struct OrderReport {
    UtcTime taken_at;  // by the store's clock
    StatusCounts high;
    StatusCounts normal;
    std::int64_t waiting_for_time = 0;        // among the Pending
    std::optional<UtcTime> next_due_at = {};  // of those
    // When the order that waits longest in the queue came, or became due, by the wall clock of that
    // time. If the clock was ahead then, it is the earliest of the first hundred in line of each
    // kind.
    std::optional<UtcTime> oldest_high = {};
    std::optional<UtcTime> oldest_normal = {};
    std::vector<KindReport> kinds = {};  // `default` first, then by name
    std::vector<LiveWorker> workers;     // see WorkerStore::enlist() for who is live
    // What those workers send orders to, by kind: all together in flight, and open if one of them
    // says so. At most as old as a heartbeat.
    std::vector<EndpointState> endpoints = {};

    [[nodiscard]] StatusCounts total() const noexcept;
    // How long the longest waiting order of the queue had waited then; empty if there is none.
    [[nodiscard]] std::optional<double> oldest_pending_seconds() const noexcept;
    [[nodiscard]] std::optional<double> oldest_pending_seconds(Priority priority) const noexcept;
};

// Random values, each 32 hexadecimal digits.
struct StoreIdentity {
    // Which store this is, for good; a backup is the same store.
    std::string store_id;
    // Another one since a backup was put back: what was handed out before fits nothing after it.
    std::string incarnation;
};

// The orders of one kind and one priority: where they stand, and how many there ever were.
struct LineFigures {
    StatusCounts counts = {};
    std::int64_t waiting_for_time = 0;  // among the Pending
    // As OrderReport::oldest_high.
    std::optional<UtcTime> oldest = {};
    std::int64_t created = 0;
    // As each end; the other statuses are 0. An order that is tried again ends once more.
    StatusCounts finished = {};
};

// One kind that the store knows, whether or not it has orders.
struct KindFigures {
    Kind kind;
    LineFigures high = {};
    LineFigures normal = {};
    // Orders that were Failed, in the order of label::failure_reasons; attempts that have ended, in
    // that of label::attempt_outcomes.
    std::array<std::int64_t, 8> failed = {};
    std::array<std::int64_t, 6> attempts = {};
};

// What was done to orders of all kinds, those among them that are no longer known.
struct ActionTotals {
    std::int64_t cancelled = 0;
    std::int64_t retried = 0;
    std::int64_t deleted = 0;
};

// What the store takes up; empty where it cannot be told.
struct StoreSpace {
    std::optional<std::int64_t> database_bytes = {};
    std::optional<std::int64_t> log_bytes = {};   // beside it
    std::optional<std::int64_t> free_bytes = {};  // on its disk
};

// What the store has to say for those that watch over it; all that is counted of one moment.
struct StoreFigures {
    OrderReport report;
    std::vector<KindFigures> kinds = {};  // `default` first, then by name
    ActionTotals actions = {};
    // By all processes that ever were, up to what each told last.
    Figures measured = {};
    StoreSpace space = {};
    std::string software = {};  // that keeps the store
    std::string software_version = {};
};

class OrderReader {
   public:
    virtual ~OrderReader() = default;

    [[nodiscard]] virtual StoreIdentity identity() = 0;

    // With all that is known of it.
    [[nodiscard]] virtual std::optional<Order> find(const OrderId& order_id) = 0;
    // What has become of each, empty for an order that is not there; cheap, and all of one moment.
    [[nodiscard]] virtual std::vector<std::optional<OrderStatus>> statuses_of(
        std::span<const OrderId> order_ids) = 0;
    // Without payload, options, result and history.
    [[nodiscard]] virtual OrderPage list(const OrderQuery& query) = 0;
    // The first orders that were submitted behind `after` and fit, up to the limit, in the order of
    // arrival. As with list(), there may be fewer and yet more to come: go on behind next_after.
    [[nodiscard]] virtual MatchingOrders find_matching(const OrderFilter& filter,
                                                       OrderSequence after, std::size_t limit) = 0;

    // Of which kinds an order could be claimed now; cheap.
    [[nodiscard]] virtual std::vector<Kind> claimable_kinds() = 0;

    // Costs the same however many orders are finished.
    [[nodiscard]] virtual OrderReport report() = 0;

    // Of the last `count` intervals, at most; see samples.h.
    [[nodiscard]] virtual SampleHistory samples(std::int64_t count) = 0;
    // Costs the same, too.
    [[nodiscard]] virtual StoreFigures figures() = 0;

    // A dead worker is among them until a live one notices, which takes moments.
    [[nodiscard]] virtual std::vector<EnlistedWorker> enlisted_workers() = 0;
};

// Throws StoreError if the store cannot be read, nor will be while this process lives: if it is too
// damaged for a report, for one.
void require_readable(OrderReader& reader);

}  // namespace orders
