#include "shared/storage/sqlite/care/findings.h"

namespace orders::sqlite {

void Findings::add(const std::string& kind, const std::string& where) {
    ++count_;
    if (++count_by_kind_[kind] > examples_per_kind) return;
    examples_.push_back(where.empty() ? kind : where + ": " + kind);
}

std::vector<std::string> Findings::lines() const {
    std::vector<std::string> lines = examples_;
    for (const auto& [kind, count] : count_by_kind_) {
        if (count <= examples_per_kind) continue;
        lines.push_back("and " + std::to_string(count - examples_per_kind) + " more: " + kind);
    }
    return lines;
}

}  // namespace orders::sqlite
