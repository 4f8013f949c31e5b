#pragma once

// This build beside another one of the same programs, such as that of an older commit: whether what
// was added since made anything slower. Both are measured in pairs of turns within one run on one
// machine, and the ratio of each pair counts.

#include <string>
#include <vector>

#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/settings.h"

namespace orders::bench {

// Those that depend on nothing but the programs, under the names that they have among the rows with
// goals. A row that has lost is measured once more; if it has lost again, that is a failure. A
// quick run judges nothing.
[[nodiscard]] std::vector<Row> rows_beside(const Build& other);

// The two builds, the method and the rule, for above the table. Throws BenchFailure if a build does
// not say its version.
[[nodiscard]] std::string describe_beside(const Settings& settings, const Build& other);

}  // namespace orders::bench
