#pragma once

// What identifies this worker, to the store and to people who read the report.

#include <cstddef>
#include <optional>
#include <string>

#include "shared/storage/open_storage.h"
#include "shared/storage/worker_store.h"

namespace orders {

// What the operator calls the worker becomes its label, and the beginning of its name; without, the
// host and the process do. The rest of the name is new each time, so that it is unique among all
// workers there ever were.
[[nodiscard]] WorkerDescription describe_worker(std::size_t orders_at_once,
                                                const std::optional<std::string>& label);

// `order-worker healthcheck`: whether the worker with this label is live; without one, whether all
// workers of the caller's PID namespace (its container, or else the machine) are, and there is one.
// One that is gone for good is not missed there. While the store is being migrated, no worker can
// have signed on, and all is well.
//
// Returns exit_ok, or exit_failure with one line on standard error. Throws StoreError.
[[nodiscard]] int check_worker_health(Storage& storage, const std::optional<std::string>& label);

}  // namespace orders
