#pragma once

// What the promises of this store rest on, by name. In the programs that ship all of them are
// always on, and no setting can change that. The fault suite links its own safeguards.cpp instead
// (tests/faults/control_safeguards.cpp), which can leave one out: the attacks must then be
// noticed, because a suite that cannot fail proves nothing.

#include <cstdint>

#include "shared/domain/claim.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

enum class Safeguard {
    commit_sync,        // a commit is on disk before it is answered (synchronous=FULL)
    sync_failure_ends,  // a sync that failed is never tried again: the process ends
    turnstile,          // writers take turns, first come first served
    fencing_token,      // a lease that was taken back settles nothing
    lease_expiry,       // what a dead worker held comes back
};

// Any thread may ask.
[[nodiscard]] bool is_on(Safeguard safeguard) noexcept;

// The fencing token: what an order must have as its newest token for this lease to be good. It is
// the lease's own. (Without the safeguard it is whatever token the order has.)
[[nodiscard]] std::int64_t token_to_match(const Lease& lease, Connection& connection);

}  // namespace orders::sqlite
