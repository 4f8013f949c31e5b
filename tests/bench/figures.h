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
    Microseconds user_time{0};  // CPU that order-api spent outside the kernel, per request
};

class Latencies {
   public:
    void add(Microseconds latency) { latencies_.push_back(latency); }
    // The rate is left out.
    [[nodiscard]] Figures figures() const;

   private:
    std::vector<Microseconds> latencies_;
};

struct Quartiles {
    double lower = 0;
    double median = 0;
    double upper = 0;
};
// Between two values it lies on the line from one to the other. Throws if there is none.
[[nodiscard]] Quartiles quartiles(std::vector<double> values);
[[nodiscard]] double median(std::vector<double> values);
// Of each figure by itself.
[[nodiscard]] Figures median(const std::vector<Figures>& all);

// Measures one side of a comparison once.
using Turn = std::function<Figures()>;

[[nodiscard]] double rate_of(const Figures& figures);
[[nodiscard]] double p50_of(const Figures& figures);

// The bounds of a ratio, beyond which what was not to be slower is.
inline constexpr double least_rate_ratio = 0.95;
inline constexpr double largest_p50_ratio = 1.10;

// Rates of this machine drift by a third within minutes; ratios of neighbours do not. So what is
// compared takes turns, and the ratio is the median of the rounds' ratios.
struct Comparison {
    std::vector<Figures> ours;
    std::vector<Figures> reference;

    // Ours divided by the reference's, round by round.
    [[nodiscard]] std::vector<double> ratios(double (*value)(const Figures&)) const;
    [[nodiscard]] double rate_ratio() const;
};
// The two sides also take turns in going first.
[[nodiscard]] Comparison take_turns(int rounds, const Turn& ours, const Turn& reference);

// "12,345/s", "4.21 ms", "0.83"; "-" for what was not measured.
[[nodiscard]] std::string rate_text(double rate);
[[nodiscard]] std::string time_text(Microseconds time);
[[nodiscard]] std::string ratio_text(double ratio);
// With this many digits after the point.
[[nodiscard]] std::string number_text(double number, int digits);
// "12,345/s, 4.21 ms, 8.02 ms": rate, p50, p99.
[[nodiscard]] std::string text_of(const Figures& figures);

}  // namespace orders::bench
