#include "shared/domain/kind.h"

#include <algorithm>

#include "shared/text/ascii.h"

namespace orders {
namespace {

bool may_occur(char c) {
    return (ascii::is_letter_or_digit(c) && !(c >= 'A' && c <= 'Z')) || c == '_' || c == '-';
}

}  // namespace

std::optional<Kind> Kind::parse(std::string_view text) {
    if (text.empty() || text.size() > max_length) return std::nullopt;
    if (!std::ranges::all_of(text, may_occur)) return std::nullopt;
    return Kind(std::string(text));
}

}  // namespace orders
