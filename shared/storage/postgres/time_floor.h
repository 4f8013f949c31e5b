#pragma once

// From when on to look into a table whose rows have a time that was still to come, or was now, when
// they were written, and that go some time later. The server keeps rows that are gone for as long
// as any transaction, of whomever, may see them, and whoever looks walks over them; so looks begin
// behind them.
//
// A row may be seen only some time after it was written, when its transaction ends. So a look goes
// back by more than a transaction takes; and every few minutes it begins at the very beginning,
// because a transaction may have waited for longer (for a standby), and because the server's clock
// may be set back.
//
// Used by one thread at a time.

#include <chrono>
#include <cstdint>
#include <optional>

#include "shared/os/steady_time.h"

namespace orders::postgres {

class TimeFloor {
   public:
    // How long a transaction takes at most, if it waits for no standby (begin_group() limits each
    // of its statements to ten seconds).
    static constexpr std::chrono::milliseconds longest_transaction{20'000};

    // A look begins now: behind this time, in milliseconds since 1970.
    [[nodiscard]] std::int64_t begin_look();
    // It has found this time as the earliest one, when it was `now` by the server's clock.
    void note(std::int64_t now, std::optional<std::int64_t> earliest);
    // Behind this is what the last look has found.
    [[nodiscard]] std::int64_t after() const noexcept { return after_; }

   private:
    std::int64_t after_ = 0;
    std::int64_t last_now_ = 0;
    bool is_from_beginning_ = true;
    SteadyTime began_{};
    SteadyTime next_from_beginning_{};
};

}  // namespace orders::postgres
