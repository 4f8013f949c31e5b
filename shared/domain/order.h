#pragma once

// What an order is, and the life it leads:
//
//     create, due now ----------------------+
//                                           v       claim                 ends with a result
//     create, due later --> waits for --> Pending --------> Processing ----------------------->
//                           its time        ^  |                | | |       Processed | Failed
//                              ^            |  |                | | |
//                              +------------|--|----------------+ | +-- to be tried again, or its
//                    to be tried again      |  |                  |     worker died or hung, and
//                    (attempt charged)      |  |                  |     it was the last attempt:
//                                           |  |                  |     Failed
//                                           +--|------------------+
//              its worker died or hung (attempt charged), a stopping worker released it,
//              or the machine was restarted (attempt not charged): back at its old place
//                                              |
//                not begun before start_before: Failed (`expired`)
//
//     A client's cancel ends it from Pending and Processing: Cancelled. A client's retry begins a
//     new round with an order that is Failed or Cancelled: Pending, at the end of the queue.
//
// What waits for its time is Pending, too. An order has its place in the queue from when it is due:
// behind all that are in the queue of its priority then, before all that come later.
//
// Every order ends exactly once per round. Its tokens (claim.h) grow through all rounds.
//
// Every type here is a plain value without locks; a value that exists is valid. Text that came from
// outside becomes an OrderId, a Kind, a Priority or a ProcessingTime only through its parse
// function.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/domain/json_text.h"
#include "shared/domain/kind.h"
#include "shared/domain/utc_time.h"
#include "shared/text/trace_context.h"

namespace orders {

// The name that the client gave the order, unique among all orders that are kept: a letter or
// digit, then up to 63 of letters, digits and `. _ : ~ -`, so that it is safe in a URL as it
// stands.
class OrderId {
   public:
    static constexpr std::size_t max_length = 64;

    // Empty if the text breaks the rule above.
    [[nodiscard]] static std::optional<OrderId> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    friend bool operator==(const OrderId&, const OrderId&) = default;

   private:
    explicit OrderId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

// High goes before Normal; within one priority the order that was submitted first goes first.
enum class Priority { high, normal };
inline constexpr Priority all_priorities[] = {Priority::high, Priority::normal};

enum class OrderStatus { pending, processing, processed, failed, cancelled };
inline constexpr OrderStatus all_statuses[] = {OrderStatus::pending, OrderStatus::processing,
                                               OrderStatus::processed, OrderStatus::failed,
                                               OrderStatus::cancelled};

// Processed, Failed or Cancelled.
[[nodiscard]] constexpr bool is_end(OrderStatus status) noexcept {
    return status >= OrderStatus::processed;
}

// The spelling that clients, logs and this documentation share: "High", "Pending", ...
[[nodiscard]] std::string_view to_string(Priority priority) noexcept;
[[nodiscard]] std::string_view to_string(OrderStatus status) noexcept;

// The exact spelling only; empty for anything else.
[[nodiscard]] std::optional<Priority> parse_priority(std::string_view text) noexcept;
[[nodiscard]] std::optional<OrderStatus> parse_status(std::string_view text) noexcept;

// How long the simulated processor takes for the order, in whole units (seconds, unless a worker
// was told otherwise): 1 to 86,400. Other processors ignore it.
class ProcessingTime {
   public:
    static constexpr std::int64_t min_units = 1;
    static constexpr std::int64_t max_units = 86'400;

    // One unit.
    constexpr ProcessingTime() noexcept = default;

    // Empty if the number is out of range.
    [[nodiscard]] static std::optional<ProcessingTime> parse(std::int64_t units) noexcept;

    [[nodiscard]] std::int64_t units() const noexcept { return units_; }
    friend bool operator==(ProcessingTime, ProcessingTime) = default;

   private:
    explicit ProcessingTime(std::int64_t units) : units_(units) {}
    std::int64_t units_ = min_units;
};

// What an order says of its attempts; what it does not say is up to whoever claims it.
struct AttemptOptions {
    static constexpr std::chrono::seconds longest_timeout{86'400};
    static constexpr int most_attempts = 100;
    static constexpr std::chrono::seconds longest_backoff_base{3'600};

    std::optional<std::chrono::seconds> timeout = {};  // 1 to longest_timeout
    std::optional<int> max_attempts = {};              // 1 to most_attempts
    std::optional<std::chrono::seconds> backoff = {};  // 1 to longest_backoff_base

    friend bool operator==(const AttemptOptions&, const AttemptOptions&) = default;
};

// The trace that a create belongs to; null if it says nothing of one. Shared, as a payload is.
using Trace = std::shared_ptr<const TraceContext>;

// What an order is about: all that its client says of it, which goes with it from the request
// through the store to its processor.
struct OrderSpec {
    OrderId order_id;
    Priority priority;
    ProcessingTime processing_time = {};
    Kind kind = {};
    AttemptOptions options = {};
    std::optional<UtcTime> start_before = {};  // not begun by then, it is Failed
    JsonText payload = {};
    Trace trace = {};

    // For the log.
    [[nodiscard]] std::optional<std::string_view> trace_id() const noexcept {
        if (!trace) return std::nullopt;
        return trace->trace_id();
    }
};

// From when an order may be claimed: from a time on, or from so long after the store has it. (The
// store's clock is the one that counts.)
using DueTime = std::variant<UtcTime, std::chrono::seconds>;
inline constexpr std::chrono::seconds longest_delay{31'536'000};

// What tells two contents of a create from each other: the first half of a SHA-256 over it.
using Fingerprint = std::array<unsigned char, 16>;

// An order that a client asks for. Not stored yet, and valid by construction.
struct NewOrder {
    OrderSpec spec;
    std::optional<DueTime> due = {};  // empty: at once
    // If its client wants a create that is sent again to be known by its content.
    std::optional<Fingerprint> fingerprint = {};

    // About what it takes in memory: itself and its texts.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return sizeof *this + spec.order_id.text().size() +
               (spec.payload ? spec.payload->size() : 0) +
               (spec.trace ? sizeof(TraceContext) + spec.trace->state.size() : 0);
    }
};

// An attempt that did not end the order, or whose end a client's retry has undone.
struct PastAttempt {
    enum class Outcome {
        retry,          // to be tried again
        lease_expired,  // its worker died or hung
        released,       // given back, and not charged
        failed,         // it had ended the order as Failed
        cancelled,      // it was in work when the order was Cancelled
    };
    std::int64_t token = 0;
    std::string worker;
    UtcTime started_at;
    UtcTime ended_at;
    Outcome outcome = Outcome::retry;
    std::optional<std::string> reason = {};
    std::optional<std::string> detail = {};
};
// "retry", "lease_expired", ...
[[nodiscard]] std::string_view to_string(PastAttempt::Outcome outcome) noexcept;

// What a client whose token has a name has done to an order.
struct PastAction {
    enum class What { cancel, retry, change };
    UtcTime at;
    What what = What::cancel;
    std::string name;  // the client's
};
// "cancel", "retry", "change".
[[nodiscard]] std::string_view to_string(PastAction::What what) noexcept;

// An order as the store knows it. `started_at` and `worker` speak of the current or last attempt
// and are empty while the order is Pending, and if it ended without an attempt; `failure` and
// `failure_detail` say why a Failed order failed.
struct Order {
    OrderSpec spec;
    OrderStatus status = OrderStatus::pending;
    int attempts = 0;  // charged in this round
    UtcTime created_at;
    // If it waits for a time, or got its place in the queue later than by its arrival.
    std::optional<UtcTime> due_at = {};
    bool is_waiting_for_time = false;  // Pending, and not in the queue yet
    std::optional<UtcTime> started_at = {};
    std::optional<UtcTime> finished_at = {};
    std::optional<std::string> worker = {};
    std::optional<std::string> failure = {};
    std::optional<std::string> failure_detail = {};
    JsonText result = {};
    std::vector<PastAttempt> history = {};  // oldest first; the newest hundred
    std::vector<PastAction> actions = {};   // the same
};

}  // namespace orders
