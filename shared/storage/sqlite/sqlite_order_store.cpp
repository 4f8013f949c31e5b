#include "shared/storage/sqlite/sqlite_order_store.h"

#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/order_queries.h"
#include "shared/storage/sqlite/order_writes.h"
#include "shared/storage/sqlite/store_path.h"
#include "shared/storage/sqlite/sync_directory.h"
#include "shared/storage/sqlite/wal_bound.h"

namespace orders::sqlite {
namespace {

class SqliteOrderReader final : public OrderReader {
   public:
    explicit SqliteOrderReader(const std::string& path)
        : connection_(path, Connection::Access::read_only), queries_(connection_) {}

    std::optional<Order> find(const OrderId& order_id) override { return queries_.find(order_id); }
    OrderPage list(const OrderQuery& query) override { return queries_.list(query); }
    OrderReport report(const Moment& now) override { return queries_.report(now); }

   private:
    Connection connection_;
    OrderQueries queries_;
};

// SQLite does so too, but takes no notice of a failure.
void sync_names(const std::string& path) {
    const std::error_code error = sync_directory_of(path);
    if (!error) return;
    throw StoreError(StoreError::Kind::unusable, "sync the directory of " + path, error.message(),
                     "check the disk and the kernel's log");
}

// Opening may recover the log of a process that died, and migrating writes: both as a writer.
std::unique_ptr<Connection> open_up_to_date(const std::string& path, Turnstile& turnstile) {
    const Turnstile::Pass pass = turnstile.enter();
    auto connection = std::make_unique<Connection>(path, Connection::Access::read_write);
    migrate(*connection, embedded_migrations());
    sync_names(path);
    return connection;
}

class SqliteOrderStore final : public OrderStore {
   public:
    explicit SqliteOrderStore(const std::string& path)
        : turnstile_(path),
          connection_(open_up_to_date(path, turnstile_)),
          queries_(*connection_),
          writes_(*connection_),
          wal_bound_(*connection_) {}

    std::optional<Order> find(const OrderId& order_id) override { return queries_.find(order_id); }
    OrderPage list(const OrderQuery& query) override { return queries_.list(query); }
    OrderReport report(const Moment& now) override { return queries_.report(now); }
    WaitingWork waiting_work(const Moment& now) override { return queries_.waiting_work(now); }

    std::unique_ptr<OrderTransaction> begin() override {
        return std::make_unique<SqliteOrderTransaction>(writes_, turnstile_.enter());
    }

    void tidy() override { wal_bound_.checkpoint_if_due(turnstile_); }

    FinishedOrders find_finished(const FinishedQuery& query) override {
        return queries_.find_finished(query);
    }

   private:
    Turnstile turnstile_;
    std::unique_ptr<Connection> connection_;
    OrderQueries queries_;
    OrderWrites writes_;
    WalBound wal_bound_;
};

}  // namespace

std::unique_ptr<OrderStore> open_store(const std::string& path) {
    const std::string usable = usable_path(path);
    require_fit_file_system(usable);
    return std::make_unique<SqliteOrderStore>(usable);
}

std::unique_ptr<OrderReader> open_reader(const std::string& path) {
    const std::string usable = usable_path(path);
    require_fit_file_system(usable);
    return std::make_unique<SqliteOrderReader>(usable);
}

}  // namespace orders::sqlite
