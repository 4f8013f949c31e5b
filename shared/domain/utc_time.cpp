#include "shared/domain/utc_time.h"

#include <cstddef>
#include <cstdint>

#include "shared/text/ascii.h"

namespace orders {

namespace {

void append_padded(std::string& text, std::int64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    if (digits.size() < width) text.append(width - digits.size(), '0');
    text += digits;
}

// Goes through a text from its beginning; says false, and stays false, once something is missing.
class Reader {
   public:
    explicit Reader(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
    // The number that exactly so many digits spell.
    [[nodiscard]] std::optional<int> digits(std::size_t count) {
        int number = 0;
        for (std::size_t at = 0; at < count; ++at) {
            if (at >= rest_.size() || !ascii::is_digit(rest_[at])) return std::nullopt;
            number = number * 10 + (rest_[at] - '0');
        }
        rest_.remove_prefix(count);
        return number;
    }
    // Passes the character, a letter in either case, if it comes next.
    [[nodiscard]] bool passes(char lower_case) {
        if (rest_.empty() || ascii::to_lower(rest_.front()) != lower_case) return false;
        rest_.remove_prefix(1);
        return true;
    }
    [[nodiscard]] std::size_t digits_ahead() const {
        std::size_t count = 0;
        while (count < rest_.size() && ascii::is_digit(rest_[count])) ++count;
        return count;
    }

   private:
    std::string_view rest_;
};

std::optional<int> number_within(std::optional<int> number, int most) {
    return number && *number <= most ? number : std::nullopt;
}

// What the zone adds to UTC: `Z`, or a sign, hours and minutes.
std::optional<std::chrono::minutes> read_zone(Reader& reader) {
    if (reader.passes('z')) return std::chrono::minutes(0);
    const bool is_behind = reader.passes('-');
    if (!is_behind && !reader.passes('+')) return std::nullopt;
    const auto hours = number_within(reader.digits(2), 23);
    if (!hours || !reader.passes(':')) return std::nullopt;
    const auto minutes = number_within(reader.digits(2), 59);
    if (!minutes) return std::nullopt;
    const std::chrono::minutes offset(*hours * 60 + *minutes);
    return is_behind ? -offset : offset;
}

std::optional<std::chrono::milliseconds> read_fraction(Reader& reader) {
    if (!reader.passes('.')) return std::chrono::milliseconds(0);
    constexpr std::size_t most_decimals = 9;
    const std::size_t decimals = reader.digits_ahead();
    if (decimals == 0 || decimals > most_decimals) return std::nullopt;
    int number = reader.digits(decimals).value();
    for (std::size_t at = decimals; at < most_decimals; ++at) number *= 10;
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds(number));
}

std::optional<std::chrono::sys_days> read_date(Reader& reader) {
    using namespace std::chrono;
    const auto year_number = reader.digits(4);
    if (!year_number || !reader.passes('-')) return std::nullopt;
    const auto month_number = reader.digits(2);
    if (!month_number || !reader.passes('-')) return std::nullopt;
    const auto day_number = reader.digits(2);
    if (!day_number) return std::nullopt;
    const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                              day(static_cast<unsigned>(*day_number))};
    return date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

bool is_first_of_month(std::chrono::sys_seconds time) {
    const auto date = std::chrono::floor<std::chrono::days>(time);
    return time == date && std::chrono::year_month_day(date).day() == std::chrono::day(1);
}

}  // namespace

std::optional<UtcTime> parse_rfc3339(std::string_view text) {
    Reader reader(text);
    const auto date = read_date(reader);
    if (!date || !reader.passes('t')) return std::nullopt;
    const auto hours = number_within(reader.digits(2), 23);
    if (!hours || !reader.passes(':')) return std::nullopt;
    const auto minutes = number_within(reader.digits(2), 59);
    if (!minutes || !reader.passes(':')) return std::nullopt;
    const auto seconds = number_within(reader.digits(2), 60);
    if (!seconds) return std::nullopt;
    const auto fraction = read_fraction(reader);
    if (!fraction) return std::nullopt;
    const auto zone = read_zone(reader);
    if (!zone || !reader.is_at_end()) return std::nullopt;

    const std::chrono::sys_seconds whole = *date + std::chrono::hours(*hours) +
                                           std::chrono::minutes(*minutes) +
                                           std::chrono::seconds(*seconds) - *zone;
    if (*seconds == 60 && !is_first_of_month(whole)) return std::nullopt;
    const UtcTime time = whole + *fraction;
    constexpr UtcTime end = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);
    if (time < UtcTime() || time >= end) return std::nullopt;
    return time;
}

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
