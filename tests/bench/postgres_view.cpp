// A look at a store on PostgreSQL (store_view.h).

#include "tests/bench/figures.h"
#include "tests/bench/raw_postgres.h"
#include "tests/bench/service_process.h"
#include "tests/bench/store_view.h"

namespace orders::bench {
namespace {

class PostgresView final : public StoreView {
   public:
    explicit PostgresView(const std::string& url) : url_(url), database_(url) {}

    std::int64_t number(const std::string& sql) override {
        return database_.execute(sql).number(0, 0);
    }
    std::vector<std::int64_t> numbers(const std::string& sql) override {
        const RawRows rows = database_.execute(sql);
        std::vector<std::int64_t> values;
        for (int row = 0; row < rows.size(); ++row) values.push_back(rows.number(row, 0));
        return values;
    }
    std::vector<std::string> texts(const std::string& sql) override {
        const RawRows rows = database_.execute(sql);
        std::vector<std::string> values;
        for (int row = 0; row < rows.size(); ++row) values.push_back(rows.text(row, 0));
        return values;
    }

    std::int64_t unfinished() override {
        return number("SELECT sum(number) FROM all_counts WHERE state IN (0, 1, 5)");
    }
    std::int64_t finished() override {
        return number("SELECT sum(number) FROM all_counts WHERE state IN (2, 3, 4)");
    }

    // What belongs together there is many tables' matter, which the program itself verifies best.
    void check_consistency() override {
        test::ChildProcess verify(this_build().program("order-api"), {"verify", "--db", url_});
        if (verify.wait_exit(std::chrono::minutes(5)) != test::exited(0)) {
            throw BenchFailure("the store is not sound: " + verify.output() + verify.tail());
        }
    }

   private:
    std::string url_;
    RawPostgres database_;
};

}  // namespace

std::unique_ptr<StoreView> view_of_postgres(const std::string& url) {
    return std::make_unique<PostgresView>(url);
}

}  // namespace orders::bench
