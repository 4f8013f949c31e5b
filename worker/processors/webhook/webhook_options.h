#pragma once

// What the operator has to say about webhooks. Values without locks.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/kind.h"
#include "shared/metrics/work_figures.h"
#include "worker/processors/webhook/answer.h"
#include "worker/processors/webhook/signature.h"
#include "worker/processors/webhook/url.h"

namespace orders {

// Where the orders of one kind go.
struct WebhookTarget {
    Kind kind;
    WebhookUrl url;
    std::vector<WebhookSecret> secrets = {};  // newest first; none: what is sent is not signed
};

struct WebhookOptions {
    std::vector<WebhookTarget> targets;  // each of another kind
    std::size_t max_orders = 256;        // in work at a time
    std::size_t max_orders_per_target = 64;
    AttemptLimits defaults = {.timeout = std::chrono::seconds(30), .max_attempts = 15};
    FailureStatuses failure_statuses = default_failure_statuses;
    std::vector<std::string> secret_files = {};  // which the secrets came from
    std::string store_id = {};                   // for webhook-id; hexadecimal digits
    std::string user_agent = {};
    std::string ca_file = {};  // PEM: whom TLS trusts
    std::string proxy = {};    // empty: none
    // Called for each request when it is known what came of it.
    std::function<void(const Kind&, WebhookResult)> note_result = [](const Kind&, WebhookResult) {};
};

}  // namespace orders
