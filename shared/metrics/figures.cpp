#include "shared/metrics/figures.h"

#include <nlohmann/json.hpp>

namespace orders {
namespace {

constexpr std::string_view prefix = "orders_";
constexpr char between = '|';

// What all numbers of one series begin with.
std::string series_of(const Metric& metric, std::string_view label) {
    return std::string(metric.name.substr(prefix.size())) + between + std::string(label);
}

std::string bucket_of(const std::string& series, std::size_t place) {
    return series + between + std::to_string(place);
}

std::string sum_of(const std::string& series) {
    return series + between + "sum";
}

double value_of(const std::map<std::string, double>& numbers, const std::string& name) {
    const auto found = numbers.find(name);
    return found == numbers.end() ? 0 : found->second;
}

}  // namespace

void Figures::add(const Metric& metric, std::string_view label, double number) {
    add_named(series_of(metric, label), number);
}

void Figures::add(const Metric& metric, std::string_view label, const Distribution& seen) {
    const std::string series = series_of(metric, label);
    for (std::size_t at = 0; at < seen.buckets.size(); ++at) {
        if (seen.buckets[at] == 0) continue;
        add_named(bucket_of(series, at), static_cast<double>(seen.buckets[at]));
    }
    if (seen.sum != 0) add_named(sum_of(series), seen.sum);
}

Figures& Figures::operator+=(const Figures& other) {
    for (const auto& [name, number] : other.numbers_) add_named(name, number);
    return *this;
}

Figures Figures::less(const Figures& earlier) const {
    Figures news = *this;
    for (const auto& [name, number] : earlier.numbers_) news.add_named(name, -number);
    return news;
}

double Figures::number(const Metric& metric, std::string_view label) const {
    return value_of(numbers_, series_of(metric, label));
}

Distribution Figures::seen(const Metric& metric, std::string_view label) const {
    const std::string series = series_of(metric, label);
    Distribution seen{.buckets = {}, .sum = value_of(numbers_, sum_of(series))};
    for (std::size_t at = 0; at <= metric.bounds.size(); ++at) {
        seen.buckets.push_back(
            static_cast<std::uint64_t>(value_of(numbers_, bucket_of(series, at))));
    }
    return seen;
}

std::string Figures::beginning_of(const Metric& metric, std::string_view label) {
    return series_of(metric, label);
}

std::string Figures::as_text() const {
    nlohmann::json text = nlohmann::json::object();
    for (const auto& [name, number] : numbers_) {
        if (number != 0) text[name] = number;
    }
    return text.dump();
}

std::optional<Figures> Figures::from_text(std::string_view text) {
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (!parsed.is_object()) return std::nullopt;
    Figures figures;
    for (const auto& [name, number] : parsed.items()) {
        if (!number.is_number()) return std::nullopt;
        figures.add_named(name, number.get<double>());
    }
    return figures;
}

}  // namespace orders
