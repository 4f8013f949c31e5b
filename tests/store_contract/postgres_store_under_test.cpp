// Holds the PostgreSQL backend to the contract. The server's clock is one that the suite sets: what
// tells the time in the schema is replaced. With ORDERS_TEST_POOLED in the environment, a pooler is
// in front of it.

#include <atomic>
#include <cstdlib>
#include <string>

#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/postgres_storage.h"
#include "tests/store_contract/store_under_test.h"
#include "tests/support/pgbouncer.h"
#include "tests/support/postgres_server.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

std::string new_database() {
    if (!PostgresServer::is_available()) {
        skipped("PostgreSQL is not installed");
        std::_Exit(0);
    }
    static std::atomic<int> databases{0};
    const std::string name = "orders_" + std::to_string(++databases);
    const std::string url = common_postgres_server().make_database(name);
    if (std::getenv("ORDERS_TEST_POOLED") == nullptr) return url;
    static const PgBouncer pooler(common_postgres_server(), 2);
    return pooler.url_of(name);
}

class PostgresStoreUnderTest final : public StoreUnderTest {
   public:
    PostgresStoreUnderTest() {
        (void)storage_->open_housekeeping();  // makes the schema
        postgres::Connection connection(url_);
        connection.run("CREATE TABLE orders.test_clock (ms bigint NOT NULL)");
        connection.run("INSERT INTO orders.test_clock VALUES (1795352645678)");
        connection.run(
            "CREATE OR REPLACE FUNCTION orders.now_ms() RETURNS bigint LANGUAGE sql STABLE"
            " PARALLEL SAFE AS 'SELECT ms FROM orders.test_clock'");
    }

    Storage& storage() override { return *storage_; }
    void pass_time(std::chrono::milliseconds time) override {
        postgres::Connection(url_).run("UPDATE orders.test_clock SET ms = ms + $1::bigint",
                                       time.count());
    }
    void set_wall_clock(UtcTime time) override {
        postgres::Connection(url_).run("UPDATE orders.test_clock SET ms = $1::bigint",
                                       time.time_since_epoch().count());
    }
    UtcTime wall_clock() const override {
        const auto rows = postgres::Connection(url_).query("SELECT ms FROM orders.test_clock");
        return UtcTime(std::chrono::milliseconds(rows.get<std::int64_t>(0, 0)));
    }
    bool is_level_exact() const override { return false; }
    bool are_leases_free_of_wall_clock() const override { return false; }

   private:
    const postgres::ServerUrl url_ = postgres::ServerUrl::parse(new_database()).value();
    std::unique_ptr<Storage> storage_ = postgres::open_storage(url_);
};

}  // namespace

std::unique_ptr<StoreUnderTest> make_store_under_test() {
    return std::make_unique<PostgresStoreUnderTest>();
}

}  // namespace orders::test
