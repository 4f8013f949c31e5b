#include "shared/program/mistyped_variables.h"

#include <algorithm>
#include <cstddef>

#include "shared/text/ascii.h"

namespace orders {
namespace {

// In short names two letters are too much: DB_PASS is not DB_PATH.
std::size_t letters_allowed_to_differ(std::string_view name) {
    constexpr std::size_t long_name = 12;
    return name.size() < long_name ? 1 : 2;
}

std::string_view first_word(std::string_view name) {
    return name.substr(0, name.find('_'));
}

bool are_same_letters(char a, char b) {
    return ascii::to_lower(a) == ascii::to_lower(b);
}

// How many letters must be added, taken out, changed or swapped with their neighbours to make one
// of the other (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    using Row = std::vector<std::size_t>;
    Row before_last(b.size() + 1);
    Row last(b.size() + 1);
    Row current(b.size() + 1);
    for (std::size_t column = 0; column <= b.size(); ++column) current[column] = column;
    for (std::size_t row = 1; row <= a.size(); ++row) {
        before_last.swap(last);
        last.swap(current);
        current[0] = row;
        for (std::size_t column = 1; column <= b.size(); ++column) {
            const std::size_t change = are_same_letters(a[row - 1], b[column - 1]) ? 0 : 1;
            current[column] =
                std::min({last[column] + 1, current[column - 1] + 1, last[column - 1] + change});
            const bool may_be_swapped = row > 1 && column > 1 &&
                                        are_same_letters(a[row - 1], b[column - 2]) &&
                                        are_same_letters(a[row - 2], b[column - 1]);
            if (may_be_swapped) {
                current[column] = std::min(current[column], before_last[column - 2] + 1);
            }
        }
    }
    return current[b.size()];
}

// The setting's variable that is near enough and nearest; empty if there is none.
std::string nearest(std::string_view name, const std::vector<std::string>& known) {
    std::string found;
    std::size_t least = letters_allowed_to_differ(name) + 1;
    for (const std::string& candidate : known) {
        if (!ascii::equals_ignoring_case(first_word(candidate), first_word(name))) continue;
        const std::size_t differing = distance(name, candidate);
        if (differing >= least) continue;
        least = differing;
        found = candidate;
    }
    return found;
}

}  // namespace

std::vector<MistypedVariable> mistyped_variables(const std::vector<std::string>& known,
                                                 const char* const* environment) {
    std::vector<MistypedVariable> found;
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        const std::string_view name = entry.substr(0, entry.find('='));
        if (std::ranges::find(known, name) != known.end()) continue;
        if (std::string meant = nearest(name, known); !meant.empty()) {
            found.push_back({std::string(name), std::move(meant)});
        }
    }
    return found;
}

}  // namespace orders
