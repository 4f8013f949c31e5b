#pragma once

// What every store that writes is built on: the database opened for writing and up to date, and the
// transaction, which is the same for intakes and workers: BEGIN IMMEDIATE inside the turnstile, the
// counters kept, COMMIT, and the bell rung if there is something to claim.
//
// A WriteAccess and its transactions are used by one thread at a time; it has one transaction at a
// time, which must not outlive it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shared/domain/order.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/doorbell.h"
#include "shared/storage/sqlite/log_at_rest.h"
#include "shared/storage/sqlite/spare_pages.h"
#include "shared/storage/sqlite/store_identity.h"
#include "shared/storage/sqlite/turnstile.h"
#include "shared/storage/sqlite/wal_bound.h"

namespace orders::sqlite {

// How often a store is looked after; the defaults are for everybody but tests.
struct TidyPace {
    SparePagesPace spare_pages{};
    LogAtRestPace log_at_rest{};
};

class WriteAccess {
   public:
    // Creates the database and its companions if they are missing, and migrates it. Throws
    // StoreError.
    explicit WriteAccess(const std::string& database_path, const TidyPace& pace = {});

    [[nodiscard]] Connection& connection() noexcept { return *connection_; }

    // Keeps the write-ahead log short, and gives back room that is no longer needed. Call it
    // outside any transaction. Throws StoreError.
    void tidy() {
        const auto begin_log = [this] { log_beginning_.write(); };
        wal_bound_.checkpoint_if_due(turnstile_, begin_log);
        spare_pages_.cut_off_if_due(turnstile_);
        log_at_rest_.cut_short_if_quiet(turnstile_, begin_log);
    }

   private:
    friend class WriteTransaction;

    Turnstile turnstile_;
    std::unique_ptr<Connection> connection_;
    Doorbell doorbell_;
    WalBound wal_bound_;
    LogBeginning log_beginning_;
    SparePages spare_pages_;
    LogAtRest log_at_rest_;
    Statement begin_;
    Statement add_to_count_;
};

class WriteTransaction {
   public:
    // Waits for its turn among all writers of all processes, first come first served, and holds
    // them off until it is over. Throws StoreError.
    explicit WriteTransaction(WriteAccess& access);
    // Without a commit() nothing of it is kept.
    ~WriteTransaction();
    WriteTransaction(const WriteTransaction&) = delete;
    WriteTransaction& operator=(const WriteTransaction&) = delete;

    // Call one of these for every order that the transaction creates, moves on or deletes: the
    // counters and the bell depend on it.
    void note_created(Priority priority);
    void note_moved(Priority priority, OrderStatus from, OrderStatus to);
    void note_deleted(Priority priority, OrderStatus status);

    // Returns once all of it is on disk and others may write. Throws StoreError; then nothing of it
    // is kept unless the error's kind says otherwise, and others must wait until this is destroyed.
    void commit();

   private:
    void count(Priority priority, OrderStatus status, std::int64_t change);
    void write_counts();

    WriteAccess& access_;
    std::optional<Turnstile::Pass> pass_;  // until the transaction is over
    // What the counters have to change by; written once, in commit().
    Counts count_changes_{};
    bool has_made_claimable_ = false;
};

}  // namespace orders::sqlite
