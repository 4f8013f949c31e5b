#include "shared/storage/decisions/lease_steps.h"

#include <algorithm>
#include <variant>

namespace orders {

std::optional<PastAttempt::Outcome> past_outcome_of(const LeaseAction& action) {
    using Outcome = PastAttempt::Outcome;
    const auto* const result = std::get_if<ProcessingResult>(&action.what);
    if (result == nullptr) return Outcome::released;
    if (std::holds_alternative<Retry>(*result)) return Outcome::retry;
    if (std::holds_alternative<Failure>(*result)) return Outcome::failed;
    return std::nullopt;
}

const std::string* reason_of(const ProcessingResult& result) noexcept {
    if (const auto* failure = std::get_if<Failure>(&result)) return &failure->reason;
    if (const auto* retry = std::get_if<Retry>(&result)) return &retry->reason;
    return nullptr;
}

bool ask_the_same(const ClaimRequest& one, const ClaimRequest& other) {
    return std::ranges::equal(one.shares, other.shares, [](const auto& left, const auto& right) {
        return std::ranges::equal(left.kinds, right.kinds, {}, &KindLimit::kind, &KindLimit::kind);
    });
}

}  // namespace orders
