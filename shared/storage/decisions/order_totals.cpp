#include "shared/storage/decisions/order_totals.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>

namespace orders {
namespace {

// Before those that are told by more than a word.
constexpr std::array<std::string_view, 4> words{
    failure_reason::timeout, failure_reason::attempts_exhausted, failure_reason::processor_error,
    failure_reason::expired};
constexpr std::int64_t http_4xx = 4;
constexpr std::int64_t http_5xx = 5;
constexpr std::int64_t exit_code = 6;

bool are_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_http(std::string_view reason, std::string_view beginning) {
    return reason.starts_with(beginning) && reason.size() == beginning.size() + 2 &&
           are_digits(reason.substr(beginning.size()));
}

Total failed_for_nth(std::int64_t place) {
    return static_cast<Total>(static_cast<std::int64_t>(Total::failed_for_first) + place);
}

}  // namespace

Total deleted_from(StoredStatus status) {
    switch (status) {
        case StoredStatus::processed:
            return Total::deleted_processed;
        case StoredStatus::failed:
            return Total::deleted_failed;
        case StoredStatus::cancelled:
            return Total::deleted_cancelled;
        default:
            throw std::logic_error("only orders that have ended are deleted");
    }
}

Total retried_from(StoredStatus status) {
    switch (status) {
        case StoredStatus::failed:
            return Total::retried_failed;
        case StoredStatus::cancelled:
            return Total::retried_cancelled;
        default:
            throw std::logic_error("only orders that did not succeed are tried again");
    }
}

Total failed_for(std::string_view reason) {
    const auto word = std::ranges::find(words, reason);
    if (word != words.end()) return failed_for_nth(word - words.begin());
    if (is_http(reason, "http_4")) return failed_for_nth(http_4xx);
    if (is_http(reason, "http_5")) return failed_for_nth(http_5xx);
    constexpr std::string_view exit = "exit_";
    if (reason.starts_with(exit) && are_digits(reason.substr(exit.size()))) {
        return failed_for_nth(exit_code);
    }
    return Total::failed_for_last;
}

Total ended_by(std::string_view reason) {
    return reason == failure_reason::attempts_exhausted ? Total::attempts_expired
                                                        : Total::attempts_failed;
}

Total ended_with(PastAttempt::Outcome outcome) {
    switch (outcome) {
        case PastAttempt::Outcome::retry:
            return Total::attempts_to_retry;
        case PastAttempt::Outcome::lease_expired:
            return Total::attempts_expired;
        case PastAttempt::Outcome::released:
            return Total::attempts_released;
        default:
            throw std::logic_error("such an attempt ends its order");
    }
}

}  // namespace orders
