#pragma once

// Does the work of an order on a thread of its own: the one interface to implement for work of your
// own. A ThreadedProcessor (threaded.h) has the threads.

#include <optional>
#include <stop_token>

#include "shared/domain/claim.h"

namespace orders {

class BlockingProcessor {
   public:
    virtual ~BlockingProcessor() = default;

    // Does the order's work and says how it ended: Completed with a result, Failure for good, or
    // Retry if the world was at fault (claim.h). Called on several threads at a time, each order by
    // one. An exception counts as Failure, with the reason `processor_error`. What the order is
    // about is in its spec, the payload as its client sent it.
    //
    // `stop` is requested when the order's time is up, its lease is lost (it may have been
    // cancelled), or the worker has to end: the work must then be given up soon, and the return
    // value is empty unless it was done after all. After a crash the same order comes again, so the
    // work must be idempotent.
    [[nodiscard]] virtual std::optional<ProcessingResult> process(const ClaimedOrder& order,
                                                                  const std::stop_token& stop) = 0;
};

}  // namespace orders
