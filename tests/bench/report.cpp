#include "tests/bench/report.h"

#include <iostream>
#include <utility>

#include "tests/bench/markdown_table.h"

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
    // One line of it; all of it was said on standard error.
    failures_.push_back(std::string(row) + ": " + std::string(what.substr(0, what.find('\n'))));
}

std::string Report::verdict(const Line& line) const {
    if (!line.is_met) return "";
    if (!judges_goals_) return "not judged";
    return *line.is_met ? "yes" : "**no**";
}

void Report::print(std::ostream& out) const {
    MarkdownTable goals(
        {"row", "goal", "measured", "met?", "ours: rate, p50, p99", "reference: rate, p50, p99"});
    for (const Line& line : lines_) {
        goals.add({line.row, line.goal, line.measured, verdict(line), line.ours, line.reference});
    }
    MarkdownTable parts({"inside one process", "rate", "p50", "p99"});
    for (const auto& [part, figures] : parts_) {
        parts.add({part, rate_text(figures.rate), time_text(figures.p50), time_text(figures.p99)});
    }
    MarkdownTable beside({"row", "compared", "ratio", "quartiles", "verdict",
                          "ours: rate, p50, p99", "theirs: rate, p50, p99"});
    for (const BesideLine& line : beside_) {
        // To a digit more than the bounds have.
        const auto& [lower, median, upper] = line.ratios;
        beside.add({line.row, line.compared, number_text(median, 3),
                    number_text(lower, 3) + " to " + number_text(upper, 3), line.verdict, line.ours,
                    line.theirs});
    }
    for (const MarkdownTable* table : {&goals, &parts, &beside}) {
        if (!table->is_empty()) out << *table << "\n";
    }
    for (const std::string& failure : failures_) out << "**FAILED** " << failure << "\n";
    out << std::flush;
}

void say(std::string_view progress) {
    std::cerr << progress << std::endl;
}

}  // namespace orders::bench
