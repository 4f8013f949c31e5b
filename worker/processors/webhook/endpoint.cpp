#include "worker/processors/webhook/endpoint.h"

#include <algorithm>
#include <utility>

#include "shared/log/log.h"

namespace orders {

Endpoint::Endpoint(WebhookTarget target, std::size_t max_in_flight)
    : target_(std::move(target)), max_in_flight_(max_in_flight) {}

std::size_t Endpoint::free(SteadyTime now) {
    const MutexLock lock(mutex_);
    if (now < paused_until_) return 0;
    return breaker_.allowed(max_in_flight_ - std::min(in_flight_, max_in_flight_), now);
}

std::optional<SteadyTime> Endpoint::next_free() {
    const MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const SteadyTime next = std::max(paused_until_, breaker_.next_probe().value_or(SteadyTime{}));
    return next > now ? std::optional(next) : std::nullopt;
}

EndpointState Endpoint::state() {
    const MutexLock lock(mutex_);
    return {.kind = target_.kind, .in_flight = in_flight_, .is_breaker_open = breaker_.is_open()};
}

Breaker::Ticket Endpoint::begin() {
    const MutexLock lock(mutex_);
    ++in_flight_;
    return breaker_.begin();
}

void Endpoint::end(Breaker::Ticket ticket, Breaker::Sign sign, SteadyTime now) {
    Breaker::Change change = Breaker::Change::none;
    {
        const MutexLock lock(mutex_);
        --in_flight_;
        change = breaker_.end(ticket, sign, now);
    }
    log_change(change);
}

void Endpoint::pause(SteadyTime until) {
    const MutexLock lock(mutex_);
    paused_until_ = std::max(paused_until_, until);
}

void Endpoint::log_change(Breaker::Change change) const {
    if (change == Breaker::Change::opened) {
        log::warn("webhook endpoint is out of order",
                  {{"kind", target_.kind.name()},
                   {"endpoint", target_.url.origin()},
                   {"failures_in_a_row", Breaker::failures_to_open},
                   {"consequence",
                    "its orders stay Pending; one at a time is tried until one "
                    "succeeds"}});
    } else if (change == Breaker::Change::closed) {
        log::info("webhook endpoint works again",
                  {{"kind", target_.kind.name()}, {"endpoint", target_.url.origin()}});
    }
}

void Endpoint::note_failure(const std::string& reason, const std::string& detail) {
    failures_.count();
    if (const auto times = failures_.take_due()) {
        log::warn("webhook endpoint failed", {{"kind", target_.kind.name()},
                                              {"endpoint", target_.url.origin()},
                                              {"reason", reason},
                                              {"detail", detail},
                                              {"times", *times},
                                              {"consequence", "the orders are tried again"}});
    }
}

void Endpoint::note_dropped(const std::string& order_id, const std::string& why) {
    dropped_.count();
    if (const auto times = dropped_.take_due()) {
        log::info("body of an answer was dropped",
                  {{"kind", target_.kind.name()},
                   {"order_id", order_id},
                   {"reason", why},
                   {"times", *times},
                   {"consequence", "the order is Processed without a result"}});
    }
}

}  // namespace orders
