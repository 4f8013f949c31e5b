#include "shared/program/setting_entries.h"

#include <cstddef>

namespace orders {
namespace {

bool begins_with_kind(std::string_view text) {
    const std::size_t end = text.substr(0, Kind::max_length + 1).find('=');
    return end != std::string_view::npos && Kind::parse(text.substr(0, end));
}

// Ends an entry at each comma for which `is_end` says so, given what follows the comma.
template <typename IsEnd>
std::vector<std::string> split(std::string_view text, IsEnd is_end) {
    std::vector<std::string> entries;
    std::size_t begin = 0;
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (text[place] != ',' || !is_end(text.substr(place + 1))) continue;
        entries.emplace_back(text.substr(begin, place - begin));
        begin = place + 1;
    }
    entries.emplace_back(text.substr(begin));
    return entries;
}

}  // namespace

std::vector<std::string> split_at_commas(std::string_view text) {
    return split(text, [](std::string_view) { return true; });
}

std::vector<std::string> split_before_kinds(std::string_view text) {
    return split(text, begins_with_kind);
}

std::optional<KindEntry> parse_kind_entry(std::string_view entry) {
    const std::size_t end = entry.find('=');
    if (end == std::string_view::npos || end + 1 == entry.size()) return std::nullopt;
    const std::optional<Kind> kind = Kind::parse(entry.substr(0, end));
    if (!kind) return std::nullopt;
    return KindEntry{*kind, std::string(entry.substr(end + 1))};
}

}  // namespace orders
