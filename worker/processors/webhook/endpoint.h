#pragma once

// What orders of one kind are sent to: where, signed with what, and how much it is given to do. At
// most `max_in_flight` orders at a time; none while it has asked for a pause; one at a time while
// its breaker is open. What happens to it is logged.
//
// Any thread may call it, but for the notes, which belong to one.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "shared/domain/endpoint_state.h"
#include "shared/log/log_pace.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "worker/processors/breaker.h"
#include "worker/processors/webhook/webhook_options.h"

namespace orders {

class Endpoint {
   public:
    Endpoint(WebhookTarget target, std::size_t max_in_flight);

    [[nodiscard]] const WebhookTarget& target() const noexcept { return target_; }

    // How many more orders may be sent now.
    [[nodiscard]] std::size_t free(SteadyTime now);
    // When that may grow by itself; empty if only an order's end can make it grow.
    [[nodiscard]] std::optional<SteadyTime> next_free();

    // For the report.
    [[nodiscard]] EndpointState state();

    // An order is sent. The ticket is for its end.
    [[nodiscard]] Breaker::Ticket begin();
    void end(Breaker::Ticket ticket, Breaker::Sign sign, SteadyTime now);
    // Nothing is sent before that time.
    void pause(SteadyTime until);

    // For the log: why it failed an order, and why the body of an answer was dropped. Many of them
    // become one line.
    void note_failure(const std::string& reason, const std::string& detail);
    void note_dropped(const std::string& order_id, const std::string& why);

   private:
    void log_change(Breaker::Change change) const;

    // Constant after construction.
    const WebhookTarget target_;
    const std::size_t max_in_flight_;

    Mutex mutex_;
    std::size_t in_flight_ GUARDED_BY(mutex_) = 0;
    Breaker breaker_ GUARDED_BY(mutex_);
    SteadyTime paused_until_ GUARDED_BY(mutex_){};

    // Only the thread of the notes.
    log::LogPace failures_;
    log::LogPace dropped_;
};

}  // namespace orders
