#pragma once

// Sends each order to the URL that the operator has set for its kind, and takes the answer for how
// the order ended (answer.h). An order is sent at least once: the receiver has to bear that the
// same webhook-id comes again (request.h).
//
// All calls are made on one event loop, so that thousands of them cost no threads. An endpoint that
// fails does not slow down the others: each has a limit of its own, and a breaker (endpoint.h).
//
// The functions are those of OrderProcessor, which says who may call them.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "shared/domain/claim.h"
#include "worker/processors/event_loop.h"
#include "worker/processors/order_processor.h"
#include "worker/processors/webhook/caller.h"
#include "worker/processors/webhook/endpoint.h"
#include "worker/processors/webhook/webhook_options.h"

namespace orders {

class WebhookProcessor final : public OrderProcessor {
   public:
    // `on_capacity` is called, on any thread, when free_capacity() may have grown although no order
    // has ended. Throws std::runtime_error and std::system_error.
    WebhookProcessor(WebhookOptions options, std::function<void()> on_capacity);
    // Gives up what is still in work.
    ~WebhookProcessor() override;
    WebhookProcessor(const WebhookProcessor&) = delete;
    WebhookProcessor& operator=(const WebhookProcessor&) = delete;

    [[nodiscard]] ClaimShare free_capacity() override;
    void start(Attempt attempt, std::stop_token stop, Done done) override;
    // Whoever did not answer in time may have done the work or not: it is tried again.
    [[nodiscard]] ProcessingResult on_deadline(const ClaimedOrder& order) const override;
    [[nodiscard]] std::vector<EndpointState> endpoints() override;

   private:
    struct Delivery;
    using DeliveryId = std::uint64_t;

    void send(const std::shared_ptr<Delivery>& delivery);
    void take_outcome(DeliveryId id, WebhookCaller::Outcome outcome);
    void give_up(DeliveryId id);
    void end(Delivery& delivery, Breaker::Sign sign, std::optional<ProcessingResult> result);
    void announce_next_free(Endpoint& endpoint);

    // Constant after construction.
    const WebhookOptions options_;
    const std::function<void()> on_capacity_;

    // Synchronise themselves.
    std::map<Kind, Endpoint> endpoints_;
    std::atomic<std::size_t> in_work_ = 0;

    // Only the loop's thread.
    std::optional<WebhookCaller> caller_;
    std::unordered_map<DeliveryId, std::shared_ptr<Delivery>> deliveries_;
    DeliveryId last_delivery_ = 0;
    std::map<Kind, EventLoop::TimerId> next_free_;

    EventLoop loop_;  // last: its thread uses all of the above
};

}  // namespace orders
