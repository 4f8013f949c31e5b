#pragma once

// A look at a store from the outside, with plain SQL and none of the project's code: what is really
// there, in a SQLite file or on PostgreSQL. What both schemas call alike may be asked of both.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace orders::bench {

class StoreView {
   public:
    virtual ~StoreView() = default;

    // One value.
    [[nodiscard]] virtual std::int64_t number(const std::string& sql) = 0;
    // One column.
    [[nodiscard]] virtual std::vector<std::int64_t> numbers(const std::string& sql) = 0;
    [[nodiscard]] virtual std::vector<std::string> texts(const std::string& sql) = 0;

    // Orders, by the store's counters.
    [[nodiscard]] virtual std::int64_t unfinished() = 0;
    [[nodiscard]] virtual std::int64_t finished() = 0;

    // Checks that the store is sound, its counters equal a recount, and exactly the orders that are
    // Processing have a lease. Throws BenchFailure.
    virtual void check_consistency() = 0;
};

// There must be a store at the location: a path, or a URL.
[[nodiscard]] std::unique_ptr<StoreView> view_of(const std::string& location);
[[nodiscard]] std::unique_ptr<StoreView> view_of_sqlite(const std::string& path);
// Of a build with PostgreSQL.
[[nodiscard]] std::unique_ptr<StoreView> view_of_postgres(const std::string& url);

}  // namespace orders::bench
