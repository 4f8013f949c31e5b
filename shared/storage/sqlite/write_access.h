#pragma once

// What every store that writes is built on: the database opened for writing and up to date, and the
// transaction, which is the same for intakes and workers: BEGIN IMMEDIATE inside the turnstile, the
// counters kept, COMMIT, and a bell rung if there is something to claim, or if an end is awaited.
//
// A WriteAccess and its transactions are used by one thread at a time; it has one transaction at a
// time, which must not outlive it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/order.h"
#include "shared/metrics/work_figures.h"
#include "shared/os/steady_time.h"
#include "shared/storage/decisions/order_totals.h"
#include "shared/storage/sqlite/change_rows.h"
#include "shared/storage/sqlite/clock.h"
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
    // Creates the database and its companions if they are missing, and migrates it. The clock must
    // outlive this. What transactions take is counted in the figures. Throws StoreError.
    WriteAccess(const std::string& database_path, const Clock& clock,
                std::shared_ptr<RoleFigures> figures, const TidyPace& pace = {});
    WriteAccess(const std::string& database_path, const Clock& clock, const TidyPace& pace = {})
        : WriteAccess(database_path, clock, std::make_shared<RoleFigures>(), pace) {}

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

    const Clock& clock_;
    const std::shared_ptr<RoleFigures> figures_;
    Turnstile turnstile_;
    std::unique_ptr<Connection> connection_;
    Doorbell doorbell_;
    Doorbell end_bell_;
    WalBound wal_bound_;
    LogBeginning log_beginning_;
    SparePages spare_pages_;
    LogAtRest log_at_rest_;
    Statement begin_;
    Statement add_to_count_;
    Statement begin_count_;
    Statement add_to_total_;
    Statement add_to_content_;
    Statement count_cancels_;
    Statement awaited_;
    ChangeRows changes_;
    Statement last_place_;
    Statement newest_place_;
    Statement note_last_place_;
    Statement probe_;
};

// How an order is counted besides its status.
struct CountedAs {
    std::int64_t kind = 0;  // of table kinds
    Priority priority{};
    friend bool operator==(CountedAs, CountedAs) = default;
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

    // The time at which the transaction happens: asked for once, inside the turn. Throws StoreError
    // (busy) while the wall clock has not been set.
    [[nodiscard]] const Moment& now();

    // Call one of these for every order that the transaction creates, moves on, counts anew or
    // deletes: the counters and the bells depend on it.
    void note_created(CountedAs as, StoredStatus status);
    void note_moved(CountedAs as, StoredStatus from, StoredStatus to);
    void note_deleted(CountedAs as, StoredStatus status);
    // Whether somebody wants to learn what happens to orders. If so, call note_change() for each
    // order that the transaction creates, and each whose status or priority it changes for clients.
    [[nodiscard]] bool keeps_changes() { return awaited().changes; }
    void note_change(const NotedChange& change) { access_.changes_.add(change, now().utc); }
    // What is awaited, or whether it is, has changed.
    void note_awaited() noexcept { awaited_.reset(); }
    // It is Pending, and has another priority, or waits, or no longer does.
    void note_recounted(CountedAs from, StoredStatus from_status, CountedAs to,
                        StoredStatus to_status);
    // Besides note_moved(): why an order is Failed, and how an attempt ended that did not succeed.
    void note_failed(CountedAs as, std::string_view reason) {
        count_total(failed_for(reason), as.kind);
    }
    void note_attempt(CountedAs as, Total how) { count_total(how, as.kind); }
    // Orders that were in the queue already may be claimed from now on.
    void note_claimable() noexcept { has_made_claimable_ = true; }
    // Payloads or results of so many bytes came, or went if it is negative.
    void note_content(std::int64_t bytes) noexcept { content_bytes_ += bytes; }

    // Changes what nobody reads, for a transaction that is to prove that writes are taken.
    void prove() { access_.probe_.run(to_column(now().utc)); }

    // Brings the counters up to date, for whoever reads them in here; commit() does it anyway.
    void write_counts();

    // A place in the queue behind all that have one now, before all that come later, for an order
    // that did not arrive just now; of several, the first of as many that follow each other.
    [[nodiscard]] std::int64_t take_places(std::int64_t orders);
    [[nodiscard]] std::int64_t take_place() { return take_places(1); }

    // Returns once all of it is on disk and others may write. Throws StoreError; then nothing of it
    // is kept unless the error's kind says otherwise, and others must wait until this is destroyed.
    void commit();

   private:
    void count(CountedAs as, StoredStatus status, std::int64_t change);
    void count_total(Total total, std::int64_t kind = 0, Priority priority = Priority::high,
                     std::int64_t change = 1);
    struct Awaited {
        bool ends;
        bool changes;
    };
    [[nodiscard]] const Awaited& awaited();

    struct TotalChange {
        Total total{};
        CountedAs as;
        std::int64_t change = 0;
    };
    struct CountChange {
        CountedAs as;
        StoredStatus status{};
        std::int64_t change = 0;
    };

    WriteAccess& access_;
    SteadyTime asked_at_;
    std::optional<Turnstile::Pass> pass_;  // until the transaction is over
    SteadyTime began_at_;
    std::optional<Moment> now_;
    std::optional<Awaited> awaited_;
    std::size_t orders_ = 0;  // that were noted so far
    // What the counters have to change by; written once, in commit(). Few, so they are looked
    // through.
    std::vector<CountChange> count_changes_;
    std::vector<TotalChange> total_changes_;
    std::int64_t content_bytes_ = 0;
    std::int64_t cancels_in_work_ = 0;
    std::optional<std::int64_t> last_place_;    // that was taken; written in commit()
    std::optional<std::int64_t> newest_place_;  // of an order by its arrival, until another arrives
    bool has_made_claimable_ = false;
    bool has_ended_some_ = false;
};

}  // namespace orders::sqlite
