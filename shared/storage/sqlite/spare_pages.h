#pragma once

// Gives back to the file system what deleted orders leave behind. SQLite keeps the pages that they
// were on for what comes later; once more than half of a file is such spare pages, they are cut
// off, portion by portion, until it is no longer than twice what it holds. The file gets shorter
// with the next checkpoint (log_at_rest.h).
//
// A portion is a write transaction of a few milliseconds, with pauses between them, so that other
// writers hardly notice. A file that is small stays as it is, and so does one from before 0.2.0
// that could not be rewritten (shrinkable.h).
//
// Belongs to the thread of the connection.

#include <chrono>
#include <cstdint>

#include "shared/os/steady_time.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/turnstile.h"

namespace orders::sqlite {

struct SparePagesPace {
    std::chrono::milliseconds between_looks{1'000};  // if there was nothing to do
    std::chrono::milliseconds between_portions{50};
    // Other writers wait for so long, and for the commit.
    std::chrono::microseconds portion{5'000};
    std::int64_t smallest_file_pages = 2'048;  // 8 MiB
};

class SparePages {
   public:
    // The connection must outlive this.
    explicit SparePages(Connection& connection, const SparePagesPace& pace = {});

    // Call it outside any transaction. Throws StoreError.
    void cut_off_if_due(Turnstile& turnstile);

   private:
    [[nodiscard]] bool are_too_many();
    void cut_off_portion();

    // Constant after construction.
    Connection& connection_;
    const SparePagesPace pace_;
    const bool can_shrink_;

    Statement spare_;
    Statement all_;
    Statement cut_off_;
    SteadyTime next_look_{};
};

}  // namespace orders::sqlite
