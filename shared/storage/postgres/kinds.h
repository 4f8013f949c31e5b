#pragma once

// The kinds of orders that a store knows, and their numbers in the database. A kind is known from
// its first order on, or from being paused; one that has neither orders nor a pause gives its
// number to the next that needs one.
//
// Whoever creates orders of a kind by its number holds a lock on the kind's row until its
// transaction ends, so that nobody gives the number away meanwhile. `default` needs none.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/domain/kind.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {

inline constexpr std::int64_t default_kind = 0;

// Within one transaction.
class Kinds {
   public:
    explicit Kinds(Transaction& transaction) : transaction_(transaction) {}

    // Looks those up that are not known here yet, all by one trip, and locks them.
    void look_up(const std::set<std::string>& names);
    // Of those that were looked up, or of `default`: empty if the store does not know it.
    [[nodiscard]] std::optional<std::int64_t> find(const Kind& kind) const;
    // Makes it known if it is not. Empty if there are too many.
    [[nodiscard]] std::optional<std::int64_t> find_or_add(const Kind& kind);

   private:
    // Of a kind whose number is another's from now on.
    void forget_totals(std::int64_t kind);
    void forget_measures(const std::string& kind);

    Transaction& transaction_;
    std::map<std::string, std::optional<std::int64_t>> known_;
};

}  // namespace orders::postgres
