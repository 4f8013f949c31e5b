#pragma once

// Collects what a verification finds: every finding is counted, and the first few of each kind are
// kept, so that a store that is wrong in every row does not fill the memory or the terminal.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orders::sqlite {

class Findings {
   public:
    static constexpr std::int64_t examples_per_kind = 10;

    // `kind` says what is wrong, `where` what it is wrong with (may be empty).
    void add(const std::string& kind, const std::string& where = {});

    [[nodiscard]] std::int64_t count() const noexcept { return count_; }
    // One line for each finding that was kept, in the order in which they came, and one for each
    // kind of which there are more.
    [[nodiscard]] std::vector<std::string> lines() const;

   private:
    std::int64_t count_ = 0;
    std::vector<std::string> examples_;
    std::map<std::string, std::int64_t> count_by_kind_;
};

}  // namespace orders::sqlite
