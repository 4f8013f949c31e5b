#pragma once

// What a measurement comes to: a rate and some latencies, their medians, and how they are written.

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace orders::bench {

using Microseconds = std::chrono::duration<double, std::micro>;
using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

// Something was lost, refused, or could not be measured: its row has failed, whatever its figures.
class BenchFailure : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// Zero if it was not measured.
struct Figures {
    double rate = 0;  // per second
    Microseconds p50{0};
    Microseconds p99{0};
    Microseconds max{0};
};

class Latencies {
   public:
    void add(Microseconds latency) { latencies_.push_back(latency); }
    // The rate is left out.
    [[nodiscard]] Figures figures() const;

   private:
    std::vector<Microseconds> latencies_;
};

[[nodiscard]] double median(std::vector<double> values);
// Of each figure by itself.
[[nodiscard]] Figures median(const std::vector<Figures>& all);

// Rates of this machine drift by a third within minutes; ratios of neighbours do not. So what is
// compared takes turns, and the ratio is the median of the rounds' ratios.
struct Comparison {
    std::vector<Figures> ours;
    std::vector<Figures> reference;

    [[nodiscard]] double rate_ratio() const;
};
[[nodiscard]] Comparison take_turns(int rounds, const std::function<Figures()>& ours,
                                    const std::function<Figures()>& reference);

// "12,345/s", "4.21 ms", "0.83"; "-" for what was not measured.
[[nodiscard]] std::string rate_text(double rate);
[[nodiscard]] std::string time_text(Microseconds time);
[[nodiscard]] std::string ratio_text(double ratio);
// With this many digits after the point.
[[nodiscard]] std::string number_text(double number, int digits);
// "12,345/s, 4.21 ms, 8.02 ms": rate, p50, p99.
[[nodiscard]] std::string text_of(const Figures& figures);

}  // namespace orders::bench
