#pragma once

// The settings that both programs have: where the store is and how to log.

#include <string>

#include "shared/program/settings_reader.h"

namespace orders {

class CommonSettings {
   public:
    // Declares them; the values are there once the reader has parsed.
    explicit CommonSettings(SettingsReader& reader);

    [[nodiscard]] const std::string& store_location() const { return location_.value(); }
    void configure_log() const;

   private:
    Setting<std::string> location_;
    Setting<std::string> log_level_;
    Setting<std::string> log_format_;
};

}  // namespace orders
