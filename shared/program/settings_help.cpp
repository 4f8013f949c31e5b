// What --help prints. Man pages are made of it, by help2man, which joins lines: hence the full
// stops.

#include <sstream>

#include "shared/program/setting_declaration.h"
#include "shared/program/settings_reader.h"

namespace orders {

std::string SettingsReader::help() const {
    std::ostringstream out;
    std::string guards;  // the variables that must not be empty
    for (const auto& declaration : declarations_) {
        if (!declaration->is_guarding()) continue;
        guards += (guards.empty() ? "" : " and ") + declaration->name.variable;
    }
    out << program_ << " " ORDERS_VERSION ": " << description_ << "\n\nUsage: " << program_
        << (commands_.empty() ? "" : " [command]") << " [--flag value]...\n";
    if (!commands_.empty()) {
        out << "\nCommands:\n";
        for (const Command& command : commands_) {
            out << "  " << command.word << (command.argument.empty() ? "" : " ")
                << command.argument;
            for (const CommandFlag& flag : command.flags) {
                out << " --" << flag.name << " " << flag.value;
            }
            out << "\n      " << command.help << ".\n";
        }
    }
    out << "\nSettings:\n";
    for (const auto& declaration : declarations_) {
        const SettingName& name = declaration->name;
        if (name.flag.empty()) {
            out << "  " << name.variable << "\n      " << name.help
                << ".\n      in the environment only; default " << declaration->fallback << "\n";
            continue;
        }
        const bool may_repeat = declaration->may_repeat();
        out << "  --" << name.flag << " VALUE\n      " << name.help << ".\n      "
            << declaration->fits << (may_repeat ? ", any number of times" : "") << "; default "
            << declaration->fallback << "; environment " << name.variable
            << (may_repeat ? ", with commas in between" : "") << "\n";
    }
    out << "  -h, --help\n      shows this text.\n"
           "  --version\n      shows the version.\n"
           "\nA flag overrides the environment variable, which overrides the default.\n"
           "A variable that is set but empty counts as not set"
        << (guards.empty() ? "" : "; but " + guards + " must not be empty")
        << ".\n"
           "\nExit status:\n"
           "  0      done, or stopped as asked\n"
           "  1      the environment is broken: the store, the port, the disk\n"
           "  2      the command line or the environment variables are wrong\n"
           "  3      the store was removed, moved or replaced while it was in use\n"
           "  128+n  ended at once by a second signal, number n\n";
    return out.str();
}

}  // namespace orders
