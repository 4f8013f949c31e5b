// Holds the SQLite backend to the contract.

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/store_contract/store_under_test.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

class SqliteStoreUnderTest final : public StoreUnderTest {
   public:
    Storage& storage() override { return *storage_; }
    void pass_time(std::chrono::milliseconds time) override { clock_.advance(time); }
    void set_wall_clock(UtcTime time) override { clock_.set_utc(time); }
    UtcTime wall_clock() const override { return clock_.now().utc; }
    bool is_level_exact() const override { return true; }
    bool are_leases_free_of_wall_clock() const override { return true; }

   private:
    TempDir directory_;
    ManualClock clock_;
    std::unique_ptr<Storage> storage_ = sqlite::open_storage(directory_.file("orders.db"), clock_);
};

}  // namespace

std::unique_ptr<StoreUnderTest> make_store_under_test() {
    return std::make_unique<SqliteStoreUnderTest>();
}

}  // namespace orders::test
