#pragma once

// The settings that both programs have: where the orders are, and how to log.

#include <string>

#include "shared/log/log.h"
#include "shared/program/settings_reader.h"

namespace orders {

struct CommonSettings {
    std::string store_location;  // for open_storage()
    log::Level log_level;
    log::Format log_format;
};

class CommonSettingsReader {
   public:
    // Declares the settings.
    explicit CommonSettingsReader(SettingsReader& reader);

    // Once the reader has parsed.
    [[nodiscard]] CommonSettings values() const;

   private:
    Setting<std::string> store_location_;
    Setting<std::string> log_level_;
    Setting<std::string> log_format_;
};

}  // namespace orders
