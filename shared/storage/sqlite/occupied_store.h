#pragma once

// What a writer works with: the store that it has open, for as long as that is the one at its path.

#include <memory>
#include <string>
#include <utility>

#include "shared/metrics/work_figures.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/store_watch.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

struct OccupiedStore {
    OccupiedStore(std::shared_ptr<Occupancy> occupancy, const std::string& path, const Clock& clock,
                  std::shared_ptr<RoleFigures> figures)
        : access(path, clock, std::move(figures)),
          watch(std::move(occupancy), access.connection()) {}

    WriteAccess access;
    StoreWatch watch;
};

}  // namespace orders::sqlite
