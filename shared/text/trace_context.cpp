#include "shared/text/trace_context.h"

#include <algorithm>

#include "shared/text/ascii.h"

namespace orders {
namespace {

constexpr std::size_t most_members = 32;
constexpr std::size_t span_position = 36;
constexpr std::size_t span_length = 16;

bool is_hexadecimal(std::string_view text) noexcept {
    return std::ranges::all_of(text,
                               [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) noexcept {
    return is_hexadecimal(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool is_key(std::string_view key) noexcept {
    constexpr std::size_t max_length = 256;
    const auto is_key_character = [](char c) {
        return ascii::is_digit(c) || (c >= 'a' && c <= 'z') ||
               std::string_view("_-*/@").find(c) != std::string_view::npos;
    };
    return !key.empty() && key.size() <= max_length && std::ranges::all_of(key, is_key_character);
}

bool is_member(std::string_view member) noexcept {
    constexpr std::size_t max_value_length = 256;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || !is_key(member.substr(0, equals))) return false;
    const std::string_view value = member.substr(equals + 1);
    return !value.empty() && value.size() <= max_value_length &&
           std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != '='; });
}

}  // namespace

bool is_trace_parent(std::string_view text) noexcept {
    return text.size() == TraceContext::parent_length && text.starts_with("00-") &&
           is_id(text.substr(3, 32)) && text[35] == '-' &&
           is_id(text.substr(span_position, span_length)) && text[52] == '-' &&
           is_hexadecimal(text.substr(53));
}

bool is_trace_state(std::string_view text) noexcept {
    if (text.empty() || text.size() > TraceContext::max_state_bytes) return false;
    for (std::size_t members = 1; members <= most_members; ++members) {
        const std::size_t comma = text.find(',');
        const std::string_view member = ascii::trimmed(text.substr(0, comma));
        if (!member.empty() && !is_member(member)) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
    return false;
}

std::optional<TraceContext> trace_context(std::string_view parent, std::string_view state) {
    if (!is_trace_parent(parent)) return std::nullopt;
    return TraceContext{std::string(parent), std::string(is_trace_state(state) ? state : "")};
}

TraceContext in_new_span(const TraceContext& context, std::uint64_t span) {
    constexpr std::string_view digits = "0123456789abcdef";
    TraceContext next = context;
    for (std::size_t at = 0; at < span_length; ++at, span >>= 4U) {
        next.parent[span_position + at] = digits[span & 0xfU];
    }
    return next;
}

}  // namespace orders
