#pragma once

// The parts of a store on PostgreSQL; postgres_storage.cpp opens them, when the schema is there.

#include <memory>

#include "shared/storage/change_log.h"
#include "shared/storage/housekeeping_store.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/maintenance.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/postgres/server.h"
#include "shared/storage/work_watch.h"
#include "shared/storage/worker_store.h"

namespace orders::postgres {

using SharedServer = std::shared_ptr<Server>;

[[nodiscard]] std::unique_ptr<IntakeStore> open_intake(SharedServer server);
[[nodiscard]] std::unique_ptr<WorkerStore> open_worker(SharedServer server);
[[nodiscard]] std::unique_ptr<HousekeepingStore> open_housekeeping(SharedServer server);
[[nodiscard]] std::unique_ptr<OrderReader> open_reader(SharedServer server);
[[nodiscard]] std::unique_ptr<ChangeLog> open_change_log(SharedServer server);

enum class Bell { work, ends };
[[nodiscard]] std::unique_ptr<WorkWatch> open_watch(SharedServer server, Bell bell);

[[nodiscard]] Verification verify(const ServerUrl& url);

}  // namespace orders::postgres
