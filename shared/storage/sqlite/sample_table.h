#pragma once

// The samples of a store (samples.h): when one is due, taking it, and reading them.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstdint>
#include <vector>

#include "shared/storage/samples.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

class SampleTable {
   public:
    explicit SampleTable(Connection& connection);

    // Whether that of `now` is still to be taken; cheap.
    [[nodiscard]] bool is_due(UtcTime now);
    // Inside a transaction. Also deletes those that are a day old, and those that were taken while
    // the clock was ahead.
    void take(const Sample& sample);
    // Those of the last `count` intervals.
    [[nodiscard]] SampleHistory read(UtcTime now, std::int64_t count);

   private:
    std::int64_t newest_ = 0;  // that was seen
    Statement find_newest_;
    Statement insert_;
    Statement delete_others_;
    Statement read_;
};

}  // namespace orders::sqlite
