#pragma once

// What passes between a worker and the store: an order that was claimed, the lease it is held
// under, and how its processing ended. An order can be settled only with the lease that claiming it
// gave.

#include <cstdint>
#include <string>
#include <variant>

#include "shared/domain/order.h"

namespace orders {

// The order's place in the queue, given by the store when it was submitted: ascending sequence is
// first come, first served.
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

struct ClaimedOrder {
    Lease lease;
    OrderSpec spec;
    int attempt = 0;  // 1 for the first
};

struct Completed {
    friend bool operator==(Completed, Completed) = default;
};

// `reason` is shown to clients and kept with the order: a short lower-case word such as `timeout`.
struct Failure {
    std::string reason;
    friend bool operator==(const Failure&, const Failure&) = default;
};

using ProcessingResult = std::variant<Completed, Failure>;

struct Settlement {
    Lease lease;
    ProcessingResult result;
};

namespace failure_reason {
inline constexpr char timeout[] = "timeout";                        // not done at its deadline
inline constexpr char attempts_exhausted[] = "attempts_exhausted";  // workers kept dying with it
inline constexpr char processor_error[] = "processor_error";        // the processor threw
}  // namespace failure_reason

}  // namespace orders
