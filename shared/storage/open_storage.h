#pragma once

// The way into durable storage: one function opens a location, and what it returns opens each part
// that a program needs. Start reading here; then order_reader.h, intake_store.h, worker_store.h and
// housekeeping_store.h say what the parts promise.
//
// A location is the path of a SQLite file, or the URL of a PostgreSQL database
// (postgresql://user@host/database). What SQLite itself would take for something else (`file:`,
// `:memory:`) is refused, and so are other URLs: a file of that name is not what was meant.
// Only the .cpp knows which backends there are.

#include <memory>
#include <stdexcept>
#include <string>

#include "shared/metrics/work_figures.h"
#include "shared/storage/change_log.h"
#include "shared/storage/copy_end.h"
#include "shared/storage/housekeeping_store.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/maintenance.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/work_watch.h"
#include "shared/storage/worker_store.h"

namespace orders {

// The location is of a kind that this program cannot open. The text never quotes it: it may hold a
// password.
class UnknownLocation : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// The orders at one location. Any thread may call it; each part it opens belongs to one thread at a
// time and may outlive it. All functions throw StoreError if the location cannot be used.
class Storage {
   public:
    virtual ~Storage() = default;

    // Which store this is, for people: the path of its file, without links; or the URL of its
    // database, of host, port, database and user alone. Never a password.
    // Opens nothing.
    [[nodiscard]] virtual std::string describe() = 0;

    // All three create what is not there yet and bring an older store up to this program's schema:
    // whichever process comes first does it, and the others wait.
    [[nodiscard]] virtual std::unique_ptr<IntakeStore> open_intake() = 0;
    [[nodiscard]] virtual std::unique_ptr<WorkerStore> open_worker() = 0;
    [[nodiscard]] virtual std::unique_ptr<HousekeepingStore> open_housekeeping() = 0;

    // From a store that one of those above has opened before.
    [[nodiscard]] virtual std::unique_ptr<OrderReader> open_reader() = 0;
    [[nodiscard]] virtual std::unique_ptr<ChangeLog> open_change_log() = 0;
    [[nodiscard]] virtual std::unique_ptr<WorkWatch> open_watch() = 0;
    // Rings after commits that cancel an order in work, and after each that ends one while somebody
    // awaits that (AwaitEnds).
    [[nodiscard]] virtual std::unique_ptr<WorkWatch> open_end_watch() = 0;

    // What its parts that write have measured of themselves. For as long as anybody has it.
    [[nodiscard]] virtual std::shared_ptr<const StoreWork> work() const = 0;

    // How often a worker that has a watch should look for what nothing announces.
    [[nodiscard]] virtual std::chrono::milliseconds look_interval() const = 0;
    // How often those who want the changes as they come should look for them.
    [[nodiscard]] virtual std::chrono::milliseconds change_look_interval() const = 0;

    // Whether a process is making the store ready now: brings an older one up to this program's
    // schema, or into the form in which it can shrink. Until that is done, no reader can be opened.
    [[nodiscard]] virtual bool is_being_migrated() = 0;

    // As maintenance.h says. The first two do not create a store that is not there.
    [[nodiscard]] virtual Backup back_up(const std::string& file) = 0;
    [[nodiscard]] virtual Verification verify() = 0;
    [[nodiscard]] virtual Restored restore(const std::string& file) = 0;

    // For copying/copy_orders.h. Only the target is created if it is not there. Either is brought
    // up to this program's schema. Throws StoreError: unusable if a program has the store open.
    [[nodiscard]] virtual std::unique_ptr<CopyEnd> open_copy_end(CopyRole role) = 0;
};

// Whether it is, or is meant to be, the URL of a PostgreSQL database.
[[nodiscard]] bool is_server_url(const std::string& location);

// Whether it is such a URL and has a password in it, as far as can be told: others on the machine
// can read a command line.
[[nodiscard]] bool shows_password(const std::string& location);

// Does not touch the location yet. Throws UnknownLocation.
[[nodiscard]] std::unique_ptr<Storage> open_storage(const std::string& location);

}  // namespace orders
