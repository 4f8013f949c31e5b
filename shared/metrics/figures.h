#pragma once

// Counters and histograms of several processes, added up: what a worker tells of itself through the
// store (WorkerTurn::figures), what the store keeps of workers that are gone, and what is made of
// all of it. As text it is one flat JSON object of numbers, so that a store can add up such texts
// by itself.
//
// Belongs to one thread.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/metrics/instruments.h"
#include "shared/metrics/metric.h"

namespace orders {

class Figures {
   public:
    // `label` is the value of the metric's label; of two, with a comma in between.
    void add(const Metric& metric, std::string_view label, double number);
    void add(const Metric& metric, std::string_view label, const Distribution& seen);
    Figures& operator+=(const Figures& other);
    // What has come since these, which were the same ones earlier.
    [[nodiscard]] Figures less(const Figures& earlier) const;

    [[nodiscard]] double number(const Metric& metric, std::string_view label) const;
    [[nodiscard]] Distribution seen(const Metric& metric, std::string_view label) const;
    // Of all names in a text of numbers of the metric whose labels begin so; at their end is a '|'.
    [[nodiscard]] static std::string beginning_of(const Metric& metric, std::string_view label);

    // Nothing that is 0 is in it.
    [[nodiscard]] std::string as_text() const;
    // Empty if it is no such text.
    [[nodiscard]] static std::optional<Figures> from_text(std::string_view text);

   private:
    void add_named(const std::string& name, double number) { numbers_[name] += number; }

    std::map<std::string, double> numbers_;
};

}  // namespace orders
