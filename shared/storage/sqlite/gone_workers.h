#pragma once

// Deletes the rows of workers that are gone and that nothing names any more, a bounded number at a
// time. Otherwise a worker that is started again and again would leave a row for each start.
//
// It looks at no order but the oldest: when a worker is gone, its row says up to which order any
// can name it (migrations/sqlite/0003_signs_of_life.sql). So a row may outlive the last order that
// names it, for as long as an older order is kept, but never goes before. The newest row stays, so
// that no worker's id comes back.
//
// Used by the thread of its WriteAccess, which must outlive it, outside any transaction.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class GoneWorkers {
   public:
    static constexpr std::size_t deleted_per_step = 500;

    explicit GoneWorkers(WriteAccess& access);

    // Returns how many it deleted. If there are none, it reads a page or two and writes nothing.
    // Throws StoreError.
    std::size_t delete_some();

   private:
    [[nodiscard]] std::vector<std::int64_t> find();

    WriteAccess& access_;
    Statement find_;
    Statement erase_;
};

}  // namespace orders::sqlite
