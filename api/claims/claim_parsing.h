#pragma once

// Reads the bodies of claims and of what is asked about leases: see api/HTTP.md.
//
// Pure functions, for any thread.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "api/orders/order_body.h"
#include "shared/domain/claim.h"
#include "shared/storage/lease_actions.h"

namespace orders {

inline constexpr std::chrono::seconds longest_claim_wait{30};
inline constexpr std::chrono::seconds default_lease_time{30};
inline constexpr std::chrono::seconds shortest_lease_time{5};
inline constexpr std::size_t most_orders_per_claim = 1'000;
// Of a lease's text, which is much shorter.
inline constexpr std::size_t max_lease_text = 128;

struct ClaimBody {
    std::string worker;
    std::size_t limit = 1;
    std::chrono::seconds wait{0};
    std::chrono::seconds lease_time = default_lease_time;
    std::vector<KindLimit> kinds = {};  // none: all
};
[[nodiscard]] ParsedBody<ClaimBody> parse_claim(std::string_view body);

// The result itself, or nothing.
[[nodiscard]] ParsedBody<ProcessingResult> parse_completion(std::string_view body);
// A Failure, or a Retry. A detail that is too long is cut.
[[nodiscard]] ParsedBody<ProcessingResult> parse_failure(std::string_view body);
// Nothing means default_lease_time.
[[nodiscard]] ParsedBody<RenewLease> parse_renewal(std::string_view body);

// What a batch asks about one lease, which is a text of up to max_lease_text bytes.
struct LeaseRequest {
    std::string lease;
    std::variant<ProcessingResult, ReleaseLease, RenewLease> what;
};
struct InvalidLeaseRequest {
    std::string lease;  // empty if it is not such a text
    std::vector<FieldError> errors;
};
using ParsedLeaseRequest = std::variant<LeaseRequest, InvalidLeaseRequest>;
[[nodiscard]] std::variant<std::vector<ParsedLeaseRequest>, MalformedBody> parse_lease_batch(
    std::string_view body);

}  // namespace orders
