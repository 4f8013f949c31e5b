#include "tests/bench/store_view.h"

#include "tests/bench/figures.h"
#include "tests/bench/raw_sqlite.h"

namespace orders::bench {
namespace {

class SqliteView final : public StoreView {
   public:
    explicit SqliteView(const std::string& path) : database_(path) {}

    std::int64_t number(const std::string& sql) override { return database_.number(sql); }
    std::vector<std::int64_t> numbers(const std::string& sql) override {
        RawStatement rows(database_, sql);
        std::vector<std::int64_t> values;
        while (rows.step()) values.push_back(rows.number(0));
        return values;
    }
    std::vector<std::string> texts(const std::string& sql) override {
        RawStatement rows(database_, sql);
        std::vector<std::string> values;
        while (rows.step()) values.push_back(rows.text(0));
        return values;
    }

    std::int64_t unfinished() override {
        return number("SELECT sum(orders) FROM order_counts WHERE status IN (0, 1, 5)");
    }
    std::int64_t finished() override {
        return number("SELECT sum(orders) FROM order_counts WHERE status NOT IN (0, 1, 5)");
    }

    void check_consistency() override {
        const std::string integrity = database_.text("PRAGMA integrity_check");
        if (integrity != "ok") throw BenchFailure("the store is damaged: " + integrity);
        require_none("counters are not what a recount says",
                     "SELECT count(*) FROM order_counts c LEFT JOIN (SELECT priority, status,"
                     " count(*) AS recounted FROM orders GROUP BY priority, status) r"
                     " USING (priority, status) WHERE c.orders <> coalesce(r.recounted, 0)");
        require_none("leases belong to no order, or orders have none",
                     "SELECT (SELECT count(*) FROM leases LEFT JOIN orders USING (seq)"
                     "        WHERE status IS NOT 1) +"
                     "       (SELECT count(*) FROM orders LEFT JOIN leases USING (seq)"
                     "        WHERE status = 1 AND leases.seq IS NULL)");
    }

   private:
    void require_none(const std::string& what, const std::string& count_sql) {
        const std::int64_t count = number(count_sql);
        if (count != 0) throw BenchFailure(std::to_string(count) + " " + what);
    }

    RawDatabase database_;
};

}  // namespace

std::unique_ptr<StoreView> view_of_sqlite(const std::string& path) {
    return std::make_unique<SqliteView>(path);
}

std::unique_ptr<StoreView> view_of(const std::string& location) {
#if ORDERS_POSTGRES
    if (location.starts_with("postgresql://")) return view_of_postgres(location);
#endif
    return view_of_sqlite(location);
}

}  // namespace orders::bench
