#pragma once

// The kinds of orders that a store knows, and their numbers in the database. A kind is known from
// its first order on, or from being paused; one that has neither orders nor a pause gives its
// number to the next that needs one.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstdint>
#include <optional>
#include <vector>

#include "shared/domain/kind.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

struct KnownKind {
    std::int64_t id = 0;
    Kind kind;
    bool is_paused = false;
};

class Kinds {
   public:
    static constexpr std::int64_t default_id = 0;

    explicit Kinds(Connection& connection);

    // Empty if it is not known. Costs nothing for `default`.
    [[nodiscard]] std::optional<std::int64_t> find(const Kind& kind);
    // Inside a transaction, whose counters it brings up to date before it gives a number away:
    // makes the kind known if it is not. Empty if there are too many.
    [[nodiscard]] std::optional<std::int64_t> find_or_add(const Kind& kind, WriteTransaction& work);
    // Throws StoreError (damaged) if there is no such kind. Costs nothing for default_id.
    [[nodiscard]] Kind kind_of(std::int64_t id);
    // All that are known, by their numbers.
    [[nodiscard]] std::vector<KnownKind> all();
    // Inside a transaction.
    void set_paused(std::int64_t id, bool is_paused);

   private:
    void forget_measures(std::int64_t id);

    Statement find_;
    Statement name_;
    Statement all_;
    Statement free_id_;
    Statement forget_counts_;
    Statement forget_totals_;
    Statement forget_measures_;
    Statement rename_;
    Statement add_;
    Statement set_paused_;
};

}  // namespace orders::sqlite
