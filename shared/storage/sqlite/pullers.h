#pragma once

// The rows of workers that pull orders (lease_actions.h), one for each name. A row is live while
// its worker claims or renews; one that is not is signed off as those of any gone worker
// (sign_offs.h), keeps the leases that still run, and is live again when its name comes back.
//
// Used inside a transaction, by the thread of the connection, which must outlive this, and be up to
// date; so must the ends.

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "shared/domain/claim.h"
#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

class Pullers {
   public:
    Pullers(Connection& connection, AttemptEnds& ends);

    // A sign of life of the worker of this name, which takes these kinds (none: all), as many
    // orders at a time. Writes only if its row does not say so for long enough already. Empty if
    // there is no room for another name.
    [[nodiscard]] std::optional<WorkerId> note(const std::string& name,
                                               std::span<const KindLimit> kinds, std::size_t orders,
                                               const Moment& now, WriteTransaction& work);
    // The worker has renewed a lease.
    void note_renewal(WorkerId worker, const Moment& now);

   private:
    struct Row {
        WorkerId id;
        std::string boot_id;
        std::optional<std::chrono::milliseconds> heartbeat_until;  // empty once it is signed off
        std::optional<std::string> kinds;
        std::int64_t threads = 0;
    };

    [[nodiscard]] std::optional<Row> find(const std::string& name);
    // What it holds since before the machine was restarted: given back, and not charged.
    void give_back_all(WorkerId worker, const Moment& now, WriteTransaction& work);

    AttemptEnds& ends_;
    Statement find_;
    Statement count_;
    Statement add_;
    Statement note_;
    Statement renew_;
    Statement held_;
};

}  // namespace orders::sqlite
