#include "worker/kind_choice.h"

#include "shared/program/command_line.h"
#include "shared/program/settings_error.h"

namespace orders {
namespace {

constexpr const char* everything = "*";
constexpr const char* nothing = "none";  // so that a kind of this name cannot be asked for
constexpr const char* simulate_setting = "--simulate (SERVICE_SIMULATE)";

Kind kind_of(const std::string& entry) {
    const auto refuse = [&](const std::string& problem) {
        throw SettingsError(std::string(simulate_setting) + ": " + quoted(entry) + " " + problem);
    };
    if (entry == everything || entry == nothing) refuse("must stand alone");
    std::optional<Kind> kind = Kind::parse(entry);
    if (!kind) refuse("is not a kind of 1 to 32 of a-z, 0-9, '_' and '-'");
    return *std::move(kind);
}

}  // namespace

void KindChoice::take(const std::string& setting, const Kind& kind) {
    const auto [taken, is_new] = taken_.emplace(kind, setting);
    if (is_new) return;
    throw SettingsError("the kind '" + kind.name() + "' is named twice: by " + taken->second +
                        " and by " + setting);
}

void KindChoice::simulate(const std::vector<std::string>& entries) {
    is_default_ = entries.empty() && taken_.empty();
    const bool is_alone = entries.size() == 1;
    if (is_default_ || (is_alone && entries.front() == everything)) {
        simulated_.emplace();
        return;
    }
    if (entries.empty() || (is_alone && entries.front() == nothing)) return;
    simulated_.emplace();
    for (const std::string& entry : entries) {
        simulated_->push_back(kind_of(entry));
        take(simulate_setting, simulated_->back());
    }
}

}  // namespace orders
