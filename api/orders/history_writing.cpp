#include "api/orders/history_writing.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "shared/text/ascii.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::minutes default_history{60};
constexpr std::int64_t most_points = 1'440;
constexpr std::int64_t samples_per_minute = std::chrono::minutes(1) / sample_interval;

// How many samples one point stands for.
std::int64_t samples_per_point(std::chrono::minutes time) {
    return (time.count() * samples_per_minute + most_points - 1) / most_points;
}

// The samples by their number, from `first` on.
class Line {
   public:
    Line(const std::vector<Sample>& samples, std::int64_t first, std::int64_t count)
        : first_(first), samples_(static_cast<std::size_t>(count)) {
        for (const Sample& sample : samples) {
            if (sample.number < first || sample.number >= first + count) continue;
            samples_[static_cast<std::size_t>(sample.number - first)] = sample;
        }
    }

    [[nodiscard]] const std::optional<Sample>& at(std::int64_t number) const {
        return samples_.at(static_cast<std::size_t>(number - first_));
    }

   private:
    std::int64_t first_;
    std::vector<std::optional<Sample>> samples_;
};

// What came between two samples that follow each other.
std::optional<std::int64_t> growth_at(const Line& line, std::int64_t number,
                                      std::int64_t Sample::*total) {
    const auto& before = line.at(number - 1);
    const auto& after = line.at(number);
    if (!before || !after) return std::nullopt;
    return std::max<std::int64_t>(0, (*after).*total - (*before).*total);
}

// Of the samples that a point stands for: all together, for those that are missing as well.
Json growth_of_point(const Line& line, std::int64_t last, std::int64_t per_point,
                     std::int64_t Sample::*total) {
    std::int64_t sum = 0;
    std::int64_t known = 0;
    for (std::int64_t number = last - per_point + 1; number <= last; ++number) {
        if (const auto growth = growth_at(line, number, total)) {
            sum += *growth;
            ++known;
        }
    }
    if (known == 0) return nullptr;
    return (sum * per_point + known / 2) / known;
}

// The largest, so that no peak is lost.
template <typename Value>
Json largest_of_point(const Line& line, std::int64_t last, std::int64_t per_point, Value value) {
    Json largest = nullptr;
    for (std::int64_t number = last - per_point + 1; number <= last; ++number) {
        const auto& sample = line.at(number);
        if (!sample) continue;
        const Json of_sample = value(*sample);
        if (largest.is_null() || of_sample > largest) largest = of_sample;
    }
    return largest;
}

// The newest sample that a point can end with: that of now is perhaps still to be taken.
std::int64_t newest_number(const SampleHistory& history) {
    const std::int64_t now = sample_number(history.taken_at);
    return history.samples.empty() || history.samples.back().number < now ? now - 1 : now;
}

}  // namespace

std::variant<std::chrono::minutes, std::vector<FieldError>> parse_minutes(
    const std::vector<std::pair<std::string, std::string>>& given) {
    const std::string parameter = "minutes";
    std::optional<std::chrono::minutes> time;
    for (const auto& [name, value] : given) {
        if (name != parameter || value.empty()) continue;
        if (time) return std::vector<FieldError>{{parameter, "is given twice"}};
        const auto minutes =
            ascii::parse_whole_number<std::int64_t>(value, 1, longest_history.count());
        if (!minutes) {
            return std::vector<FieldError>{{parameter, "must be a whole number from 1 to 1440"}};
        }
        time = std::chrono::minutes(*minutes);
    }
    return time.value_or(default_history);
}

std::int64_t samples_for(std::chrono::minutes time) noexcept {
    // A point may end before the newest sample.
    return time.count() * samples_per_minute + samples_per_point(time) + 1;
}

std::string to_json(const SampleHistory& history, std::chrono::minutes time) {
    const std::int64_t per_point = samples_per_point(time);
    const std::int64_t points = time.count() * samples_per_minute / per_point;
    // Points stay where they are from one answer to the next.
    const std::int64_t last = newest_number(history) / per_point * per_point;
    const std::int64_t first = last - (points - 1) * per_point;
    const Line line(history.samples, first - per_point, points * per_point + 1);

    Json object{{"interval_seconds", (per_point * sample_interval).count()},
                {"first_at", to_rfc3339(UtcTime(first * sample_interval))}};
    const auto add = [&](std::string_view name, const auto& of_point) {
        Json column = Json::array();
        for (std::int64_t point = first; point <= last; point += per_point) {
            column.push_back(of_point(point));
        }
        object[std::string(name)] = std::move(column);
    };
    const auto add_growth = [&](std::string_view name, std::int64_t Sample::*total) {
        add(name,
            [&](std::int64_t point) { return growth_of_point(line, point, per_point, total); });
    };
    const auto add_largest = [&](std::string_view name, const auto& value) {
        add(name,
            [&](std::int64_t point) { return largest_of_point(line, point, per_point, value); });
    };
    const auto in_seconds = [](std::chrono::milliseconds wait) {
        return static_cast<double>(wait.count()) / 1000;
    };
    add_growth("created", &Sample::created);
    add_growth("processed", &Sample::processed);
    add_growth("failed", &Sample::failed);
    add_growth("cancelled", &Sample::cancelled);
    add_largest("pending_high", [](const Sample& sample) { return sample.pending_high; });
    add_largest("pending_normal", [](const Sample& sample) { return sample.pending_normal; });
    add_largest("processing", [](const Sample& sample) { return sample.processing; });
    add_largest("oldest_high_seconds",
                [&](const Sample& sample) { return in_seconds(sample.oldest_high); });
    add_largest("oldest_normal_seconds",
                [&](const Sample& sample) { return in_seconds(sample.oldest_normal); });
    return object.dump();
}

}  // namespace orders
