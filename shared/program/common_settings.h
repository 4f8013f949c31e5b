#pragma once

// The settings that both programs have: where the orders are, and how to log; and the beginning of
// the log.

#include <optional>
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
    // Declares the settings. The reader must outlive this.
    explicit CommonSettingsReader(SettingsReader& reader);

    // Once the reader has parsed. Where the orders are: --db, else DATABASE_URL, else DB_PATH.
    // Throws SettingsError if the command line has a password.
    [[nodiscard]] CommonSettings values() const;

   private:
    [[nodiscard]] std::string store_location() const;

    const SettingsReader& reader_;
    Setting<std::string> db_;
    Setting<std::optional<std::string>> database_url_;
    Setting<std::string> log_level_;
    Setting<std::string> log_format_;
};

// Configures the log, and says in it which variables of the environment were ignored. Call it once
// the reader has parsed, before anything that may log, the commands included.
void begin_log(const CommonSettings& settings, const SettingsReader& reader);

}  // namespace orders
