#pragma once

// Does the work of orders: any number of them at a time, with few threads or none. (Work that keeps
// a thread until it is done is simpler to write: blocking_processor.h.)
//
// The dispatcher's thread alone calls free_capacity(), start() and endpoints(); on_deadline() is
// called by any.

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/endpoint_state.h"
#include "shared/os/steady_time.h"

namespace orders {

// An order, and until when it may be worked on.
struct Attempt {
    ClaimedOrder order;
    SteadyTime deadline;
};

class OrderProcessor {
   public:
    virtual ~OrderProcessor() = default;

    // How many more orders it would begin now, of which kinds, and what holds for their attempts if
    // they do not say otherwise. It is asked often. A processor for some kinds names the same ones
    // each time, those that it wants no order of with 0: naming none means all that no other
    // processor takes.
    //
    // One whose capacity grows by itself, not because an order has ended, is given a function at
    // its construction that it calls then, from any thread.
    [[nodiscard]] virtual ClaimShare free_capacity() = 0;

    // Begins with the order, and returns at once. `done` is called exactly once, from any thread,
    // even from within start(), when what the order took of the capacity is free again: with how it
    // ended (claim.h), or empty if the work was given up because `stop` was requested. An exception
    // stands for a Failure with the reason `processor_error`, and for having called `done`.
    //
    // `stop` is requested when the order's time is up, its lease is lost (it may have been
    // cancelled), or the worker has to end: the work must then be given up soon, unless it is done
    // after all. Its callbacks run on the dispatcher's thread, and must not block. After a crash
    // the same order comes again, so the work must be idempotent.
    using Done = std::function<void(std::optional<ProcessingResult>)>;
    virtual void start(Attempt attempt, std::stop_token stop, Done done) = 0;

    // What an attempt has come to whose deadline has passed.
    [[nodiscard]] virtual ProcessingResult on_deadline(const ClaimedOrder& /*order*/) const {
        return Failure{failure_reason::timeout};
    }

    // What it sends orders to, for the report. It is asked often.
    [[nodiscard]] virtual std::vector<EndpointState> endpoints() { return {}; }
};

}  // namespace orders
