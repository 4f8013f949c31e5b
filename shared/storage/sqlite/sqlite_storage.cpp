#include "shared/storage/sqlite/sqlite_storage.h"

#include <cassert>
#include <optional>
#include <utility>

#include "shared/storage/sqlite/care/backup.h"
#include "shared/storage/sqlite/care/restore.h"
#include "shared/storage/sqlite/care/verification.h"
#include "shared/storage/sqlite/doorbell.h"
#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/finished_walk.h"
#include "shared/storage/sqlite/intake_writes.h"
#include "shared/storage/sqlite/order_queries.h"
#include "shared/storage/sqlite/store_path.h"
#include "shared/storage/sqlite/worker_writes.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {
namespace {

class SqliteOrderReader final : public OrderReader {
   public:
    SqliteOrderReader(const std::string& path, const Clock& clock)
        : clock_(clock), connection_(path, Connection::Access::read_only), queries_(connection_) {}

    std::optional<Order> find(const OrderId& order_id) override { return queries_.find(order_id); }
    OrderPage list(const OrderQuery& query) override { return queries_.list(query); }
    OrderReport report() override { return queries_.report(clock_.now()); }

   private:
    const Clock& clock_;
    Connection connection_;
    OrderQueries queries_;
};

class SqliteIntakeTurn final : public IntakeTurn {
   public:
    SqliteIntakeTurn(WriteAccess& access, IntakeWrites& writes, const Clock& clock)
        : writes_(writes), clock_(clock), work_(std::in_place, access) {}

    StoreLevel level() override {
        assert(work_);
        return writes_.level();
    }

    IntakeOutcomes commit(const IntakeGroup& group) override {
        assert(work_);
        const EndOfWork end{work_};
        IntakeOutcomes outcomes = writes_.carry_out(group, clock_.now().utc, *work_);
        work_->commit();
        return outcomes;
    }

   private:
    // However a commit ends: rolls back what is left of it, and lets others write.
    struct EndOfWork {
        std::optional<WriteTransaction>& work;
        ~EndOfWork() { work.reset(); }
    };

    IntakeWrites& writes_;
    const Clock& clock_;
    std::optional<WriteTransaction> work_;  // until the turn is over
};

class SqliteIntakeStore final : public IntakeStore {
   public:
    SqliteIntakeStore(const std::string& path, const Clock& clock)
        : clock_(clock), access_(path), writes_(access_.connection()) {}

    std::unique_ptr<IntakeTurn> begin() override {
        return std::make_unique<SqliteIntakeTurn>(access_, writes_, clock_);
    }
    void tidy() override { access_.tidy(); }

   private:
    const Clock& clock_;
    WriteAccess access_;
    IntakeWrites writes_;
};

class SqliteWorkerStore final : public WorkerStore {
   public:
    SqliteWorkerStore(const std::string& path, const Clock& clock)
        : clock_(clock),
          access_(path),
          writes_(access_.connection()),
          processed_walk_(access_, OrderStatus::processed),
          failed_walk_(access_, OrderStatus::failed) {}

    WorkerId enlist(const WorkerDescription& worker,
                    std::chrono::milliseconds lease_time) override {
        WriteTransaction work(access_);
        const WorkerId id = writes_.enlist(worker, clock_.now(), lease_time);
        work.commit();
        return id;
    }

    void retire(WorkerId worker) override {
        WriteTransaction work(access_);
        writes_.retire(worker);
        work.commit();
    }

    WorkerOutcomes take_turn(const WorkerTurn& turn) override {
        WriteTransaction work(access_);
        // The time is asked for inside the turn: a lease is not shortened by the wait for it.
        WorkerOutcomes outcomes = writes_.take_turn(turn, clock_.now(), work);
        work.commit();
        return outcomes;
    }

    WaitingWork waiting_work() override { return writes_.waiting_work(clock_.now()); }

    Swept sweep(OrderStatus status, std::chrono::milliseconds keep) override {
        assert(status == OrderStatus::processed || status == OrderStatus::failed);
        FinishedWalk& walk = status == OrderStatus::failed ? failed_walk_ : processed_walk_;
        return walk.step(clock_.now().utc, keep);
    }

    void tidy() override { access_.tidy(); }

   private:
    const Clock& clock_;
    WriteAccess access_;
    WorkerWrites writes_;
    FinishedWalk processed_walk_;
    FinishedWalk failed_walk_;
};

class SqliteStorage final : public Storage {
   public:
    SqliteStorage(std::string location, const Clock& clock)
        : location_(std::move(location)), clock_(clock) {}

    std::unique_ptr<IntakeStore> open_intake() override {
        return std::make_unique<SqliteIntakeStore>(fit_path(), clock_);
    }
    std::unique_ptr<WorkerStore> open_worker() override {
        return std::make_unique<SqliteWorkerStore>(fit_path(), clock_);
    }
    std::unique_ptr<OrderReader> open_reader() override {
        return std::make_unique<SqliteOrderReader>(fit_path(), clock_);
    }
    std::unique_ptr<WorkWatch> open_watch() override {
        return std::make_unique<DoorbellWatch>(usable_path(location_));
    }
    Backup back_up(const std::string& file) override { return sqlite::back_up(location_, file); }
    Verification verify() override { return sqlite::verify(location_); }
    Restored restore(const std::string& file) override { return sqlite::restore(location_, file); }

   private:
    [[nodiscard]] std::string fit_path() const {
        std::string path = usable_path(location_);
        require_fit_file_system(path);
        return path;
    }

    const std::string location_;
    const Clock& clock_;
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
