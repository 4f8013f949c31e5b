#pragma once

// The settings of attempts, for orders that do not say otherwise, and of the order of claims: for
// whoever hands orders out, each program under its own prefix.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/domain/claim.h"
#include "shared/program/settings_reader.h"

namespace orders {

// What the operator has said; what is empty is left to what does the work.
struct GivenLimits {
    std::optional<std::chrono::seconds> timeout = {};
    std::optional<int> max_attempts = {};
    std::optional<std::chrono::seconds> backoff = {};

    [[nodiscard]] AttemptLimits over(AttemptLimits defaults) const;
};

class AttemptSettingsReader {
   public:
    // Declares the settings; `prefix` is that of the program's variables, such as "SERVICE". The
    // timeout is what --help says of one that is not given.
    AttemptSettingsReader(SettingsReader& reader, std::string_view prefix,
                          std::chrono::seconds default_timeout);

    // Once the reader has parsed.
    [[nodiscard]] GivenLimits limits() const;
    [[nodiscard]] std::chrono::seconds normal_max_wait() const;

   private:
    Setting<std::int64_t> timeout_;
    Setting<std::int64_t> max_attempts_;
    Setting<std::int64_t> backoff_;
    Setting<std::int64_t> normal_max_wait_;
};

}  // namespace orders
