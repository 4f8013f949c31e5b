#pragma once

// An answer of GET /metrics, as far as tests look into it: its samples, by series.

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace orders::test {

class Scrape {
   public:
    // Fails the test if a series occurs twice, which no tool of Prometheus' notices.
    explicit Scrape(const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("# TYPE ")) {
                families_.insert(line.substr(7, line.find(' ', 7) - 7));
                continue;
            }
            if (line.empty() || line.front() == '#') continue;
            // A label's value may have blanks in it; the sample's value has none.
            const std::size_t end = line.rfind(' ');
            const std::string series = line.substr(0, end);
            const bool is_new = samples_.emplace(series, std::stod(line.substr(end + 1))).second;
            CHECK_MESSAGE(is_new, series);
        }
    }

    // As written: name{label="value",...}. Throws if there is none.
    [[nodiscard]] double operator[](const std::string& series) const {
        const auto found = samples_.find(series);
        REQUIRE_MESSAGE(found != samples_.end(), series);
        return found->second;
    }
    [[nodiscard]] bool has(const std::string& series) const { return samples_.contains(series); }
    [[nodiscard]] const std::map<std::string, double>& samples() const noexcept { return samples_; }
    [[nodiscard]] const std::set<std::string>& families() const noexcept { return families_; }

   private:
    std::map<std::string, double> samples_;
    std::set<std::string> families_;
};

}  // namespace orders::test
