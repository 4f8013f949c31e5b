#pragma once

// What GET /api/v1/report/history answers: a column for each figure, with a value for each point in
// time, `null` where nothing is known. However long the time is, there are at most 1,440 points: of
// a longer one each stands for several samples.

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "shared/storage/samples.h"

namespace orders {

inline constexpr std::chrono::minutes longest_history{1'440};

// How far back, by `minutes`; an hour unless it says so. Other parameters are passed over.
[[nodiscard]] std::variant<std::chrono::minutes, std::vector<FieldError>> parse_minutes(
    const std::vector<std::pair<std::string, std::string>>& given);

// How many samples a history of so long is made of, the one before the first point included.
[[nodiscard]] std::int64_t samples_for(std::chrono::minutes time) noexcept;

[[nodiscard]] std::string to_json(const SampleHistory& history, std::chrono::minutes time);

}  // namespace orders
