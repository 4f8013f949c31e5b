#pragma once

// What passes between a worker and the store: an order that was claimed, the lease it is held
// under, and how its processing ended. An order can be settled only with the lease that claiming it
// gave.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/domain/kind.h"
#include "shared/domain/order.h"

namespace orders {

// The order's number, given by the store when it was submitted and for good: ascending in order of
// arrival, and for orders that were due at once the order of the queue.
struct OrderSequence {
    std::int64_t value = 0;
    friend auto operator<=>(OrderSequence, OrderSequence) = default;
};

// The right to settle one order. The token is a fencing token: every claim of the same order gets
// a larger one, and the store refuses whatever comes with any but the newest.
// (M. Kleppmann, "How to do distributed locking", 2016.)
struct Lease {
    OrderSequence order;
    std::int64_t token = 0;
    friend auto operator<=>(const Lease&, const Lease&) = default;
};

// What holds for an order's attempts: its own options, and for what they do not say those of the
// one who claimed it. Fixed at the claim. What somebody else needs who ends the attempt, all but
// the timeout, is kept with the lease, so that everybody goes by the same.
struct AttemptLimits {
    std::chrono::milliseconds timeout{5'000};
    int max_attempts = 5;
    std::chrono::seconds backoff{10};  // what the first wait is about; see backoff.h

    friend bool operator==(const AttemptLimits&, const AttemptLimits&) = default;
};
[[nodiscard]] constexpr AttemptLimits limits_of(const AttemptOptions& options,
                                                const AttemptLimits& defaults) noexcept {
    return {.timeout = options.timeout ? *options.timeout : defaults.timeout,
            .max_attempts = options.max_attempts.value_or(defaults.max_attempts),
            .backoff = options.backoff.value_or(defaults.backoff)};
}

// No bound on a number of orders.
inline constexpr std::size_t unlimited_orders = std::numeric_limits<std::size_t>::max();

// How many orders of one kind somebody takes, at most.
struct KindLimit {
    Kind kind;
    std::size_t orders = unlimited_orders;
};

// One of those that orders are claimed for together: what it takes, and what holds for the attempts
// of orders that do not say otherwise.
struct ClaimShare {
    std::size_t limit = unlimited_orders;  // of all its kinds together
    std::vector<KindLimit> kinds = {};     // none: all kinds that no other share names
    AttemptLimits defaults = {};
};

struct ClaimedOrder {
    Lease lease;
    OrderSpec spec;
    int attempt = 0;  // 1 for the first
    AttemptLimits limits = {};
    UtcTime created_at = {};
    // From when it was due to when it was claimed, by the store's clock.
    std::chrono::milliseconds waited{0};
};

// How an attempt ends: by a result, which ends the order too (Completed, Failure), or because the
// world was at fault (Retry). A worker's death is none of these.

struct Completed {
    JsonText result = {};  // at most max_result_bytes; null for none
    friend bool operator==(const Completed& one, const Completed& other) noexcept {
        return is_same_text(one.result, other.result);
    }
};
inline constexpr std::size_t max_result_bytes = 65'536;

// `reason` is shown to clients and kept with the order: see is_failure_reason(). `detail` is for
// people: at most max_detail_bytes of UTF-8.
struct Failure {
    std::string reason;
    std::string detail = {};
    friend bool operator==(const Failure&, const Failure&) = default;
};
inline constexpr std::size_t max_detail_bytes = 2'000;

// The order waits and is tried again: for as long as the backoff says, or for `after` if that is
// longer. If it was the last attempt, the order is Failed with the reason and the detail.
struct Retry {
    std::string reason;
    std::string detail = {};
    std::optional<std::chrono::milliseconds> after = {};
    friend bool operator==(const Retry&, const Retry&) = default;
};

using ProcessingResult = std::variant<Completed, Failure, Retry>;

struct Settlement {
    Lease lease;
    ProcessingResult result;
};

// 1 to 64 of lower-case letters, digits and `_ . -`, such as `timeout`.
[[nodiscard]] bool is_failure_reason(std::string_view text) noexcept;

namespace failure_reason {
inline constexpr char timeout[] = "timeout";                        // not done at its deadline
inline constexpr char attempts_exhausted[] = "attempts_exhausted";  // workers kept dying with it
inline constexpr char processor_error[] = "processor_error";        // the processor threw
inline constexpr char expired[] = "expired";                        // not begun by start_before
}  // namespace failure_reason

}  // namespace orders
