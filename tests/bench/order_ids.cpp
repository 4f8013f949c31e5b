#include "tests/bench/order_ids.h"

#include <array>
#include <cstdio>

namespace orders::bench {

IdRun new_id_run(IdKind kind) {
    static std::uint32_t runs = 0;
    ++runs;
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "run%05u", runs % 100'000);
    // Any odd factor sends neighbouring runs to distant places.
    return {.kind = kind, .name = name.data(), .seed = runs * 2'654'435'761U};
}

std::vector<std::string> script_arguments(const IdRun& run) {
    return {run.name, run.kind == IdKind::random ? "random" : "time_ordered",
            std::to_string(run.seed)};
}

std::string OrderIds::next() {
    ++count_;
    std::array<char, 32> id{};
    if (run_.kind == IdKind::time_ordered) {
        std::snprintf(id.data(), id.size(), "%s%016x", run_.name.c_str(), count_);
        return id.data();
    }
    // G. Marsaglia's xorshift: cheap, and scattered enough to hit any page of an index.
    scatter_ ^= scatter_ << 13U;
    scatter_ ^= scatter_ >> 17U;
    scatter_ ^= scatter_ << 5U;
    std::snprintf(id.data(), id.size(), "%08x%s%08x", scatter_, run_.name.c_str(), count_);
    return id.data();
}

}  // namespace orders::bench
