// The store as housekeeping sees it (housekeeping_store.h).

#include <cassert>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "shared/os/steady_time.h"
#include "shared/storage/sqlite/change_keeping.h"
#include "shared/storage/sqlite/finished_walk.h"
#include "shared/storage/sqlite/gone_workers.h"
#include "shared/storage/sqlite/housekeeping_writes.h"
#include "shared/storage/sqlite/occupied_store.h"
#include "shared/storage/sqlite/order_report.h"
#include "shared/storage/sqlite/sample_table.h"
#include "shared/storage/sqlite/sqlite_roles.h"

namespace orders::sqlite {
namespace {

class SqliteHousekeepingStore final : public HousekeepingStore {
   public:
    SqliteHousekeepingStore(const std::string& path, std::shared_ptr<Occupancy> occupancy,
                            const Clock& clock, std::shared_ptr<RoleFigures> figures)
        : clock_(clock),
          occupancy_(std::move(occupancy)),
          store_(occupancy_, path, clock, std::move(figures)),
          writes_(store_.access.connection()),
          report_(store_.access.connection()),
          samples_(store_.access.connection()),
          gone_workers_(store_.access),
          changes_(store_.access),
          processed_walk_(store_.access, StoredStatus::processed),
          failed_walk_(store_.access, StoredStatus::failed),
          cancelled_walk_(store_.access, StoredStatus::cancelled),
          size_walk_(store_.access) {}

    Chores look() override {
        return store_.watch.guard([&] {
            const Moment now = clock_.now();
            Chores chores = writes_.look(now);
            chores.has_sample_due = samples_.is_due(now.utc);
            return chores;
        });
    }

    HousekeepingOutcomes take_turn(const HousekeepingTurn& turn) override {
        return store_.watch.guard([&] {
            WriteTransaction work(store_.access);
            HousekeepingOutcomes outcomes = writes_.take_turn(turn, work);
            work.commit();
            return outcomes;
        });
    }

    void add_figures(const std::string& figures) override {
        store_.watch.explain([&] {
            WriteTransaction work(store_.access);
            writes_.add_figures(figures);
            work.commit();
            store_.watch.require_same();
        });
    }

    Swept sweep(OrderStatus status, std::chrono::milliseconds keep) override {
        assert(is_end(status));
        FinishedWalk& walk = status == OrderStatus::processed ? processed_walk_
                             : status == OrderStatus::failed  ? failed_walk_
                                                              : cancelled_walk_;
        return store_.watch.explain([&] { return walk.step(clock_.now().utc, keep); });
    }
    Swept sweep_beyond(std::int64_t max_bytes) override {
        return store_.watch.explain([&] { return size_walk_.step(max_bytes); });
    }

    void take_sample() override {
        store_.watch.explain([&] {
            const Sample sample = sample_of(report_.figures(clock_.now()));
            WriteTransaction work(store_.access);
            samples_.take(sample);
            work.commit();
            store_.watch.require_same();
        });
    }

    void tidy() override {
        store_.watch.explain([&] {
            store_.access.tidy();
            const SteadyTime now = std::chrono::steady_clock::now();
            if (now >= next_change_step_) {
                next_change_step_ = now + between_change_steps;
                changes_.step(clock_.now().utc);
            }
            if (now < next_clearing_) return;
            next_clearing_ = now + between_clearings;
            gone_workers_.delete_some();
        });
    }

   private:
    // Rows of workers that are gone are in nobody's way.
    static constexpr std::chrono::seconds between_clearings{3};
    static constexpr std::chrono::milliseconds between_change_steps{500};

    const Clock& clock_;
    const std::shared_ptr<Occupancy> occupancy_;  // until all else is closed
    OccupiedStore store_;
    HousekeepingWrites writes_;
    ReportQueries report_;
    SampleTable samples_;
    GoneWorkers gone_workers_;
    ChangeTidying changes_;
    SteadyTime next_change_step_{};
    SteadyTime next_clearing_{};
    FinishedWalk processed_walk_;
    FinishedWalk failed_walk_;
    FinishedWalk cancelled_walk_;
    SizeWalk size_walk_;
};

}  // namespace

std::unique_ptr<HousekeepingStore> open_housekeeping(const std::string& path,
                                                     std::shared_ptr<Occupancy> occupancy,
                                                     const Clock& clock,
                                                     std::shared_ptr<RoleFigures> figures) {
    return std::make_unique<SqliteHousekeepingStore>(path, std::move(occupancy), clock,
                                                     std::move(figures));
}

}  // namespace orders::sqlite
