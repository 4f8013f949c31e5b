#include "tests/bench/markdown_table.h"

#include <algorithm>
#include <cstddef>

namespace orders::bench {
namespace {

void print_row(std::ostream& out, const std::vector<std::string>& cells,
               const std::vector<std::size_t>& widths) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        out << "| " << cells[i] << std::string(widths[i] - cells[i].size() + 1, ' ');
    }
    out << "|\n";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const MarkdownTable& table) {
    std::vector<std::size_t> widths(table.rows_.front().size());
    for (const auto& cells : table.rows_) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], cells[i].size());
        }
    }
    print_row(out, table.rows_.front(), widths);
    for (const std::size_t width : widths) out << "|" << std::string(width + 2, '-');
    out << "|\n";
    for (std::size_t i = 1; i < table.rows_.size(); ++i) print_row(out, table.rows_[i], widths);
    return out;
}

}  // namespace orders::bench
