#include "tests/faults/control_safeguards.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace orders::test {
namespace {

using sqlite::Safeguard;

constexpr std::array names{
    std::pair{Safeguard::commit_sync, std::string_view("commit_sync")},
    std::pair{Safeguard::sync_failure_ends, std::string_view("sync_failure_ends")},
    std::pair{Safeguard::turnstile, std::string_view("turnstile")},
    std::pair{Safeguard::fencing_token, std::string_view("fencing_token")},
    std::pair{Safeguard::lease_expiry, std::string_view("lease_expiry")},
};

constexpr int nothing = -1;

int named_in_environment() {
    const char* const given = std::getenv(left_out_variable);
    if (given == nullptr) return nothing;
    for (const auto& [safeguard, name] : names) {
        if (name == given) return static_cast<int>(safeguard);
    }
    throw std::invalid_argument(std::string(left_out_variable) + "=" + given);
}

// Which safeguard is left out.
std::atomic<int>& left_out() {
    static std::atomic<int> safeguard = named_in_environment();
    return safeguard;
}

}  // namespace

std::string to_string(Safeguard safeguard) {
    for (const auto& [known, name] : names) {
        if (known == safeguard) return std::string(name);
    }
    throw std::invalid_argument("safeguard");
}

std::string api_control_program() {
    return std::string(ORDERS_BINARY_DIR) + "/order-api-control";
}
std::string worker_control_program() {
    return std::string(ORDERS_BINARY_DIR) + "/order-worker-control";
}

WithoutSafeguard::WithoutSafeguard(Safeguard safeguard) {
    left_out() = static_cast<int>(safeguard);
}
WithoutSafeguard::~WithoutSafeguard() {
    left_out() = nothing;
}

}  // namespace orders::test

namespace orders::sqlite {

bool is_on(Safeguard safeguard) noexcept {
    return orders::test::left_out() != static_cast<int>(safeguard);
}

// Without the fence, the holder of any lease passes for the holder of the newest.
std::int64_t token_to_match(const Lease& lease, Connection& connection) {
    if (is_on(Safeguard::fencing_token)) return lease.token;
    Statement newest(connection, "SELECT lease_token FROM orders WHERE seq = ?");
    Cursor row = newest.query(lease.order.value);
    return row.next() ? row.get<std::int64_t>(0) : lease.token;
}

}  // namespace orders::sqlite
