#pragma once

// What workers that pull have done to their leases (lease_actions.h), as the store remembers it:
// what tells a step that is sent again from one that comes too late.

#include <optional>
#include <string>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/lease_actions.h"

namespace orders {

// How the history tells of an attempt that the action has ended without ending the order, or whose
// end a client's retry has undone; empty if there is no such attempt.
[[nodiscard]] std::optional<PastAttempt::Outcome> past_outcome_of(const LeaseAction& action);

// The reason with which the result ends an order as Failed; null if it does not.
[[nodiscard]] const std::string* reason_of(const ProcessingResult& result) noexcept;

// Whether two claims are for the same kinds.
[[nodiscard]] bool ask_the_same(const ClaimRequest& one, const ClaimRequest& other);

// Claims of one group of actions hand out no more orders than this together, because others wait
// for the group's commit.
inline constexpr std::size_t most_pulled_orders = 1'000;

}  // namespace orders
