#pragma once

// What a webhook is sent for one attempt of an order:
//
//     content-type: application/json
//     webhook-id: ord_7f3a9c12e4b05d68_1042_1767225599123    the same for every attempt
//     webhook-timestamp: 1767225600                          of this attempt, in seconds
//     webhook-signature: v1,HdS8A+r+51BqUVBM...              if there is a secret; signature.h
//     order-attempt: 1
//     order-token: 1                                         larger for every attempt
//     order-deadline-seconds: 30                             how long the answer is waited for
//     traceparent: 00-0af7...319c-b7ad6b7169203331-01        if its create had one: the same trace,
//     tracestate: ...                                        in another span for every attempt
//
//     {"order_id":"1235","priority":"High","kind":"mail","attempt":1,
//      "created_at":"2026-01-01T00:00:00.000Z","payload":<the bytes that the client sent>}
//
// The webhook-id is made of the store's id, the order's number in it and the time when it was
// created. The order's own id would not do: it may hold a dot, on which the signature's safety
// rests, and once the order has been deleted its client may use it again, for another order.
//
// Pure functions, for any thread.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/utc_time.h"
#include "worker/processors/webhook/signature.h"

namespace orders {

struct WebhookRequest {
    std::vector<std::string> headers;  // `name: value`
    std::string body;
};

// `now` is the time of the attempt, and `time_left` what there is until its deadline.
[[nodiscard]] WebhookRequest webhook_request(const ClaimedOrder& order, std::string_view store_id,
                                             const std::vector<WebhookSecret>& secrets, UtcTime now,
                                             std::chrono::milliseconds time_left);

}  // namespace orders
