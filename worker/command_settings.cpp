#include "worker/command_settings.h"

#include <utility>

#include "shared/program/command_line.h"
#include "shared/program/settings_error.h"
#include "shared/text/ascii.h"
#include "worker/processors/command/environment.h"

namespace orders {
namespace {

constexpr const char* command_setting = "--command (SERVICE_COMMANDS)";
constexpr const char* variables_setting = "--command-env (SERVICE_COMMAND_ENV)";
constexpr const char* exits_setting = "--command-retry-exits (SERVICE_COMMAND_RETRY_EXITS)";

[[noreturn]] void refuse(const std::string& setting, const std::string& value,
                         const std::string& fault) {
    throw SettingsError(setting + ": " + quoted(value) + " " + fault);
}

std::string default_exits() {
    std::string text;
    for (const int status : default_retry_exits()) {
        text += (text.empty() ? "" : ",") + std::to_string(status);
    }
    return text;
}

}  // namespace

CommandSettingsReader::CommandSettingsReader(SettingsReader& reader)
    : programs_(
          reader.by_kind({"command", "SERVICE_COMMANDS",
                          "the program that is run for each order of a kind; may be repeated"},
                         "PROGRAM[ ARG...]")),
      variables_(reader.list({"command-env", "SERVICE_COMMAND_ENV",
                              "further variables of the worker's environment that commands get"},
                             "names of variables")),
      retry_exits_(
          reader.list({"command-retry-exits", "SERVICE_COMMAND_RETRY_EXITS",
                       "the exit statuses of commands after which an order is tried again"},
                      "whole numbers from 1 to 255", default_exits())) {}

CommandSettings CommandSettingsReader::values(KindChoice& kinds) const {
    CommandSettings settings;
    for (const KindEntry& entry : programs_.value()) {
        kinds.take(command_setting, entry.kind);
        Program program = program_of(entry.value);
        const std::string fault = fault_in_program(program);
        if (!fault.empty()) refuse(command_setting, program.path, fault);
        settings.programs.emplace(entry.kind, std::move(program));
    }
    for (const std::string& name : variables_.value()) {
        const std::string fault = fault_in_variable_name(name);
        if (!fault.empty()) refuse(variables_setting, name, fault);
        settings.passed_variables.push_back(name);
    }
    for (const std::string& text : retry_exits_.value()) {
        const auto status = ascii::parse_whole_number<int>(text, 1, 255);
        if (!status) refuse(exits_setting, text, "is not a whole number from 1 to 255");
        settings.retry_exits.insert(*status);
    }
    if (!retry_exits_.is_given()) settings.retry_exits = default_retry_exits();
    return settings;
}

}  // namespace orders
