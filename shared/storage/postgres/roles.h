#pragma once

// The parts of a store on PostgreSQL; postgres_storage.cpp opens them, when the schema is there.
// The URL must outlive what is made with it.

#include <memory>

#include "shared/storage/housekeeping_store.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/maintenance.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/postgres/server_url.h"
#include "shared/storage/work_watch.h"
#include "shared/storage/worker_store.h"

namespace orders::postgres {

using SharedUrl = std::shared_ptr<const ServerUrl>;

[[nodiscard]] std::unique_ptr<IntakeStore> open_intake(SharedUrl url);
[[nodiscard]] std::unique_ptr<WorkerStore> open_worker(SharedUrl url);
[[nodiscard]] std::unique_ptr<HousekeepingStore> open_housekeeping(SharedUrl url);
[[nodiscard]] std::unique_ptr<OrderReader> open_reader(SharedUrl url);

enum class Bell { work, ends };
[[nodiscard]] std::unique_ptr<WorkWatch> open_watch(SharedUrl url, Bell bell);

[[nodiscard]] Verification verify(const ServerUrl& url);

}  // namespace orders::postgres
