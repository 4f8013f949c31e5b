#pragma once

// The settings of commands: which programs do which orders, and what holds for all of them.

#include <map>
#include <string>
#include <vector>

#include "shared/domain/kind.h"
#include "shared/program/settings_reader.h"
#include "worker/kind_choice.h"
#include "worker/processors/command/command_outcome.h"
#include "worker/processors/command/program.h"

namespace orders {

struct CommandSettings {
    std::map<Kind, Program> programs;
    std::vector<std::string> passed_variables;
    RetryExits retry_exits;
};

class CommandSettingsReader {
   public:
    // Declares the settings.
    explicit CommandSettingsReader(SettingsReader& reader);

    // Once the reader has parsed. Takes the kinds that have a program. Throws SettingsError, if a
    // program cannot be run, too.
    [[nodiscard]] CommandSettings values(KindChoice& kinds) const;

   private:
    Setting<std::vector<KindEntry>> programs_;
    Setting<std::vector<std::string>> variables_;
    Setting<std::vector<std::string>> retry_exits_;
};

}  // namespace orders
