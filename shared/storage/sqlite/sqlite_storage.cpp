#include "shared/storage/sqlite/sqlite_storage.h"

#include <utility>

#include "shared/os/mutex.h"
#include "shared/storage/sqlite/care/backup.h"
#include "shared/storage/sqlite/care/copy_end.h"
#include "shared/storage/sqlite/care/restore.h"
#include "shared/storage/sqlite/care/verification.h"
#include "shared/storage/sqlite/doorbell.h"
#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/sqlite_roles.h"
#include "shared/storage/sqlite/store_path.h"
#include "shared/storage/sqlite/turnstile.h"

namespace orders::sqlite {
namespace {

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

    std::unique_ptr<IntakeStore> open_intake() override {
        return open(sqlite::open_intake, work_->intake);
    }
    std::unique_ptr<WorkerStore> open_worker() override {
        return open(sqlite::open_worker, work_->dispatcher);
    }
    std::unique_ptr<HousekeepingStore> open_housekeeping() override {
        return open(sqlite::open_housekeeping, work_->maintenance);
    }
    std::unique_ptr<OrderReader> open_reader() override {
        const std::string path = fit_path();
        std::shared_ptr<Occupancy> occupancy = occupancy_now();
        if (!occupancy) require_own_log(path);
        return sqlite::open_reader(path, std::move(occupancy), clock_);
    }
    std::unique_ptr<ChangeLog> open_change_log() override {
        return sqlite::open_change_log(fit_path(), occupancy_now());
    }
    std::unique_ptr<WorkWatch> open_watch() override {
        return std::make_unique<DoorbellWatch>(path(), Bell::work);
    }
    std::unique_ptr<WorkWatch> open_end_watch() override {
        return std::make_unique<DoorbellWatch>(path(), Bell::ends);
    }
    std::shared_ptr<const StoreWork> work() const override { return work_; }
    // A look costs next to nothing here.
    std::chrono::milliseconds look_interval() const override {
        return std::chrono::milliseconds(250);
    }
    std::chrono::milliseconds change_look_interval() const override {
        return std::chrono::milliseconds(25);
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
    std::unique_ptr<CopyEnd> open_copy_end(CopyRole role) override {
        if (role == CopyRole::source) (void)existing_store_path(location_);
        return sqlite::open_copy_end(fit_path(), clock_);
    }

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
    template <typename Role>
    using OpenRole = std::unique_ptr<Role> (*)(const std::string&, std::shared_ptr<Occupancy>,
                                               const Clock&, std::shared_ptr<RoleFigures>);
    template <typename Role>
    [[nodiscard]] std::unique_ptr<Role> open(OpenRole<Role> open_role, RoleFigures& figures) {
        const std::shared_ptr<Occupancy> occupancy = occupy();
        try {
            return open_role(path(), occupancy, clock_,
                             std::shared_ptr<RoleFigures>(work_, &figures));
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
    const std::shared_ptr<StoreWork> work_ = std::make_shared<StoreWork>();

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
