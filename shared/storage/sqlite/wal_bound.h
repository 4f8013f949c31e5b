#pragma once

// Keeps the write-ahead log short. Automatic checkpoints are off (they would run outside the
// turnstile); instead, whichever writer finds the log over its bound copies it into the database
// and starts it anew, inside the turnstile.
//
// A reader that sits on an old snapshot can keep a checkpoint from finishing. It is then tried
// again when the log has grown by another eighth of the bound, so a slow reader costs little; it is
// logged once the log passes its alarm size.

#include <chrono>
#include <functional>
#include <optional>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/turnstile.h"

namespace orders::sqlite {

class WalBound {
   public:
    // Watches the commits of the connection, which must outlive this.
    explicit WalBound(Connection& connection);
    ~WalBound();
    WalBound(const WalBound&) = delete;
    WalBound& operator=(const WalBound&) = delete;

    // Call it outside any transaction. `begin_log` is called if the next page that is written may
    // be, or was, the first of a log, inside the turnstile. Throws StoreError.
    void checkpoint_if_due(Turnstile& turnstile, const std::function<void()>& begin_log);

    // Copies the log into the database and makes its file as short as it can be, unless a reader is
    // in the way. For a store at rest. `begin_log` as above. Throws StoreError.
    void cut_log_short(Turnstile& turnstile, const std::function<void()>& begin_log);

    // In the log, after this connection's last commit.
    [[nodiscard]] int pages() const noexcept { return pages_; }

    // Pages of 4 KiB: 48 MiB. A checkpoint writes a page once, however often it is in the log, and
    // pages side by side cheaper than scattered ones, so fewer and larger ones cost less in all.
    // Measured with random ids in a store of 3,000,000, where nearly every order has a page of its
    // own: creates come to 0.57 of the rate in an empty store with 4 or 8 MiB, 0.66 with 16 or 32,
    // 0.71 with 48. All writers wait meanwhile: about 130 ms there, a few with time-ordered ids.
    static constexpr int bound_pages = 12'288;

   private:
    // How long a checkpoint waits for readers, with all writers waiting behind it.
    static constexpr std::chrono::milliseconds reader_patience{20};
    static constexpr int alarm_pages = 16'384;  // 64 MiB

    // Copies the log, by one of SQLite's ways, and begins the next one. How many pages it copied
    // if a reader was in the way.
    [[nodiscard]] std::optional<int> copy_log(int mode, const std::function<void()>& begin_log);

    Connection& connection_;
    int pages_ = 0;
    // Another writer has begun the log anew. It may have been killed before it wrote what every log
    // begins with, or be another program.
    bool is_log_new_ = false;
    int due_at_pages_ = bound_pages;
};

}  // namespace orders::sqlite
