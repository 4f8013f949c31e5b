#include "shared/domain/utc_time.h"

#include <cstddef>
#include <cstdint>

namespace orders {

namespace {

void append_padded(std::string& text, std::int64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    if (digits.size() < width) text.append(width - digits.size(), '0');
    text += digits;
}

}  // namespace

std::string to_rfc3339(UtcTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);

    std::string text;
    text.reserve(sizeof "2026-11-22T13:04:05.678Z");
    append_padded(text, static_cast<int>(date.year()), 4);
    text += '-';
    append_padded(text, static_cast<unsigned>(date.month()), 2);
    text += '-';
    append_padded(text, static_cast<unsigned>(date.day()), 2);
    text += 'T';
    append_padded(text, clock.hours().count(), 2);
    text += ':';
    append_padded(text, clock.minutes().count(), 2);
    text += ':';
    append_padded(text, clock.seconds().count(), 2);
    text += '.';
    append_padded(text, clock.subseconds().count(), 3);
    text += 'Z';
    return text;
}

}  // namespace orders
