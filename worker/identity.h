#pragma once

// What identifies this worker, to the store and to people who read the report.

#include "shared/storage/open_storage.h"
#include "shared/storage/worker_store.h"

namespace orders {

// A new name each time it is called, unique among all workers there ever were.
[[nodiscard]] WorkerDescription describe_worker(int threads);

// `order-worker healthcheck`: exit_ok if a worker of this host is live, else exit_failure, with one
// line on standard error. Throws StoreError.
[[nodiscard]] int check_worker_health(Storage& storage);

}  // namespace orders
