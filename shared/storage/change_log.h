#pragma once

// What has happened to orders, in the order in which it was committed: each order that was created,
// and each change of an order's status or priority, as clients see them. It is kept only while
// somebody has asked for that (AwaitChanges in order_actions.h), and only the newest of it.
//
// Guarantees, which tests/store_contract checks for every backend:
//   - ids strictly grow, and whoever has seen one has seen all that were committed before it;
//   - what is missing is told: whoever reads on behind an id learns whether all is there that
//     happened since, or some was deleted, or not kept.
//
// A ChangeLog is used by one thread at a time. All functions throw StoreError if the environment is
// broken.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"

namespace orders {

struct Change {
    std::int64_t id = 0;
    OrderId order_id;
    Kind kind;
    Priority priority{};
    OrderStatus status{};
    int attempt = 0;
    std::optional<std::string> reason = {};  // of a failure
    UtcTime at;
};

struct ChangeLogState {
    std::int64_t newest = 0;       // the highest id; 0 if there has been none
    std::int64_t whole_after = 0;  // all that was committed behind it is there
    bool is_kept = false;          // what happens from now on

    [[nodiscard]] bool is_whole_behind(std::int64_t id) const noexcept {
        return id >= whole_after && id <= newest;
    }
};

struct ChangePage {
    ChangeLogState state;
    std::vector<Change> changes;
    std::int64_t next_after = 0;  // go on behind this id
};

// How many of the newest stay, at least; and how many of the others are deleted by one commit.
inline constexpr std::int64_t kept_changes = 100'000;
inline constexpr std::int64_t changes_per_trim = 5'000;

class ChangeLog {
   public:
    virtual ~ChangeLog() = default;
    // The changes behind the id `after`, up to the limit; all of it of one moment.
    [[nodiscard]] virtual ChangePage read(std::int64_t after, std::size_t limit) = 0;
};

}  // namespace orders
