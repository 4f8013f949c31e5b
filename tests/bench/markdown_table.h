#pragma once

// A table in Markdown with aligned columns. The cells are plain ASCII without vertical bars.

#include <ostream>
#include <string>
#include <vector>

namespace orders::bench {

class MarkdownTable {
   public:
    explicit MarkdownTable(std::vector<std::string> head) : rows_{std::move(head)} {}

    // As many cells as the head has.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    // Whether it has nothing but its head.
    [[nodiscard]] bool is_empty() const noexcept { return rows_.size() == 1; }

    friend std::ostream& operator<<(std::ostream& out, const MarkdownTable& table);

   private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace orders::bench
