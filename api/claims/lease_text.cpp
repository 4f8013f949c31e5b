#include "api/claims/lease_text.h"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace orders {
namespace {

// Takes a number without sign, zeros or anything else in front off the text, and the dot behind it.
std::optional<std::int64_t> take_number(std::string_view& text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    if (text.empty() || text.front() < '1' || text.front() > '9') return std::nullopt;
    const auto [behind, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || behind == end || *behind != '.') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(behind - text.data()) + 1);
    return number;
}

}  // namespace

std::string lease_text(const Lease& lease, std::string_view incarnation) {
    std::string text = std::to_string(lease.order.value) + '.' + std::to_string(lease.token) + '.';
    return text.append(incarnation);
}

std::optional<Lease> parse_lease(std::string_view text, std::string_view incarnation) {
    const auto order = take_number(text);
    if (!order) return std::nullopt;
    const auto token = take_number(text);
    if (!token || text != incarnation) return std::nullopt;
    return Lease{.order = {*order}, .token = *token};
}

}  // namespace orders
