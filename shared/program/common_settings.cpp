#include "shared/program/common_settings.h"

#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "shared/storage/open_storage.h"

namespace orders {
namespace {

template <typename Value>
struct Choice {
    std::string_view word;
    Value value;
};

constexpr std::array<Choice<log::Level>, 4> levels{{{"DEBUG", log::Level::debug},
                                                    {"INFO", log::Level::info},
                                                    {"WARN", log::Level::warn},
                                                    {"ERROR", log::Level::error}}};

constexpr std::array<Choice<log::Format>, 2> formats{
    {{"text", log::Format::text}, {"json", log::Format::json}}};

std::vector<std::string> words(const auto& choices) {
    std::vector<std::string> words;
    for (const auto& choice : choices) words.emplace_back(choice.word);
    return words;
}

auto chosen(const auto& choices, std::string_view word) {
    for (const auto& choice : choices) {
        if (choice.word == word) return choice.value;
    }
    std::abort();  // the reader takes no other word
}

}  // namespace

CommonSettingsReader::CommonSettingsReader(SettingsReader& reader)
    : reader_(reader),
      db_(reader.text({"db", "DB_PATH", "the database file, on a local disk"}, "orders.db")),
      database_url_(reader.secret(
          {"DATABASE_URL", "a PostgreSQL database for the orders: postgresql://user@host/database",
           "orders in the file that --db or DB_PATH names"})),
      log_level_(reader.choice({"log-level", "DB_LOG_LEVEL", "the lowest level that is logged"},
                               "INFO", words(levels))),
      log_format_(reader.choice(
          {"log-format", "LOG_FORMAT", "one line per event: text for people, json for machines"},
          "text", words(formats))) {}

CommonSettings CommonSettingsReader::values() const {
    return {.store_location = store_location(),
            .log_level = chosen(levels, log_level_.value()),
            .log_format = chosen(formats, log_format_.value())};
}

std::string CommonSettingsReader::store_location() const {
    if (!reader_.is_on_command_line("db")) {
        const auto& url = database_url_.value();
        if (url && !is_server_url(*url)) {
            throw SettingsError(
                "DATABASE_URL: it must be a URL such as postgresql://user@host/orders");
        }
        return url.value_or(db_.value());
    }
    if (shows_password(db_.value())) {
        throw SettingsError(
            "--db: others can read a password on a command line; put it into DATABASE_URL or the "
            "file that PGPASSFILE names");
    }
    return db_.value();
}

void begin_log(const CommonSettings& settings, const SettingsReader& reader) {
    log::configure(settings.log_level, settings.log_format);
    for (const IgnoredVariable& variable : reader.ignored_variables()) {
        log::warn("environment variable ignored",
                  {{"variable", variable.name}, {"reason", variable.reason}});
    }
}

}  // namespace orders
