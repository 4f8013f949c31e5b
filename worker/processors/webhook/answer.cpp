#include "worker/processors/webhook/answer.h"

#include <algorithm>
#include <utility>

#include "shared/text/ascii.h"
#include "shared/text/json_scanner.h"
#include "shared/text/utf8.h"
#include "worker/processors/webhook/retry_after.h"

namespace orders {
namespace {

constexpr char refused[] = "refused";
constexpr char retry_requested[] = "retry_requested";

std::string detail_of(const WebhookAnswer& answer) {
    return utf8::truncated(answer.body, max_detail_bytes);
}

std::string reason_of(int status) {
    return "http_" + std::to_string(status);
}

Verdict success(const WebhookAnswer& answer) {
    const std::string_view body = ascii::trimmed(answer.body, ascii::white_space);
    if (body.empty() && !answer.is_cut) return {.result = Completed{}};
    if (answer.is_cut) {
        return {
            .result = Completed{},
            .dropped_because = "it has more than " + std::to_string(max_result_bytes) + " bytes"};
    }
    if (!is_json(body)) return {.result = Completed{}, .dropped_because = "it is not JSON"};
    return {.result = Completed{json_text(body)}};
}

// The order is to be tried again, and the endpoint has nothing to do with it.
bool is_about_order(int status) {
    return status == 408 || status == 409 || status == 423 || status == 425;
}

// For these statuses Retry-After speaks of the endpoint, too.
bool is_about_load(int status) {
    return status == 429 || status == 503;
}

const char* reason_of(NoAnswer reason) {
    switch (reason) {
        case NoAnswer::timeout:
            return failure_reason::timeout;
        case NoAnswer::tls:
            return "tls";
        case NoAnswer::bad_answer:
            return "bad_answer";
        case NoAnswer::unreachable:
            break;
    }
    return "unreachable";
}

}  // namespace

Verdict verdict_on(const WebhookAnswer& answer, const FailureStatuses& failures, UtcTime now) {
    const auto after = parse_retry_after(answer.retry_after, now);
    if (ascii::equals_ignoring_case(answer.outcome, "failed")) {
        return {.result = Failure{refused, detail_of(answer)}};
    }
    if (ascii::equals_ignoring_case(answer.outcome, "retry")) {
        return {.result = Retry{retry_requested, detail_of(answer), after}};
    }
    if (answer.status >= 200 && answer.status < 300) return success(answer);

    const std::string reason = reason_of(answer.status);
    if (failures.contains(answer.status)) return {.result = Failure{reason, detail_of(answer)}};
    Verdict verdict{
        .result = Retry{reason, detail_of(answer), after},
        .sign = is_about_order(answer.status) ? Breaker::Sign::working : Breaker::Sign::failing};
    if (after && is_about_load(answer.status)) verdict.pause = std::min(*after, longest_pause);
    return verdict;
}

Verdict verdict_on(NoAnswer reason, std::string detail) {
    return {.result = Retry{reason_of(reason), std::move(detail)}, .sign = Breaker::Sign::failing};
}

}  // namespace orders
