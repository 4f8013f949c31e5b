#include "shared/storage/sqlite/sqlite_roles.h"

#include <sqlite3.h>

#include <cassert>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/intake_writes.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/occupied_store.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/order_lists.h"
#include "shared/storage/sqlite/order_report.h"
#include "shared/storage/sqlite/order_rows.h"
#include "shared/storage/sqlite/queue_heads.h"
#include "shared/storage/sqlite/sample_table.h"
#include "shared/storage/sqlite/snapshot.h"
#include "shared/storage/sqlite/store_identity.h"
#include "shared/storage/sqlite/worker_writes.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

bool is_newest_schema(Connection& connection) {
    const auto newest = static_cast<std::int64_t>(embedded_migrations().size());
    return known_schema_version(connection, embedded_migrations()) == newest;
}

// A reader's statements fit no other schema, and it may not change that.
Connection& require_newest_schema(Connection& connection) {
    if (is_newest_schema(connection)) return connection;
    throw unusable("read " + connection.path(), "its schema is older than this program's",
                   "start order-api or order-worker, which bring it up to date");
}

namespace {

class SqliteOrderReader final : public OrderReader {
   public:
    SqliteOrderReader(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                      const Clock& clock)
        : clock_(clock),
          occupancy_(std::move(occupancy)),
          connection_(path, Connection::Access::read_only),
          content_(require_newest_schema(connection_)),
          rows_(connection_, content_),
          heads_(connection_),
          lists_(connection_),
          report_(connection_),
          samples_(connection_) {
        // After it was opened by its name: it must be what the writer has open.
        if (occupancy_) occupancy_->require_same_files();
    }

    StoreIdentity identity() override { return identity_of(connection_); }
    std::optional<Order> find(const OrderId& order_id) override {
        const Snapshot snapshot(connection_);
        return rows_.find(order_id);
    }
    std::vector<std::optional<OrderStatus>> statuses_of(
        std::span<const OrderId> order_ids) override {
        const Snapshot snapshot(connection_);
        std::vector<std::optional<OrderStatus>> statuses;
        statuses.reserve(order_ids.size());
        for (const OrderId& order_id : order_ids) statuses.push_back(rows_.status_of(order_id));
        return statuses;
    }
    OrderPage list(const OrderQuery& query) override { return lists_.list(query); }
    MatchingOrders find_matching(const OrderFilter& filter, OrderSequence after,
                                 std::size_t limit) override {
        return lists_.find_matching(filter, after, limit);
    }
    std::vector<Kind> claimable_kinds() override { return heads_.claimable_kinds(); }
    OrderReport report() override { return report_.report(clock_.now()); }
    SampleHistory samples(std::int64_t count) override {
        return samples_.read(clock_.now().utc, count);
    }
    StoreFigures figures() override {
        StoreFigures figures = report_.figures(clock_.now());
        figures.space = {.database_bytes = file_bytes(connection_.path()),
                         .log_bytes = file_bytes(connection_.path() + "-wal").value_or(0),
                         .free_bytes = free_bytes(connection_.path())};
        figures.software = "sqlite";
        figures.software_version = sqlite3_libversion();
        return figures;
    }
    std::vector<EnlistedWorker> enlisted_workers() override {
        return report_.enlisted_workers(clock_.now());
    }

   private:
    const Clock& clock_;
    const std::shared_ptr<Occupancy> occupancy_;
    Connection connection_;
    OrderContent content_;
    OrderRows rows_;
    QueueHeads heads_;
    OrderLists lists_;
    ReportQueries report_;
    SampleTable samples_;
};

class SqliteIntakeTurn final : public IntakeTurn {
   public:
    SqliteIntakeTurn(OccupiedStore& store, IntakeWrites& writes)
        : store_(store), writes_(writes), work_(std::in_place, store.access) {}

    StoreLevel level() override {
        assert(work_);
        return writes_.level();
    }

    IntakeOutcomes commit(const IntakeGroup& group) override {
        assert(work_);
        return store_.watch.guard([&] {
            const EndOfWork end{work_};
            IntakeOutcomes outcomes = writes_.carry_out(group, *work_);
            work_->commit();
            work_.reset();
            writes_.complete(outcomes);
            return outcomes;
        });
    }

   private:
    // However a commit ends: rolls back what is left of it, and lets others write.
    struct EndOfWork {
        std::optional<WriteTransaction>& work;
        ~EndOfWork() { work.reset(); }
    };

    OccupiedStore& store_;
    IntakeWrites& writes_;
    std::optional<WriteTransaction> work_;  // until the turn is over
};

class SqliteIntakeStore final : public IntakeStore {
   public:
    SqliteIntakeStore(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                      const Clock& clock, std::shared_ptr<RoleFigures> figures)
        : occupancy_(std::move(occupancy)),
          store_(occupancy_, path, clock, std::move(figures)),
          writes_(store_.access.connection()) {}

    std::unique_ptr<IntakeTurn> begin() override {
        return store_.watch.explain(
            [&] { return std::make_unique<SqliteIntakeTurn>(store_, writes_); });
    }
    void tidy() override {
        store_.watch.explain([&] { store_.access.tidy(); });
    }
    void require_in_place() override { store_.watch.require_in_place(); }

   private:
    const std::shared_ptr<Occupancy> occupancy_;  // until all else is closed
    OccupiedStore store_;
    IntakeWrites writes_;
};

class SqliteWorkerStore final : public WorkerStore {
   public:
    SqliteWorkerStore(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                      const Clock& clock, std::shared_ptr<RoleFigures> figures)
        : occupancy_(std::move(occupancy)),
          store_(occupancy_, path, clock, std::move(figures)),
          writes_(store_.access.connection()) {}

    WorkerId enlist(const WorkerDescription& worker,
                    std::chrono::milliseconds lease_time) override {
        return store_.watch.guard([&] {
            WriteTransaction work(store_.access);
            const WorkerId id = writes_.enlist(worker, work.now(), lease_time);
            try {
                work.commit();
            } catch (...) {
                writes_.let_go(id);  // it may be the next one's
                throw;
            }
            return id;
        });
    }

    void retire(WorkerId worker, const std::string& figures) override {
        store_.watch.explain([&] {
            WriteTransaction work(store_.access);
            writes_.retire(worker, figures);
            work.commit();
            writes_.let_go(worker);
            store_.watch.require_same();
        });
    }

    WorkerOutcomes take_turn(const WorkerTurn& turn) override {
        return store_.watch.guard([&] {
            WriteTransaction work(store_.access);
            WorkerOutcomes outcomes = writes_.take_turn(turn, work);
            work.commit();
            writes_.read_payloads(outcomes.claimed);
            return outcomes;
        });
    }

    bool has_claimable(const std::vector<ClaimShare>& shares) override {
        return store_.watch.guard([&] { return writes_.has_claimable(shares); });
    }
    std::int64_t cancel_count() override {
        return store_.watch.guard([&] { return writes_.cancel_count(); });
    }

    void tidy() override {
        store_.watch.explain([&] { store_.access.tidy(); });
    }

   private:
    const std::shared_ptr<Occupancy> occupancy_;  // until all else is closed
    OccupiedStore store_;
    WorkerWrites writes_;
};

}  // namespace

std::unique_ptr<OrderReader> open_reader(const std::string& path,
                                         std::shared_ptr<Occupancy> occupancy, const Clock& clock) {
    return std::make_unique<SqliteOrderReader>(path, std::move(occupancy), clock);
}

std::unique_ptr<IntakeStore> open_intake(const std::string& path,
                                         std::shared_ptr<Occupancy> occupancy, const Clock& clock,
                                         std::shared_ptr<RoleFigures> figures) {
    return std::make_unique<SqliteIntakeStore>(path, std::move(occupancy), clock,
                                               std::move(figures));
}

std::unique_ptr<WorkerStore> open_worker(const std::string& path,
                                         std::shared_ptr<Occupancy> occupancy, const Clock& clock,
                                         std::shared_ptr<RoleFigures> figures) {
    return std::make_unique<SqliteWorkerStore>(path, std::move(occupancy), clock,
                                               std::move(figures));
}

}  // namespace orders::sqlite
