#pragma once

// How changes lie in the file (migrations/sqlite/0009_changes.sql): those of a transaction gather
// in memory, and are written as few rows.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/storage/change_log.h"
#include "shared/storage/decisions/stored_status.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// What an order has come to.
struct NotedChange {
    std::string_view order_id;
    std::int64_t kind = 0;  // of table kinds
    Priority priority{};
    StoredStatus status{};
    std::int64_t attempts = 0;  // that are charged
    std::optional<std::string_view> reason = {};
};

class ChangeRows {
   public:
    explicit ChangeRows(Connection& connection);

    // At the beginning of each transaction: what is left of an earlier one was undone.
    void begin() noexcept;
    // Inside a transaction that happens `at` this time.
    void add(const NotedChange& change, UtcTime at);
    // What has gathered, before the commit.
    void write(UtcTime at);
    [[nodiscard]] bool is_empty() const noexcept { return number_ == 0; }

   private:
    [[nodiscard]] const std::string& name_of(std::int64_t kind);

    Statement write_;
    Statement name_;
    std::string entries_;
    std::size_t number_ = 0;
    std::vector<std::pair<std::int64_t, std::string>> names_;  // of kinds, few
};

// Of one row. Throws StoreError (damaged).
[[nodiscard]] std::vector<Change> changes_in(std::string_view entries, std::int64_t last,
                                             std::int64_t number, UtcTime at);

}  // namespace orders::sqlite
