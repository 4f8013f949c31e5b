#pragma once

// The roles of a store on SQLite (shared/storage/open_storage.h): each has a connection of its own,
// and the store's watch if it writes. Each begins its transactions, asks for what is to be done
// inside them, and commits.

#include <memory>
#include <string>

#include "shared/metrics/work_figures.h"
#include "shared/storage/change_log.h"
#include "shared/storage/housekeeping_store.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

// Whether the schema is this program's. Throws StoreError (unusable) if it is a newer one.
[[nodiscard]] bool is_newest_schema(Connection& connection);
// Throws StoreError (unusable) unless it is. Returns the connection.
Connection& require_newest_schema(Connection& connection);

// All of these throw StoreError. The clock must outlive what they return.

// Without an occupancy if this program has not opened the store otherwise.
[[nodiscard]] std::unique_ptr<OrderReader> open_reader(const std::string& path,
                                                       std::shared_ptr<Occupancy> occupancy,
                                                       const Clock& clock);
// In the figures they measure themselves.
[[nodiscard]] std::unique_ptr<IntakeStore> open_intake(const std::string& path,
                                                       std::shared_ptr<Occupancy> occupancy,
                                                       const Clock& clock,
                                                       std::shared_ptr<RoleFigures> figures);
[[nodiscard]] std::unique_ptr<WorkerStore> open_worker(const std::string& path,
                                                       std::shared_ptr<Occupancy> occupancy,
                                                       const Clock& clock,
                                                       std::shared_ptr<RoleFigures> figures);
[[nodiscard]] std::unique_ptr<HousekeepingStore> open_housekeeping(
    const std::string& path, std::shared_ptr<Occupancy> occupancy, const Clock& clock,
    std::shared_ptr<RoleFigures> figures);
// As a reader.
[[nodiscard]] std::unique_ptr<ChangeLog> open_change_log(const std::string& path,
                                                         std::shared_ptr<Occupancy> occupancy);

}  // namespace orders::sqlite
