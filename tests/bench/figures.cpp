#include "tests/bench/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace orders::bench {
namespace {

template <typename Value>
std::vector<double> each(const std::vector<Figures>& all, Value value) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const Figures& figures : all) values.push_back(value(figures));
    return values;
}

// Of sorted values.
double quantile(const std::vector<double>& sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], place - std::floor(place));
}

}  // namespace

Figures Latencies::figures() const {
    if (latencies_.empty()) throw BenchFailure("nothing was timed");
    std::vector<Microseconds> sorted = latencies_;
    std::ranges::sort(sorted);
    // The smallest latency that at least this share of all do not exceed.
    const auto percentile = [&](double share) {
        const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
        return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
    };
    return {.p50 = percentile(0.50), .p99 = percentile(0.99), .max = sorted.back()};
}

Quartiles quartiles(std::vector<double> values) {
    if (values.empty()) throw BenchFailure("nothing was measured");
    std::ranges::sort(values);
    return {.lower = quantile(values, 0.25),
            .median = quantile(values, 0.5),
            .upper = quantile(values, 0.75)};
}

double median(std::vector<double> values) {
    return quartiles(std::move(values)).median;
}

Figures median(const std::vector<Figures>& all) {
    const auto time = [&](Microseconds Figures::*member) {
        return Microseconds(
            median(each(all, [&](const Figures& figures) { return (figures.*member).count(); })));
    };
    return {.rate = median(each(all, [](const Figures& figures) { return figures.rate; })),
            .p50 = time(&Figures::p50),
            .p99 = time(&Figures::p99),
            .max = time(&Figures::max),
            .user_time = time(&Figures::user_time)};
}

double rate_of(const Figures& figures) {
    return figures.rate;
}
double p50_of(const Figures& figures) {
    return figures.p50.count();
}

std::vector<double> Comparison::ratios(double (*value)(const Figures&)) const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        ratios.push_back(value(ours[i]) / value(reference.at(i)));
    }
    return ratios;
}

double Comparison::rate_ratio() const {
    return median(ratios(rate_of));
}

Comparison take_turns(int rounds, const Turn& ours, const Turn& reference) {
    Comparison comparison;
    for (int round = 0; round < rounds; ++round) {
        const bool are_we_first = round % 2 == 1;
        if (are_we_first) comparison.ours.push_back(ours());
        comparison.reference.push_back(reference());
        if (!are_we_first) comparison.ours.push_back(ours());
    }
    return comparison;
}

std::string number_text(double number, int digits) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, number);
    return text.data();
}

std::string rate_text(double rate) {
    if (rate <= 0) return "-";
    if (rate < 100) return number_text(rate, 1) + "/s";
    std::string digits = std::to_string(static_cast<std::int64_t>(std::llround(rate)));
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits + "/s";
}

std::string time_text(Microseconds time) {
    if (time.count() <= 0) return "-";
    if (time.count() < 1'000) return number_text(time.count(), 0) + " us";
    const double milliseconds = time.count() / 1'000;
    const bool is_whole = milliseconds == std::floor(milliseconds);  // as goals are
    return number_text(milliseconds, is_whole ? 0 : milliseconds < 10 ? 2 : 1) + " ms";
}

std::string ratio_text(double ratio) {
    return number_text(ratio, 2);
}

std::string text_of(const Figures& figures) {
    return rate_text(figures.rate) + ", " + time_text(figures.p50) + ", " + time_text(figures.p99);
}

}  // namespace orders::bench
