#pragma once

// What a webhook's answer means, for the order and for the endpoint that gave it. "This order is
// wrong" is kept apart from "this endpoint is wrong": the first ends the order, the second has it
// tried again and counts against the endpoint.
//
//     2xx                       Processed; the body is its result if that is JSON
//     header order-outcome:
//       failed, with any status Failed (`refused`)
//       retry, with any status  tried again
//     400, 413, 422 (a setting) Failed (`http_422`), with the body as detail
//     408, 409, 423, 425        tried again
//     429, 503                  tried again, not before Retry-After says; the endpoint pauses for
//                               as long, at most a minute; counts against the endpoint
//     any other status          tried again; counts against the endpoint
//     no answer (deadline, unreachable, TLS)
//                               tried again; counts against the endpoint
//
// Pure functions, for any thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "shared/domain/claim.h"
#include "shared/domain/utc_time.h"
#include "worker/processors/breaker.h"

namespace orders {

struct WebhookAnswer {
    int status = 0;
    std::string body = {};  // at most max_result_bytes of it
    bool is_cut = false;    // the body had more
    // Headers; empty if they are not there.
    std::string outcome = {};
    std::string retry_after = {};
};

// Why there is no answer.
enum class NoAnswer {
    timeout,      // the deadline has passed
    unreachable,  // no address, no connection, or one that broke before the answer was complete
    tls,          // no connection that can be trusted
    bad_answer,   // something else than HTTP
};

// The statuses that say the order is wrong.
using FailureStatuses = std::set<int>;
inline const FailureStatuses default_failure_statuses{400, 413, 422};

// For how long Retry-After lets an endpoint pause at most; the order waits for as long as it says.
inline constexpr std::chrono::milliseconds longest_pause{60'000};

struct Verdict {
    ProcessingResult result;
    Breaker::Sign sign = Breaker::Sign::working;
    std::optional<std::chrono::milliseconds> pause = {};
    // Why a body was dropped that came with a 2xx: the end of a sentence; empty if none was.
    std::string dropped_because = {};
};

[[nodiscard]] Verdict verdict_on(const WebhookAnswer& answer, const FailureStatuses& failures,
                                 UtcTime now);
// `detail` is for people who can see the order.
[[nodiscard]] Verdict verdict_on(NoAnswer reason, std::string detail);

}  // namespace orders
