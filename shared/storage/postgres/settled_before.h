#pragma once

// Of settlements that are sent once more, because the answer was lost: which of them were done by
// then. The store does not know their leases any more, so they look lost.

#include <span>
#include <vector>

#include "shared/storage/postgres/transaction.h"
#include "shared/storage/worker_store.h"

namespace orders::postgres {

void send_settled_before(Transaction& transaction, std::span<const Settlement> settlements);

// With the result of that: those count as settled.
void take_settled_before(const Rows& rows, std::vector<SettleOutcome>& outcomes);

}  // namespace orders::postgres
