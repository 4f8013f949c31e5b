#pragma once

// Negative controls: the store with one of its safeguards left out, to see that the attack on it is
// then noticed. Linked instead of shared/storage/sqlite/safeguards.cpp into the fault tests and
// into order-api-control and order-worker-control, which are otherwise the programs that ship.

#include <string>

#include "shared/storage/sqlite/safeguards.h"

namespace orders::test {

// The environment variable that names what a control program leaves out, and its values.
inline constexpr char left_out_variable[] = "ORDERS_WITHOUT";
[[nodiscard]] std::string to_string(sqlite::Safeguard safeguard);

[[nodiscard]] std::string api_control_program();
[[nodiscard]] std::string worker_control_program();

// Leaves a safeguard out within this process, until destroyed.
class WithoutSafeguard {
   public:
    explicit WithoutSafeguard(sqlite::Safeguard safeguard);
    ~WithoutSafeguard();
    WithoutSafeguard(const WithoutSafeguard&) = delete;
    WithoutSafeguard& operator=(const WithoutSafeguard&) = delete;
};

}  // namespace orders::test
