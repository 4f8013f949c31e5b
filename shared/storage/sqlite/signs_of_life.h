#pragma once

// Which workers live: the one place that judges, for those that take orders back and for those that
// report.
//
// A worker locks the byte of its id in the presence file (presence_file.h) for as long as it lives.
// So a free byte is a death, whatever clocks and boot ids say, and a locked one is a process that
// is there. Whether that process also works is told by its heartbeat, which it writes by its own
// clock. If that is the clock of this process (clock.h), the times are compared. If it is not, or
// if the time is further away than the longest lease, which another clock is more likely to have
// written than a worker that lives, times are not compared at all: then a worker hangs if its
// heartbeat has been seen unchanged for long enough.
//
// Workers of 0.1.0, which may still run while newer ones start, lock nothing, and neither do those
// that pull (pullers.h). They are judged by time, and by the boot id.
//
// Belongs to one thread. What it has signed on is dead to others as soon as it is destroyed.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/presence_file.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

enum class Life {
    live,
    silent,           // for too long to be live; each of its leases runs out at its time
    absent,           // the same, but nothing tells whether its process is there: to be signed off
    hung,             // for as long as its leases last: all of them are over
    dead,             // so are they then
    ended_by_reboot,  // the same, but by no fault of the orders in it
};

// Whether it will never do anything again.
[[nodiscard]] constexpr bool is_gone(Life life) noexcept {
    return life == Life::dead || life == Life::ended_by_reboot;
}

struct KnownWorker {
    WorkerId id;
    WorkerDescription description;
    UtcTime started_at;
    Life life = Life::live;
    // Since its last heartbeat, if its clock is the one of this process.
    std::optional<std::chrono::milliseconds> silent_for = {};
    bool pulls = false;  // lease_actions.h
};

class SignsOfLife {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit SignsOfLife(Connection& connection);

    // Locks the worker's byte until sign_off() or destruction. Throws StoreError (unusable) if
    // another has it.
    void sign_on(WorkerId worker);
    void sign_off(WorkerId worker);

    // All workers that have neither retired nor been signed off, by id. Looking twice within
    // moments, or at long intervals, does no harm.
    [[nodiscard]] std::vector<KnownWorker> look(const Moment& now);
    // The same without those that pull and are live, of which there may be thousands: for whoever
    // looks for workers that are not.
    [[nodiscard]] std::vector<KnownWorker> look_for_gone(const Moment& now);

   private:
    // What is known of the clock and the heartbeat of a worker.
    struct Heartbeat {
        std::chrono::milliseconds until{0};  // by the worker's clock
        std::string boot_id;
        std::chrono::milliseconds lease_time{0};
        bool holds_lock = false;

        [[nodiscard]] bool is_comparable(const Moment& now) const;
    };
    struct Watched {
        std::chrono::milliseconds heartbeat_until{0};
        std::chrono::milliseconds last_look{0};
        std::chrono::milliseconds silent_for{0};
    };
    using WatchedWorkers = std::map<WorkerId, Watched>;

    [[nodiscard]] std::vector<KnownWorker> judge_all(Cursor rows, const Moment& now);
    [[nodiscard]] Life judge(WorkerId worker, const Heartbeat& heartbeat, const Moment& now);
    [[nodiscard]] bool is_present(WorkerId worker) const;
    // For how long it has been seen to be silent.
    [[nodiscard]] std::chrono::milliseconds watch(WorkerId worker, const Heartbeat& heartbeat,
                                                  const Moment& now);

    PresenceFile presence_;
    Statement enlisted_;
    Statement of_concern_;
    std::set<WorkerId> ours_;
    WatchedWorkers watched_;  // those whose clock is not ours
};

}  // namespace orders::sqlite
