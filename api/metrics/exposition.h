#pragma once

// Collects the values of metrics and writes them in Prometheus' text format, version 0.0.4. The
// only file that knows the library which keeps that format.
//
// Belongs to one thread, and to one answer.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "shared/metrics/instruments.h"
#include "shared/metrics/metric.h"

namespace orders {

class Exposition {
   public:
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    Exposition();
    ~Exposition();
    Exposition(const Exposition&) = delete;
    Exposition& operator=(const Exposition&) = delete;

    using Labels = std::initializer_list<std::string_view>;  // values, as many as the metric has

    // One of all_metrics; each series once.
    void add(const Metric& metric, Labels labels, double value);
    void add(const Metric& metric, double value) { add(metric, {}, value); }
    void add(const Metric& metric, Labels labels, const Distribution& seen);

    // In the order of all_metrics; those without a series are left out.
    [[nodiscard]] std::string text() const;

   private:
    struct Families;
    const std::unique_ptr<Families> families_;
};

}  // namespace orders
