#pragma once

// What one setting says several times over. A flag is repeated for that; an environment variable
// has all the entries in one text, with commas in between. Pure functions, for any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/kind.h"

namespace orders {

// What holds for one kind of orders: `KIND=VALUE`.
struct KindEntry {
    Kind kind;
    std::string value;
    friend bool operator==(const KindEntry&, const KindEntry&) = default;
};

// What stands between the commas, blanks and all; one empty entry if the text is empty.
[[nodiscard]] std::vector<std::string> split_at_commas(std::string_view text);

// The same, but an entry ends only at a comma that `KIND=` follows: a value may have commas in it.
[[nodiscard]] std::vector<std::string> split_before_kinds(std::string_view text);

// Empty if the entry is not `KIND=VALUE`, or if one of the two is missing.
[[nodiscard]] std::optional<KindEntry> parse_kind_entry(std::string_view entry);

}  // namespace orders
