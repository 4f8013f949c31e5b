#include "shared/program/common_settings.h"

#include <array>
#include <utility>

#include "shared/log/log.h"

namespace orders {
namespace {

constexpr std::array levels{
    std::pair{"DEBUG", log::Level::debug}, std::pair{"INFO", log::Level::info},
    std::pair{"WARN", log::Level::warn}, std::pair{"ERROR", log::Level::error}};

std::vector<std::string> level_names() {
    std::vector<std::string> names;
    for (const auto& [name, level] : levels) names.emplace_back(name);
    return names;
}

log::Level level_named(const std::string& name) {
    for (const auto& [known, level] : levels) {
        if (name == known) return level;
    }
    return log::Level::info;
}

}  // namespace

CommonSettings::CommonSettings(SettingsReader& reader)
    : location_(reader.text({"db", "DB_PATH", "the database file, on a local disk"}, "orders.db")),
      log_level_(reader.choice({"log-level", "DB_LOG_LEVEL", "the least important events to log"},
                               "INFO", level_names())),
      log_format_(reader.choice({"log-format", "LOG_FORMAT", "for people or for machines"}, "text",
                                {"text", "json"})) {}

void CommonSettings::configure_log() const {
    log::configure(level_named(log_level_.value()),
                   log_format_.value() == "json" ? log::Format::json : log::Format::text);
}

}  // namespace orders
