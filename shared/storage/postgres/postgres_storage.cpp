#include "shared/storage/postgres/postgres_storage.h"

#include <utility>

#include "shared/storage/decisions/copy_refusals.h"
#include "shared/storage/postgres/copy_end.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/migrations.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

class PostgresStorage final : public Storage {
   public:
    explicit PostgresStorage(ServerUrl url) : server_(std::make_shared<Server>(std::move(url))) {}

    std::string describe() override { return server_->url().describe(); }

    std::unique_ptr<IntakeStore> open_intake() override {
        make_ready();
        return postgres::open_intake(server_);
    }
    std::unique_ptr<WorkerStore> open_worker() override {
        make_ready();
        return postgres::open_worker(server_);
    }
    std::unique_ptr<HousekeepingStore> open_housekeeping() override {
        make_ready();
        return postgres::open_housekeeping(server_);
    }
    std::unique_ptr<OrderReader> open_reader() override {
        require_ready();
        return postgres::open_reader(server_);
    }
    std::unique_ptr<ChangeLog> open_change_log() override {
        require_ready();
        return postgres::open_change_log(server_);
    }
    std::unique_ptr<WorkWatch> open_watch() override {
        return postgres::open_watch(server_, Bell::work);
    }
    std::unique_ptr<WorkWatch> open_end_watch() override {
        return postgres::open_watch(server_, Bell::ends);
    }
    std::shared_ptr<const StoreWork> work() const override { return {server_, &server_->work()}; }
    // Of very many workers each look is a trip to the one server.
    std::chrono::milliseconds look_interval() const override { return std::chrono::seconds(1); }
    std::chrono::milliseconds change_look_interval() const override {
        return std::chrono::milliseconds(100);
    }
    // Whoever comes while another does it waits for it.
    bool is_being_migrated() override { return false; }

    Backup back_up(const std::string&) override {
        throw unusable("back up the orders", "they are on a PostgreSQL server",
                       "use its own tools: pg_dump --schema=orders, or pg_basebackup with an "
                       "archive of the write-ahead log");
    }
    Verification verify() override { return postgres::verify(server_->url()); }
    std::unique_ptr<CopyEnd> open_copy_end(CopyRole) override {
        return postgres::open_copy_end(server_->url());
    }
    Restored restore(const std::string&) override {
        throw unusable("put back a backup", "the orders are on a PostgreSQL server",
                       "use its own tools: pg_restore, or its recovery");
    }

   private:
    template <typename Use>
    void connect(Use use) {
        const SteadyTime began = std::chrono::steady_clock::now();
        try {
            Connection connection(server_->url());
            use(connection);
            server_->note_reached();
        } catch (const ServerError& error) {
            if (error.is_connection_lost()) server_->note_lost(error.what(), began);
            throw to_store_error(error, "open the orders");
        }
    }
    void require_ready() {
        if (server_->is_ready()) return;
        connect([](Connection& connection) {
            require_newest_schema(connection, embedded_migrations());
        });
    }
    // Once; what is opened later connects when it is used.
    void make_ready() {
        if (server_->is_ready()) return;
        connect([this](Connection& connection) {
            migrate(connection, embedded_migrations());
            require_open(copy_mark_of(connection), describe());
        });
        server_->note_ready();
    }

    const SharedServer server_;
};

}  // namespace

std::unique_ptr<Storage> open_storage(ServerUrl url) {
    return std::make_unique<PostgresStorage>(std::move(url));
}

}  // namespace orders::postgres
