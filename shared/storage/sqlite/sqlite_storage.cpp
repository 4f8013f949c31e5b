#include "shared/storage/sqlite/sqlite_storage.h"

#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/os/mutex.h"
#include "shared/storage/sqlite/care/backup.h"
#include "shared/storage/sqlite/care/restore.h"
#include "shared/storage/sqlite/care/verification.h"
#include "shared/storage/sqlite/doorbell.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/finished_walk.h"
#include "shared/storage/sqlite/gone_workers.h"
#include "shared/storage/sqlite/intake_writes.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/order_queries.h"
#include "shared/storage/sqlite/store_path.h"
#include "shared/storage/sqlite/store_watch.h"
#include "shared/storage/sqlite/turnstile.h"
#include "shared/storage/sqlite/worker_writes.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {
namespace {

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

class SqliteOrderReader final : public OrderReader {
   public:
    // Without an occupancy if this program has not opened the store otherwise.
    SqliteOrderReader(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                      const Clock& clock)
        : clock_(clock),
          occupancy_(std::move(occupancy)),
          connection_(path, Connection::Access::read_only),
          queries_(require_newest_schema(connection_)) {
        // After it was opened by its name: it must be what the writer has open.
        if (occupancy_) occupancy_->require_same_files();
    }

    std::optional<Order> find(const OrderId& order_id) override { return queries_.find(order_id); }
    OrderPage list(const OrderQuery& query) override { return queries_.list(query); }
    OrderReport report() override { return queries_.report(clock_.now()); }
    std::vector<EnlistedWorker> enlisted_workers() override {
        return queries_.enlisted_workers(clock_.now());
    }

   private:
    const Clock& clock_;
    const std::shared_ptr<Occupancy> occupancy_;
    Connection connection_;
    OrderQueries queries_;
};

// What a writer works with: the store that it has open, for as long as that is the one at its path.
struct OccupiedStore {
    OccupiedStore(std::shared_ptr<Occupancy> occupancy, const std::string& path)
        : access(path), watch(std::move(occupancy), access.connection()) {}

    WriteAccess access;
    StoreWatch watch;
};

class SqliteIntakeTurn final : public IntakeTurn {
   public:
    SqliteIntakeTurn(OccupiedStore& store, IntakeWrites& writes, const Clock& clock)
        : store_(store), writes_(writes), clock_(clock), work_(std::in_place, store.access) {}

    StoreLevel level() override {
        assert(work_);
        return writes_.level();
    }

    IntakeOutcomes commit(const IntakeGroup& group) override {
        assert(work_);
        return store_.watch.guard([&] {
            const EndOfWork end{work_};
            IntakeOutcomes outcomes = writes_.carry_out(group, clock_.now().utc, *work_);
            work_->commit();
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
    const Clock& clock_;
    std::optional<WriteTransaction> work_;  // until the turn is over
};

class SqliteIntakeStore final : public IntakeStore {
   public:
    SqliteIntakeStore(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                      const Clock& clock)
        : clock_(clock),
          occupancy_(std::move(occupancy)),
          store_(occupancy_, path),
          writes_(store_.access.connection()) {}

    std::unique_ptr<IntakeTurn> begin() override {
        return store_.watch.explain(
            [&] { return std::make_unique<SqliteIntakeTurn>(store_, writes_, clock_); });
    }
    void tidy() override {
        store_.watch.explain([&] { store_.access.tidy(); });
    }
    void require_in_place() override { store_.watch.require_in_place(); }

   private:
    const Clock& clock_;
    const std::shared_ptr<Occupancy> occupancy_;  // until all else is closed
    OccupiedStore store_;
    IntakeWrites writes_;
};

class SqliteWorkerStore final : public WorkerStore {
   public:
    SqliteWorkerStore(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                      const Clock& clock)
        : clock_(clock),
          occupancy_(std::move(occupancy)),
          store_(occupancy_, path),
          writes_(store_.access.connection()),
          gone_workers_(store_.access),
          processed_walk_(store_.access, OrderStatus::processed),
          failed_walk_(store_.access, OrderStatus::failed) {}

    WorkerId enlist(const WorkerDescription& worker,
                    std::chrono::milliseconds lease_time) override {
        return store_.watch.guard([&] {
            WriteTransaction work(store_.access);
            const WorkerId id = writes_.enlist(worker, clock_.now(), lease_time);
            try {
                work.commit();
            } catch (...) {
                writes_.let_go(id);  // it may be the next one's
                throw;
            }
            return id;
        });
    }

    void retire(WorkerId worker) override {
        store_.watch.explain([&] {
            WriteTransaction work(store_.access);
            writes_.retire(worker);
            work.commit();
            writes_.let_go(worker);
            store_.watch.require_same();
        });
    }

    WorkerOutcomes take_turn(const WorkerTurn& turn) override {
        return store_.watch.guard([&] {
            WriteTransaction work(store_.access);
            // The time is asked for inside the turn: a lease is not shortened by the wait for it.
            WorkerOutcomes outcomes = writes_.take_turn(turn, clock_.now(), work);
            work.commit();
            writes_.note_committed();
            is_clearing_due_ |= turn.is_heartbeat;
            return outcomes;
        });
    }

    bool has_pending() override {
        return store_.watch.guard([&] { return writes_.has_pending(); });
    }
    bool has_expired() override {
        return store_.watch.guard([&] { return writes_.has_expired(clock_.now()); });
    }

    Swept sweep(OrderStatus status, std::chrono::milliseconds keep) override {
        assert(status == OrderStatus::processed || status == OrderStatus::failed);
        FinishedWalk& walk = status == OrderStatus::failed ? failed_walk_ : processed_walk_;
        return store_.watch.explain([&] { return walk.step(clock_.now().utc, keep); });
    }

    void tidy() override {
        store_.watch.explain([&] {
            store_.access.tidy();
            if (std::exchange(is_clearing_due_, false)) gone_workers_.delete_some();
        });
    }

   private:
    const Clock& clock_;
    const std::shared_ptr<Occupancy> occupancy_;  // until all else is closed
    OccupiedStore store_;
    WorkerWrites writes_;
    GoneWorkers gone_workers_;
    bool is_clearing_due_ = true;  // a worker may have left many before it died
    FinishedWalk processed_walk_;
    FinishedWalk failed_walk_;
};

class SqliteStorage final : public Storage {
   public:
    SqliteStorage(std::string location, const Clock& clock)
        : location_(std::move(location)), clock_(clock) {}

    std::string describe() override {
        try {
            return path();
        } catch (const StoreError&) {
            return location_;  // opening it will tell why
        }
    }

    std::unique_ptr<IntakeStore> open_intake() override { return open<SqliteIntakeStore>(); }
    std::unique_ptr<WorkerStore> open_worker() override { return open<SqliteWorkerStore>(); }
    std::unique_ptr<OrderReader> open_reader() override {
        const std::string path = fit_path();
        std::shared_ptr<Occupancy> occupancy = occupancy_now();
        if (!occupancy) require_own_log(path);
        return std::make_unique<SqliteOrderReader>(path, std::move(occupancy), clock_);
    }
    std::unique_ptr<WorkWatch> open_watch() override {
        return std::make_unique<DoorbellWatch>(path());
    }
    bool is_being_migrated() override {
        const std::string path = existing_store_path(location_);
        // Before it is opened: who makes it smaller keeps readers out, too.
        if (is_being_made_ready(path)) return true;
        require_own_log(path);
        Connection connection(path, Connection::Access::read_only);
        return !is_newest_schema(connection) && Turnstile(path).is_taken();
    }
    Backup back_up(const std::string& file) override { return sqlite::back_up(path(), file); }
    Verification verify() override { return sqlite::verify(path()); }
    Restored restore(const std::string& file) override { return sqlite::restore(path(), file); }

   private:
    // Resolved once, so that a link that is changed later does not lead to a second store.
    [[nodiscard]] std::string path() {
        const MutexLock lock(mutex_);
        if (path_.empty()) path_ = store_path(location_);
        return path_;
    }
    [[nodiscard]] std::string fit_path() {
        std::string path = this->path();
        require_fit_file_system(path);
        return path;
    }

    [[nodiscard]] std::shared_ptr<Occupancy> occupancy_now() {
        const MutexLock lock(mutex_);
        return occupancy_.lock();
    }
    template <typename Store>
    [[nodiscard]] std::unique_ptr<Store> open() {
        const std::shared_ptr<Occupancy> occupancy = occupy();
        try {
            return std::make_unique<Store>(path(), occupancy, clock_);
        } catch (const StoreError& error) {
            if (error.is_fatal()) occupancy->note_failure();
            throw;
        }
    }
    // The one of all that is open, or a new one.
    [[nodiscard]] std::shared_ptr<Occupancy> occupy() {
        const std::string path = fit_path();
        const MutexLock lock(mutex_);
        std::shared_ptr<Occupancy> occupancy = occupancy_.lock();
        if (!occupancy) {
            occupancy = std::make_shared<Occupancy>(path);
            occupancy_ = occupancy;
        }
        return occupancy;
    }

    const std::string location_;
    const Clock& clock_;

    Mutex mutex_;
    std::string path_ GUARDED_BY(mutex_);  // empty until it is needed
    std::weak_ptr<Occupancy> occupancy_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Storage> open_storage(const std::string& location) {
    // One for all, until the process ends: what a storage opens may outlive it.
    static const SystemClock clock;
    return open_storage(location, clock);
}

std::unique_ptr<Storage> open_storage(const std::string& location, const Clock& clock) {
    return std::make_unique<SqliteStorage>(location, clock);
}

}  // namespace orders::sqlite
