#pragma once

// The answers to claims and to what is asked about leases, as JSON: see api/HTTP.md.
//
// Pure functions, for any thread.

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "shared/storage/lease_actions.h"

namespace orders {

// `incarnation` is the store's; it is part of each lease's text.
[[nodiscard]] std::string to_json(const Pulled& pulled, std::string_view incarnation);

// Of an outcome with its order.
[[nodiscard]] std::string to_json_of_settled(const LeaseOutcome& outcome);
// Of one that is renewed.
[[nodiscard]] std::string to_json_of_renewed(const LeaseOutcome& outcome);

// What has become of each lease of a batch, in order.
struct LeaseResult {
    std::string lease;  // as it was sent; empty if it was no text
    std::variant<LeaseOutcome, std::vector<FieldError>> outcome;
};
[[nodiscard]] std::string to_json(const std::vector<LeaseResult>& results);

}  // namespace orders
