#pragma once

// The program's log: one line per event on standard error, as text for people or as JSON for
// machines. An event is a constant phrase; what varies goes into fields:
//
//     log::info("lease lost", {{"order_id", id.text()}, {"attempt", 2}});
//
//     2026-11-22T13:04:05.678Z info  lease lost order_id=1235 attempt=2
//     {"time":"2026-11-22T13:04:05.678Z","level":"info","event":"lease lost","order_id":"1235",...}
//
// Any thread may log, even before configure(); lines are never mixed. The log may lose lines, but
// holds nobody up: if nobody reads it, lines are dropped and counted (line_writer.h), and `log
// lines lost` says how many as soon as it is read again. Nothing here throws except std::bad_alloc
// from the constructors of a Field.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace orders::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

struct Field {
    std::string_view name;
    std::variant<bool, std::int64_t, double, std::string, std::monostate> value;

    Field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
    template <std::integral Integer>
    Field(std::string_view field_name, Integer number)
        : name(field_name), value(static_cast<std::int64_t>(number)) {}
    Field(std::string_view field_name, double number) : name(field_name), value(number) {}
    Field(std::string_view field_name, std::string_view text)
        : name(field_name), value(std::string(text)) {}
    Field(std::string_view field_name, const char* text)
        : name(field_name), value(std::string(text)) {}
    Field(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
    // A field that is left out if it has no value.
    Field(std::string_view field_name, std::optional<std::string_view> text)
        : name(field_name), value(std::monostate()) {
        if (text) value = std::string(*text);
    }

    [[nodiscard]] bool is_there() const noexcept {
        return !std::holds_alternative<std::monostate>(value);
    }
};

// Call it once, in main, as soon as the settings are known. Until then: info and above, as text.
void configure(Level level, Format format);
[[nodiscard]] bool is_enabled(Level level) noexcept;

void debug(std::string_view event, std::initializer_list<Field> fields = {}) noexcept;
void info(std::string_view event, std::initializer_list<Field> fields = {}) noexcept;
void warn(std::string_view event, std::initializer_list<Field> fields = {}) noexcept;
void error(std::string_view event, std::initializer_list<Field> fields = {}) noexcept;

// The line as it stands, without time or level: a program's last word before it ends. It must be
// printable (log_line.h), and is given without its end.
void print(std::string_view line) noexcept;

}  // namespace orders::log
