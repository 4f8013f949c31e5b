#include "shared/storage/postgres/postgres_storage.h"

#include <utility>

#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/migrations.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

class PostgresStorage final : public Storage {
   public:
    explicit PostgresStorage(ServerUrl url)
        : url_(std::make_shared<const ServerUrl>(std::move(url))) {}

    std::string describe() override { return url_->describe(); }

    std::unique_ptr<IntakeStore> open_intake() override {
        make_ready();
        return postgres::open_intake(url_);
    }
    std::unique_ptr<WorkerStore> open_worker() override {
        make_ready();
        return postgres::open_worker(url_);
    }
    std::unique_ptr<HousekeepingStore> open_housekeeping() override {
        make_ready();
        return postgres::open_housekeeping(url_);
    }
    std::unique_ptr<OrderReader> open_reader() override {
        connect("open the orders", [](Connection& connection) {
            require_newest_schema(connection, embedded_migrations());
        });
        return postgres::open_reader(url_);
    }
    std::unique_ptr<WorkWatch> open_watch() override {
        return postgres::open_watch(url_, Bell::work);
    }
    std::unique_ptr<WorkWatch> open_end_watch() override {
        return postgres::open_watch(url_, Bell::ends);
    }
    // Whoever comes while another does it waits for it.
    bool is_being_migrated() override { return false; }

    Backup back_up(const std::string&) override {
        throw unusable("back up the orders", "they are on a PostgreSQL server",
                       "use its own tools: pg_dump --schema=orders, or pg_basebackup with an "
                       "archive of the write-ahead log");
    }
    Verification verify() override { return postgres::verify(*url_); }
    Restored restore(const std::string&) override {
        throw unusable("put back a backup", "the orders are on a PostgreSQL server",
                       "use its own tools: pg_restore, or its recovery");
    }

   private:
    template <typename Use>
    void connect(std::string_view operation, Use use) {
        try {
            Connection connection(*url_);
            use(connection);
        } catch (const ServerError& error) {
            throw to_store_error(error, operation);
        }
    }
    void make_ready() {
        connect("open the orders",
                [](Connection& connection) { migrate(connection, embedded_migrations()); });
    }

    const SharedUrl url_;
};

}  // namespace

std::unique_ptr<Storage> open_storage(ServerUrl url) {
    return std::make_unique<PostgresStorage>(std::move(url));
}

}  // namespace orders::postgres
