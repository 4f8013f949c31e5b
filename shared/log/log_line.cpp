#include "shared/log/log_line.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace orders::log {

namespace {

// What a text line shows without quotes: visible ASCII, except what quoting itself needs.
bool is_plain(char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
}

bool is_visible_ascii(char c) {
    return c >= ' ' && c <= '~';
}

void append_escaped(std::string& text, unsigned char control) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += "\\u00";
    text += digits[control >> 4U];
    text += digits[control & 0xfU];
}

// JSON escapes only what is below U+0020. A terminal also obeys DEL and U+0080 to U+009F, which are
// C2 80 to C2 9F in UTF-8. JSON knows the escape, so JSON stays JSON.
std::string escape_controls(std::string_view utf8) {
    std::string safe;
    safe.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        const auto next = static_cast<unsigned char>(i + 1 < utf8.size() ? utf8[i + 1] : 0);
        if (byte < 0x20 || byte == 0x7f) {
            append_escaped(safe, byte);
        } else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
            append_escaped(safe, next);
            ++i;
        } else {
            safe += utf8[i];
        }
    }
    return safe;
}

template <typename Json>
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Json>
struct ToJson {
    template <typename T>
    Json operator()(const T& value) const {
        return Json(value);
    }
    Json operator()(std::monostate) const { return nullptr; }
};

template <typename Json>
Json to_json(const Field& field) {
    return std::visit(ToJson<Json>(), field.value);
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    std::abort();  // only a cast can make another value
}

constexpr std::size_t longest_level_name = 5;

std::string text_value(const Field& field) {
    if (const auto* text = std::get_if<std::string>(&field.value)) {
        if (!text->empty() && std::all_of(text->begin(), text->end(), is_plain)) return *text;
    }
    return escape_controls(dump(to_json<nlohmann::json>(field)));
}

std::string text_line(UtcTime time, Level level, std::string_view event,
                      std::span<const Field> fields) {
    std::string line = to_rfc3339(time);
    line += ' ';
    line += name_of(level);
    line.append(longest_level_name + 1 - name_of(level).size(), ' ');
    line += printable(event);
    for (const Field& field : fields) {
        if (!field.is_there()) continue;
        line += ' ';
        line += printable(field.name);
        line += '=';
        line += text_value(field);
    }
    return line;
}

std::string json_line(UtcTime time, Level level, std::string_view event,
                      std::span<const Field> fields) {
    nlohmann::ordered_json line;
    line.emplace("time", to_rfc3339(time));
    line.emplace("level", name_of(level));
    line.emplace("event", event);
    for (const Field& field : fields) {
        if (!field.is_there()) continue;
        line.emplace(std::string(field.name), to_json<nlohmann::ordered_json>(field));
    }
    return escape_controls(dump(line));
}

}  // namespace

std::string format_line(Format format, UtcTime time, Level level, std::string_view event,
                        std::span<const Field> fields) {
    if (format == Format::json) return json_line(time, level, event, fields);
    return text_line(time, level, event, fields);
}

std::string printable(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), is_visible_ascii)) return std::string(text);
    // To JSON and back, which changes nothing except bytes that are not UTF-8.
    const std::string utf8 = nlohmann::json::parse(dump(nlohmann::json(text)));
    return escape_controls(utf8);
}

}  // namespace orders::log
