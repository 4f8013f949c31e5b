#pragma once

// What the value of a JSON field means, and the rules that fields of several objects share. Each
// function is empty for a value that means something else.
//
// Pure functions, for any thread.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/orders/json_objects.h"
#include "shared/domain/kind.h"
#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"
#include "shared/text/ascii.h"

namespace orders {

namespace field_rule {
// Of orders and of workers: OrderId::parse().
inline constexpr std::string_view name =
    "must be a text that starts with a letter or digit, then has up to 63 of letters, digits and "
    ". _ : ~ -";
inline constexpr std::string_view priority = "must be \"High\" or \"Normal\"";
inline constexpr std::string_view kind =
    "must be a text of 1 to 32 lower-case letters, digits, _ and -";
inline constexpr std::string_view time =
    "must be a time with a zone, such as 2026-11-22T13:04:05Z, from 1970 to 9999";
inline constexpr std::string_view delay = "must be a whole number from 0 to 31536000";
inline constexpr std::string_view timeout = "must be a whole number from 1 to 86400";
inline constexpr std::string_view max_attempts = "must be a whole number from 1 to 100";
inline constexpr std::string_view backoff = "must be a whole number from 1 to 3600";
inline constexpr std::string_view reason =
    "must be a text of 1 to 64 lower-case letters, digits and _ . -";
// Of two fields.
inline constexpr std::string_view one_time = "must not be given together with not_before";
inline constexpr std::string_view starts_when_due = "must not be before not_before";
}  // namespace field_rule

[[nodiscard]] inline bool is_null(const FieldValue& value) noexcept {
    return std::holds_alternative<std::nullptr_t>(value);
}

[[nodiscard]] inline std::optional<std::string_view> text_in(const FieldValue& value) noexcept {
    const auto* const text = std::get_if<std::string>(&value);
    return text != nullptr ? std::optional<std::string_view>(*text) : std::nullopt;
}

[[nodiscard]] inline std::optional<std::int64_t> number_in(const FieldValue& value,
                                                           std::int64_t least,
                                                           std::int64_t most) noexcept {
    const auto* const number = std::get_if<std::int64_t>(&value);
    if (number == nullptr || *number < least || *number > most) return std::nullopt;
    return *number;
}

[[nodiscard]] inline std::optional<std::chrono::seconds> seconds_in(
    const FieldValue& value, std::int64_t least, std::chrono::seconds most) noexcept {
    const auto number = number_in(value, least, most.count());
    return number ? std::optional(std::chrono::seconds(*number)) : std::nullopt;
}

[[nodiscard]] inline std::optional<int> attempts_in(const FieldValue& value) noexcept {
    const auto number = number_in(value, 1, AttemptOptions::most_attempts);
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

[[nodiscard]] inline std::optional<UtcTime> time_in(const FieldValue& value) {
    const auto text = text_in(value);
    return text ? parse_rfc3339(*text) : std::nullopt;
}

[[nodiscard]] inline std::optional<Priority> priority_in(const FieldValue& value) noexcept {
    const auto text = text_in(value);
    return text ? parse_priority(*text) : std::nullopt;
}

[[nodiscard]] inline std::optional<Kind> kind_in(const FieldValue& value) {
    const auto text = text_in(value);
    return text ? Kind::parse(*text) : std::nullopt;
}

}  // namespace orders
