#pragma once

// What a metric is: its name, and what operators need to know to read it.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace orders {

enum class MetricType { counter, gauge, histogram };

struct Metric {
    static constexpr std::size_t most_labels = 4;

    std::string_view name;
    MetricType type = MetricType::gauge;
    std::string_view help;  // one sentence or two, without a line feed
    std::array<std::string_view, most_labels> labels = {};  // the first of them; others are empty
    std::span<const double> bounds = {};                    // of a histogram's buckets

    [[nodiscard]] constexpr std::size_t label_count() const noexcept {
        std::size_t count = 0;
        while (count < labels.size() && !labels[count].empty()) ++count;
        return count;
    }
};

}  // namespace orders
