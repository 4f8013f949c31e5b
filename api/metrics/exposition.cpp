#include "api/metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "shared/metrics/catalogue.h"

namespace orders {
namespace {

prometheus::MetricType type_of(const Metric& metric) {
    switch (metric.type) {
        case MetricType::counter:
            return prometheus::MetricType::Counter;
        case MetricType::gauge:
            return prometheus::MetricType::Gauge;
        case MetricType::histogram:
            break;
    }
    return prometheus::MetricType::Histogram;
}

prometheus::ClientMetric::Histogram to_histogram(const Metric& metric, const Distribution& seen) {
    prometheus::ClientMetric::Histogram histogram;
    std::uint64_t count = 0;
    for (std::size_t at = 0; at <= metric.bounds.size(); ++at) {
        if (at < seen.buckets.size()) count += seen.buckets[at];
        const double bound =
            at < metric.bounds.size() ? metric.bounds[at] : std::numeric_limits<double>::infinity();
        histogram.bucket.push_back({count, bound});
    }
    histogram.sample_count = count;
    histogram.sample_sum = seen.sum;
    return histogram;
}

}  // namespace

struct Exposition::Families {
    std::vector<prometheus::MetricFamily> all;

    prometheus::ClientMetric& add_series(const Metric& metric, Labels labels) {
        const auto place = std::ranges::find(all_metrics, &metric);
        assert(place != all_metrics.end() && labels.size() == metric.label_count());
        prometheus::MetricFamily& family =
            all[static_cast<std::size_t>(place - all_metrics.begin())];
        prometheus::ClientMetric& series = family.metric.emplace_back();
        std::size_t at = 0;
        for (const std::string_view value : labels) {
            series.label.push_back({std::string(metric.labels[at++]), std::string(value)});
        }
        return series;
    }
};

Exposition::Exposition() : families_(std::make_unique<Families>()) {
    families_->all.reserve(all_metrics.size());
    for (const Metric* const metric : all_metrics) {
        families_->all.push_back(
            {std::string(metric->name), std::string(metric->help), type_of(*metric), {}});
    }
}

Exposition::~Exposition() = default;

void Exposition::add(const Metric& metric, Labels labels, double value) {
    prometheus::ClientMetric& series = families_->add_series(metric, labels);
    if (metric.type == MetricType::counter) {
        series.counter.value = value;
    } else {
        series.gauge.value = value;
    }
}

void Exposition::add(const Metric& metric, Labels labels, const Distribution& seen) {
    families_->add_series(metric, labels).histogram = to_histogram(metric, seen);
}

std::string Exposition::text() const {
    std::vector<prometheus::MetricFamily> filled;
    for (const prometheus::MetricFamily& family : families_->all) {
        if (!family.metric.empty()) filled.push_back(family);
    }
    return prometheus::TextSerializer().Serialize(filled);
}

}  // namespace orders
