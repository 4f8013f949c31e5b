#pragma once

// Cuts the write-ahead log's file short once the store has become quiet, and with it the database's
// if pages were cut off from it (spare_pages.h). Under load the log's file keeps its length,
// because blocks that stay allocated make syncs cheap (wal_bound.h).
//
// Quiet means that the log has grown by next to nothing for a minute. It need not be nothing:
// heartbeats go on. How long the log is, only a connection that has just committed knows; so it is
// one of those that cuts, or any one if nobody has committed at all.
//
// Belongs to the thread of the connection.

#include <chrono>
#include <cstdint>
#include <functional>

#include "shared/os/steady_time.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/turnstile.h"
#include "shared/storage/sqlite/wal_bound.h"

namespace orders::sqlite {

struct LogAtRestPace {
    std::chrono::milliseconds between_looks{1'000};
    std::chrono::milliseconds quiet{60'000};
};

class LogAtRest {
   public:
    // Both must outlive this.
    LogAtRest(Connection& connection, WalBound& bound, const LogAtRestPace& pace = {});

    // Call it outside any transaction. `begin_log` as for WalBound. Throws StoreError.
    void cut_short_if_quiet(Turnstile& turnstile, const std::function<void()>& begin_log);

    // Pages by which a quiet log may grow, in the time that is called quiet: what a dozen workers'
    // heartbeats take.
    static constexpr int quiet_pages = 1'024;
    // Shorter logs are left as they are.
    static constexpr std::int64_t short_log_bytes = 1'048'576;

   private:
    [[nodiscard]] bool is_quiet(SteadyTime now);
    [[nodiscard]] bool is_worth_it();

    // Constant after construction.
    Connection& connection_;
    WalBound& bound_;
    const LogAtRestPace pace_;
    const std::int64_t page_size_;

    Statement pages_of_database_;
    Statement others_version_;
    SteadyTime next_look_{};
    // As the last look found it.
    std::int64_t others_ = 0;
    int pages_ = 0;
    SteadyTime unchanged_since_{};
    // Since when the log has grown by little, and from how many pages.
    SteadyTime slow_since_{};
    int slow_from_ = 0;
};

}  // namespace orders::sqlite
