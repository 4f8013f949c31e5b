#pragma once

// Gathers what the rows measured and prints it at the end, as Markdown tables that read well in a
// terminal, too.

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/figures.h"

namespace orders::bench {

// One goal of a row, and what became of it. A row with several goals has a line for each.
struct Line {
    std::string row;
    std::string goal;
    std::string measured;
    std::optional<bool> is_met = {};  // empty if there is no goal
    std::string ours = {};
    std::string reference = {};
};

// "<what> at least 0.75 of <whose>".
struct RatioGoal {
    std::string what;
    double at_least = 0;
    std::string whose;
};
[[nodiscard]] Line ratio_line(std::string row, const RatioGoal& goal, double ratio,
                              std::string ours, std::string reference);
// Of a rate beside that of the reference server.
[[nodiscard]] Line stock_server_line(std::string row, const Comparison& comparison,
                                     double at_least);

// A part of the product measured by itself, inside this process.
struct PartLine {
    std::string part;
    Figures figures;
};

// A row beside another build.
struct BesideLine {
    std::string row;
    std::string compared;  // which figure
    Quartiles ratios;      // ours divided by theirs, over the pairs
    std::string verdict = {};
    std::string ours = {};
    std::string theirs = {};
};

class Report {
   public:
    // Figures of a quick run mean nothing.
    explicit Report(bool judges_goals) : judges_goals_(judges_goals) {}

    void add(Line line) { lines_.push_back(std::move(line)); }
    void add(PartLine line) { parts_.push_back(std::move(line)); }
    void add(BesideLine line) { beside_.push_back(std::move(line)); }
    // The run has failed.
    void add_failure(std::string_view row, std::string_view what);
    [[nodiscard]] bool has_failure() const noexcept { return !failures_.empty(); }

    void print(std::ostream& out) const;

   private:
    [[nodiscard]] std::string verdict(const Line& line) const;

    bool judges_goals_;
    std::vector<Line> lines_;
    std::vector<PartLine> parts_;
    std::vector<BesideLine> beside_;
    std::vector<std::string> failures_;
};

// One line on standard error, for whoever waits.
void say(std::string_view progress);

}  // namespace orders::bench
