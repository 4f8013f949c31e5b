// The store contract, run against the SQLite backend.

#include "tests/store_contract/erase_contract.h"
#include "tests/store_contract/order_store_contract.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

struct SqliteBackend {
    std::unique_ptr<OrderStore> open() { return open_order_store(location()); }
    std::unique_ptr<OrderReader> open_reader() { return open_order_reader(location()); }

   private:
    [[nodiscard]] std::string location() const {
        return (directory_.path() / "orders.db").string();
    }
    TempDir directory_;
};

RUN_ORDER_STORE_CONTRACT(SqliteBackend);
RUN_ERASE_CONTRACT(SqliteBackend);

}  // namespace
}  // namespace orders::test
