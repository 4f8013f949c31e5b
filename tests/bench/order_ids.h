#pragma once

// Order ids for loads: always 24 characters, unique, and told apart by the run they belong to. The
// Lua scripts make the same ones (order_ids.lua).
//
//     time_ordered   run00007 0000000000000001    each after all before it, as most clients' are
//     random         5c1d09f3 run00007 00000001   anywhere, as a UUID is

#include <cstdint>
#include <string>
#include <vector>

namespace orders::bench {

enum class IdKind { time_ordered, random };

// The ids of one load.
struct IdRun {
    IdKind kind = IdKind::time_ordered;
    std::string name;        // eight characters
    std::uint32_t seed = 1;  // never 0
};

// A run that this process has not had.
[[nodiscard]] IdRun new_id_run(IdKind kind);

// The run as arguments for a script.
[[nodiscard]] std::vector<std::string> script_arguments(const IdRun& run);

class OrderIds {
   public:
    explicit OrderIds(IdRun run) : run_(std::move(run)), scatter_(run_.seed) {}

    [[nodiscard]] std::string next();

   private:
    IdRun run_;
    std::uint32_t scatter_;
    std::uint32_t count_ = 0;
};

}  // namespace orders::bench
