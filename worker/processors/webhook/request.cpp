#include "worker/processors/webhook/request.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "worker/processors/idempotency_key.h"

namespace orders {
namespace {

// Nothing in it needs to be escaped: ids and kinds have no character that JSON gives a meaning.
std::string body_of(const ClaimedOrder& order) {
    const OrderSpec& spec = order.spec;
    std::string body;
    body.reserve(256 + (spec.payload ? spec.payload->size() : 0));
    body.append(R"({"order_id":")").append(spec.order_id.text());
    body.append(R"(","priority":")").append(to_string(spec.priority));
    body.append(R"(","kind":")").append(spec.kind.name());
    body.append(R"(","attempt":)").append(std::to_string(order.attempt));
    body.append(R"(,"created_at":")").append(to_rfc3339(order.created_at));
    body.append(R"(","payload":)");
    body.append(spec.payload ? std::string_view(*spec.payload) : "null").append("}");
    return body;
}

std::string header(std::string_view name, std::string_view value) {
    return std::string(name).append(": ").append(value);
}

std::string header(std::string_view name, std::int64_t value) {
    return header(name, std::to_string(value));
}

// One of its own for each attempt, so that a trace shows them apart.
std::uint64_t random_span() {
    thread_local std::mt19937_64 numbers(std::random_device{}());
    return std::max<std::uint64_t>(numbers(), 1);
}

}  // namespace

WebhookRequest webhook_request(const ClaimedOrder& order, std::string_view store_id,
                               const std::vector<WebhookSecret>& secrets, UtcTime now,
                               std::chrono::milliseconds time_left) {
    using std::chrono::seconds;
    const std::string id = idempotency_key(store_id, order);
    const std::string timestamp =
        std::to_string(std::chrono::floor<seconds>(now).time_since_epoch().count());
    const seconds whole_left = std::chrono::floor<seconds>(time_left);
    WebhookRequest request{
        .headers = {"content-type: application/json", header("webhook-id", id),
                    header("webhook-timestamp", timestamp), header("order-attempt", order.attempt),
                    header("order-token", order.lease.token),
                    header("order-deadline-seconds",
                           std::max<seconds::rep>(whole_left.count(), 0))},
        .body = body_of(order)};
    if (const Trace& trace = order.spec.trace) {
        const TraceContext span = in_new_span(*trace, random_span());
        request.headers.push_back(header("traceparent", span.parent));
        if (!span.state.empty()) request.headers.push_back(header("tracestate", span.state));
    }
    if (!secrets.empty()) {
        request.headers.push_back(
            header("webhook-signature", webhook_signatures(secrets, id, timestamp, request.body)));
    }
    return request;
}

}  // namespace orders
