#include "shared/domain/claim.h"

#include <algorithm>

#include "shared/text/ascii.h"

namespace orders {
namespace {

constexpr std::size_t max_reason_length = 64;

bool may_occur_in_reason(char c) {
    return ascii::is_digit(c) || (ascii::is_letter(c) && c == ascii::to_lower(c)) ||
           std::string_view("_.-").find(c) != std::string_view::npos;
}

}  // namespace

bool is_failure_reason(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_reason_length &&
           std::ranges::all_of(text, may_occur_in_reason);
}

}  // namespace orders
