#include "tests/bench/report.h"

#include <iostream>
#include <utility>

namespace orders::bench {

Line ratio_line(std::string row, const RatioGoal& goal, double ratio, std::string ours,
                std::string reference) {
    return {.row = std::move(row),
            .goal = goal.what + " at least " + ratio_text(goal.at_least) + " of " + goal.whose,
            .measured = ratio_text(ratio),
            .is_met = ratio >= goal.at_least,
            .ours = std::move(ours),
            .reference = std::move(reference)};
}

Line stock_server_line(std::string row, const Comparison& comparison, double at_least) {
    return ratio_line(std::move(row),
                      {.what = "rate", .at_least = at_least, .whose = "the stock server's"},
                      comparison.rate_ratio(), text_of(median(comparison.ours)),
                      "cpp-httplib: " + text_of(median(comparison.reference)));
}

void Report::add_failure(std::string_view row, std::string_view what) {
    has_failure_ = true;
    // The table needs it on one line; all of it was said on standard error.
    const std::string first_line(what.substr(0, what.find('\n')));
    lines_.push_back({.row = std::string(row), .goal = "", .measured = "FAILED: " + first_line});
}

std::string Report::verdict(const Line& line) const {
    if (!line.is_met) return "";
    if (!judges_goals_) return "not judged";
    return *line.is_met ? "yes" : "**no**";
}

void Report::print(std::ostream& out) const {
    if (!lines_.empty()) {
        out << "| row | goal | measured | met? | ours: rate, p50, p99 "
               "| reference: rate, p50, p99 |\n|---|---|---|---|---|---|\n";
        for (const Line& line : lines_) {
            out << "| " << line.row << " | " << line.goal << " | " << line.measured << " | "
                << verdict(line) << " | " << line.ours << " | " << line.reference << " |\n";
        }
    }
    if (!parts_.empty()) {
        out << "\n| inside one process | rate | p50 | p99 |\n|---|---|---|---|\n";
        for (const auto& [part, figures] : parts_) {
            out << "| " << part << " | " << rate_text(figures.rate) << " | "
                << time_text(figures.p50) << " | " << time_text(figures.p99) << " |\n";
        }
    }
    out << std::flush;
}

void say(std::string_view progress) {
    std::cerr << progress << std::endl;
}

}  // namespace orders::bench
