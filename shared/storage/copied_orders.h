#pragma once

// Orders on their way from one store to another: plain values, as both backends keep them. Times
// are milliseconds since 1970; what stands for a name (priority, outcome) is the number of
// decisions/column_values.h; texts are as PostgreSQL can keep them (decisions/storable_text.h).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/claim.h"

namespace orders {

using OptionalNumber = std::optional<std::int64_t>;
using OptionalText = std::optional<std::string>;

struct CopiedKind {
    std::int64_t id = 0;
    std::string name;
    bool is_paused = false;
};

// One that orders name; gone, wherever the orders come to.
struct CopiedWorker {
    std::int64_t id = 0;
    std::string name;
    std::string host;
    std::int64_t threads = 0;
    std::int64_t started_at = 0;
    std::int64_t lease_time = 0;
    std::int64_t named_up_to = 0;  // no order behind this one names it
    bool pulls = false;
    OptionalText label = {};
    OptionalText kinds = {};
};

// As decisions/order_totals.h has them.
struct CopiedTotal {
    std::int64_t total = 0;
    std::int64_t kind = 0;
    std::int64_t priority = 0;
    std::int64_t number = 0;
};

// What orders refer to, and what is counted of those that have left.
struct CopiedNames {
    std::vector<CopiedKind> kinds;      // by id
    std::vector<CopiedWorker> workers;  // by id
    std::vector<CopiedTotal> totals;    // by total, kind and priority; none is 0
};

struct CopiedAttempt {
    std::int64_t token = 0;
    std::int64_t worker = 0;
    std::int64_t started_at = 0;
    std::int64_t ended_at = 0;
    std::int64_t outcome = 0;
    OptionalText reason = {};
    OptionalText detail = {};
};

struct CopiedAction {
    std::int64_t number = 0;
    std::int64_t at = 0;
    std::int64_t action = 0;
    std::string name;
};

// Where an order stands, or stood when it ended: places in the queue are numbers, smaller ones
// first. An order that was due when it arrived has arrival_place(), and those that got their place
// when it was the newest order have one of the million behind that.
inline constexpr std::int64_t place_scale = std::int64_t{1} << 20;
// It waits for its time, or did when it ended.
inline constexpr std::int64_t waiting_place = 0;
[[nodiscard]] constexpr std::int64_t arrival_place(OrderSequence order) noexcept {
    return order.value * place_scale;
}

struct CopiedOrder {
    OrderSequence sequence;
    std::string order_id;
    std::int64_t priority = 0;
    std::int64_t kind = 0;
    std::int64_t processing_time = 0;
    std::int64_t status = 0;  // of StoredStatus; none is Processing
    std::int64_t attempts = 0;
    std::int64_t token = 0;
    std::int64_t created_at = 0;
    OptionalNumber started_at = {};
    OptionalNumber finished_at = {};
    OptionalNumber worker = {};
    OptionalNumber due_at = {};
    OptionalNumber start_before = {};
    OptionalText failure = {};
    std::int64_t place = waiting_place;

    OptionalNumber timeout_seconds = {};
    OptionalNumber max_attempts = {};
    OptionalNumber backoff_seconds = {};
    OptionalText fingerprint = {};  // hexadecimal
    OptionalText payload = {};
    OptionalText trace = {};
    OptionalText detail = {};
    OptionalText result = {};
    std::vector<CopiedAttempt> history = {};  // by token
    std::vector<CopiedAction> actions = {};   // by number

    [[nodiscard]] bool has_inputs() const noexcept {
        return timeout_seconds || max_attempts || backoff_seconds || fingerprint || payload ||
               trace;
    }
    [[nodiscard]] bool has_result() const noexcept { return detail || result; }
};

// How much one read or write has, at most but for one order.
inline constexpr std::size_t copied_at_once = 2'000;
inline constexpr std::size_t copied_bytes_at_once = 4 * 1024 * 1024;

}  // namespace orders
