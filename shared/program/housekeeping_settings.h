#pragma once

// The settings of housekeeping (shared/housekeeping), which both programs have, each under its own
// prefix.

#include <cstdint>
#include <string_view>

#include "shared/housekeeping/retention.h"
#include "shared/program/settings_reader.h"

namespace orders {

class HousekeepingSettingsReader {
   public:
    // Declares the settings; `prefix` is that of the program's variables, such as "SERVICE".
    HousekeepingSettingsReader(SettingsReader& reader, std::string_view prefix);

    // Once the reader has parsed.
    [[nodiscard]] RetentionOptions values() const;

   private:
    Setting<std::int64_t> keep_processed_;
    Setting<std::int64_t> keep_failed_;
    Setting<std::int64_t> max_megabytes_;
};

}  // namespace orders
