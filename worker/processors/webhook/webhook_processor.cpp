#include "worker/processors/webhook/webhook_processor.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "worker/processors/webhook/request.h"

namespace orders {
namespace {

UtcTime utc_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

const std::string& reason_of(const ProcessingResult& result) {
    static const std::string none;
    if (const auto* retry = std::get_if<Retry>(&result)) return retry->reason;
    if (const auto* failure = std::get_if<Failure>(&result)) return failure->reason;
    return none;
}

WebhookResult result_of(int status) {
    if (status < 300) return WebhookResult::success;
    if (status < 400) return WebhookResult::redirect;
    return status < 500 ? WebhookResult::refused : WebhookResult::failed;
}

WebhookResult result_of(NoAnswer reason) {
    switch (reason) {
        case NoAnswer::timeout:
            return WebhookResult::timeout;
        case NoAnswer::tls:
            return WebhookResult::tls;
        case NoAnswer::bad_answer:
        case NoAnswer::unreachable:
            break;
    }
    return WebhookResult::unreachable;
}

}  // namespace

// One attempt, from start() to `done`.
struct WebhookProcessor::Delivery {
    Delivery(Attempt order, std::stop_token to_stop, Done on_end, Endpoint& where)
        : attempt(std::move(order)),
          stop(std::move(to_stop)),
          done(std::move(on_end)),
          endpoint(where) {}

    Attempt attempt;
    std::stop_token stop;
    Done done;
    Endpoint& endpoint;
    Breaker::Ticket ticket = 0;
    WebhookCaller::CallId call = 0;
    std::optional<std::stop_callback<std::function<void()>>> on_stop = {};
};

WebhookProcessor::WebhookProcessor(WebhookOptions options, std::function<void()> on_capacity)
    : options_(std::move(options)), on_capacity_(std::move(on_capacity)) {
    for (const WebhookTarget& target : options_.targets) {
        [[maybe_unused]] const bool is_new =
            endpoints_.try_emplace(target.kind, target, options_.max_orders_per_target).second;
        assert(is_new);
    }
    caller_.emplace(loop_, CallerOptions{.max_calls = options_.max_orders,
                                         .user_agent = options_.user_agent,
                                         .ca_file = options_.ca_file,
                                         .proxy = options_.proxy});
}

WebhookProcessor::~WebhookProcessor() {
    loop_.post([this] {
        while (!deliveries_.empty()) give_up(deliveries_.begin()->first);
        caller_.reset();
    });
}

ClaimShare WebhookProcessor::free_capacity() {
    const auto now = std::chrono::steady_clock::now();
    const std::size_t in_work = in_work_;
    ClaimShare share{.limit = options_.max_orders - std::min(in_work, options_.max_orders),
                     .defaults = options_.defaults};
    for (auto& [kind, endpoint] : endpoints_) share.kinds.push_back({kind, endpoint.free(now)});
    return share;
}

void WebhookProcessor::start(Attempt attempt, std::stop_token stop, Done done) {
    const auto endpoint = endpoints_.find(attempt.order.spec.kind);
    assert(endpoint != endpoints_.end());
    // Shared, because a task can be copied.
    auto delivery = std::make_shared<Delivery>(std::move(attempt), std::move(stop), std::move(done),
                                               endpoint->second);
    delivery->ticket = endpoint->second.begin();
    ++in_work_;
    loop_.post([this, delivery] { send(delivery); });
}

ProcessingResult WebhookProcessor::on_deadline(const ClaimedOrder& /*order*/) const {
    return Retry{failure_reason::timeout};
}

std::vector<EndpointState> WebhookProcessor::endpoints() {
    std::vector<EndpointState> states;
    states.reserve(endpoints_.size());
    for (auto& [kind, endpoint] : endpoints_) states.push_back(endpoint.state());
    return states;
}

void WebhookProcessor::send(const std::shared_ptr<Delivery>& delivery) {
    if (delivery->stop.stop_requested()) {
        end(*delivery, Breaker::Sign::none, std::nullopt);
        return;
    }
    const DeliveryId id = ++last_delivery_;
    const WebhookTarget& target = delivery->endpoint.target();
    const auto time_left = std::chrono::ceil<std::chrono::milliseconds>(
        delivery->attempt.deadline - std::chrono::steady_clock::now());
    WebhookRequest request = webhook_request(delivery->attempt.order, options_.store_id,
                                             target.secrets, utc_now(), time_left);
    delivery->call = caller_->begin(
        {target.url.text(), std::move(request.headers), std::move(request.body), time_left},
        [this, id](WebhookCaller::Outcome outcome) { take_outcome(id, std::move(outcome)); });
    deliveries_.emplace(id, delivery);
    // It runs on whichever thread asks for the stop, which must not wait.
    delivery->on_stop.emplace(delivery->stop,
                              [this, id] { loop_.post([this, id] { give_up(id); }); });
}

void WebhookProcessor::take_outcome(DeliveryId id, WebhookCaller::Outcome outcome) {
    const auto delivery = std::move(deliveries_.extract(id).mapped());
    Endpoint& endpoint = delivery->endpoint;
    const OrderId& order = delivery->attempt.order.spec.order_id;
    const auto* const fault = std::get_if<WebhookCaller::Fault>(&outcome);
    options_.note_result(endpoint.target().kind,
                         fault != nullptr ? result_of(fault->reason)
                                          : result_of(std::get<WebhookAnswer>(outcome).status));
    Verdict verdict = fault != nullptr ? verdict_on(fault->reason, fault->detail)
                                       : verdict_on(std::get<WebhookAnswer>(outcome),
                                                    options_.failure_statuses, utc_now());
    if (verdict.sign == Breaker::Sign::failing) {
        endpoint.note_failure(reason_of(verdict.result), fault != nullptr ? fault->addressed : "");
    }
    if (!verdict.dropped_because.empty()) {
        endpoint.note_dropped(order.text(), verdict.dropped_because);
    }
    if (verdict.pause) endpoint.pause(std::chrono::steady_clock::now() + *verdict.pause);
    end(*delivery, verdict.sign, std::move(verdict.result));
}

void WebhookProcessor::give_up(DeliveryId id) {
    const auto found = deliveries_.find(id);
    if (found == deliveries_.end()) return;  // its answer came first
    const auto delivery = std::move(found->second);
    deliveries_.erase(found);
    caller_->cancel(delivery->call);
    const bool is_overdue = std::chrono::steady_clock::now() >= delivery->attempt.deadline;
    if (is_overdue) {
        delivery->endpoint.note_failure(failure_reason::timeout, "");
        options_.note_result(delivery->endpoint.target().kind, WebhookResult::timeout);
    }
    end(*delivery, is_overdue ? Breaker::Sign::failing : Breaker::Sign::none, std::nullopt);
}

void WebhookProcessor::end(Delivery& delivery, Breaker::Sign sign,
                           std::optional<ProcessingResult> result) {
    delivery.on_stop.reset();
    // Before `done`, which may bring the next order.
    delivery.endpoint.end(delivery.ticket, sign, std::chrono::steady_clock::now());
    --in_work_;
    announce_next_free(delivery.endpoint);
    delivery.done(std::move(result));
}

void WebhookProcessor::announce_next_free(Endpoint& endpoint) {
    const auto next = endpoint.next_free();
    if (!next) return;
    const Kind& kind = endpoint.target().kind;
    const auto found = next_free_.find(kind);
    if (found != next_free_.end()) {
        if (found->second.time == *next) return;
        loop_.cancel(found->second);
        next_free_.erase(found);
    }
    next_free_.emplace(kind, loop_.call_at(*next, [this, kind = kind] {
        next_free_.erase(kind);
        on_capacity_();
    }));
}

}  // namespace orders
