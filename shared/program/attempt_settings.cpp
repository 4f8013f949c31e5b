#include "shared/program/attempt_settings.h"

#include <string>

namespace orders {

AttemptLimits GivenLimits::over(AttemptLimits defaults) const {
    if (timeout) defaults.timeout = *timeout;
    if (max_attempts) defaults.max_attempts = *max_attempts;
    if (backoff) defaults.backoff = *backoff;
    return defaults;
}

AttemptSettingsReader::AttemptSettingsReader(SettingsReader& reader, std::string_view prefix,
                                             std::chrono::seconds default_timeout)
    : timeout_(reader.integer(
          {"order-process-timeout", std::string(prefix) + "_ORDER_PROCESS_TIMEOUT",
           "an order that does not say otherwise is Failed if it takes longer"},
          default_timeout.count(), {1, AttemptOptions::longest_timeout.count(), "seconds"})),
      max_attempts_(
          reader.integer({"max-attempts", std::string(prefix) + "_MAX_ATTEMPTS",
                          "an order that does not say otherwise is Failed after so many attempts"},
                         5, {1, 1'000, "attempts"})),
      backoff_(reader.integer(
          {"backoff-seconds", std::string(prefix) + "_BACKOFF_SECONDS",
           "about how long an order waits before its second attempt; each further wait is twice as "
           "long, up to an hour"},
          10, {1, AttemptOptions::longest_backoff_base.count(), "seconds"})),
      normal_max_wait_(reader.integer(
          {"normal-max-wait", std::string(prefix) + "_NORMAL_MAX_WAIT",
           "once a Normal order has waited this long, every fourth one that is begun is Normal; 0 "
           "is High first, always"},
          0, {0, 31'536'000, "seconds"})) {}

GivenLimits AttemptSettingsReader::limits() const {
    GivenLimits given;
    if (timeout_.is_given()) given.timeout = std::chrono::seconds(timeout_.value());
    if (max_attempts_.is_given()) given.max_attempts = static_cast<int>(max_attempts_.value());
    if (backoff_.is_given()) given.backoff = std::chrono::seconds(backoff_.value());
    return given;
}

std::chrono::seconds AttemptSettingsReader::normal_max_wait() const {
    return std::chrono::seconds(normal_max_wait_.value());
}

}  // namespace orders
