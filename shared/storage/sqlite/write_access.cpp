#include "shared/storage/sqlite/write_access.h"

#include <algorithm>
#include <utility>

#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/sync_directory.h"

namespace orders::sqlite {
namespace {

// Opening may recover the log of a process that died, and migrating writes: both must be done as a
// writer.
std::unique_ptr<Connection> open_up_to_date(const std::string& path, Turnstile& turnstile) {
    const Turnstile::Pass pass = turnstile.enter_to_open();
    auto connection = std::make_unique<Connection>(path, Connection::Access::read_write);
    migrate(*connection, embedded_migrations());
    sync_names(path);
    return connection;
}

}  // namespace

WriteAccess::WriteAccess(const std::string& database_path, const Clock& clock,
                         std::shared_ptr<RoleFigures> figures, const TidyPace& pace)
    : clock_(clock),
      figures_(std::move(figures)),
      turnstile_(database_path),
      connection_(open_up_to_date(database_path, turnstile_)),
      doorbell_(database_path, Bell::work),
      end_bell_(database_path, Bell::ends),
      wal_bound_(*connection_),
      log_beginning_(*connection_),
      spare_pages_(*connection_, pace.spare_pages),
      log_at_rest_(*connection_, wal_bound_, pace.log_at_rest),
      begin_(*connection_, "BEGIN IMMEDIATE"),
      add_to_count_(*connection_,
                    "UPDATE order_counts SET orders = orders + ?4"
                    " WHERE status = ?1 AND kind = ?2 AND priority = ?3"),
      begin_count_(*connection_,
                   "INSERT INTO order_counts (status, kind, priority, orders) VALUES (?, ?, ?, ?)"),
      add_to_total_(*connection_,
                    "INSERT INTO order_totals (total, kind, priority, number) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (total, kind, priority)"
                    " DO UPDATE SET number = number + excluded.number"),
      add_to_content_(*connection_,
                      "UPDATE bookkeeping SET content_bytes = content_bytes + ? WHERE id = 1"),
      count_cancels_(*connection_, "UPDATE bookkeeping SET cancels = cancels + ? WHERE id = 1"),
      awaited_(*connection_,
               "SELECT ends_awaited_until > ?, changes_awaited_until > 0"
               " FROM bookkeeping WHERE id = 1"),
      changes_(*connection_),
      last_place_(*connection_, "SELECT last_place FROM bookkeeping WHERE id = 1"),
      newest_place_(*connection_, "SELECT coalesce(max(seq) << 20, 0) FROM orders"),
      note_last_place_(*connection_, "UPDATE bookkeeping SET last_place = ? WHERE id = 1"),
      probe_(*connection_,
             "UPDATE write_probe SET written_at = max(?, written_at + 1) WHERE id = 1") {}

WriteTransaction::WriteTransaction(WriteAccess& access)
    : access_(access),
      asked_at_(std::chrono::steady_clock::now()),
      pass_(access.turnstile_.enter()),
      began_at_(std::chrono::steady_clock::now()) {
    access_.figures_->turn_waits.observe(began_at_ - asked_at_);
    access_.begin_.run();
    access_.changes_.begin();
}

WriteTransaction::~WriteTransaction() {
    access_.connection_->roll_back();
}

const Moment& WriteTransaction::now() {
    if (!now_) now_ = access_.clock_.now();
    return *now_;
}

void WriteTransaction::note_created(CountedAs as, StoredStatus status) {
    newest_place_.reset();
    ++orders_;
    count(as, status, +1);
    has_made_claimable_ |= status == StoredStatus::queued;
}

void WriteTransaction::note_moved(CountedAs as, StoredStatus from, StoredStatus to) {
    ++orders_;
    count(as, from, -1);
    count(as, to, +1);
    has_made_claimable_ |= to == StoredStatus::queued;
    has_ended_some_ |= is_end(to_status(to));
    if (to == StoredStatus::cancelled) {
        count_total(Total::cancels);
        if (from == StoredStatus::processing) {
            count_total(Total::attempts_cancelled, as.kind);
            ++cancels_in_work_;
        }
    }
    if (is_end(to_status(from))) {
        count_total(retried_from(from), as.kind, as.priority);
        count_total(Total::retries);
    }
}

void WriteTransaction::note_deleted(CountedAs as, StoredStatus status) {
    ++orders_;
    count(as, status, -1);
    count_total(deleted_from(status), as.kind, as.priority);
    count_total(Total::deleted);
}

void WriteTransaction::note_recounted(CountedAs from, StoredStatus from_status, CountedAs to,
                                      StoredStatus to_status) {
    ++orders_;
    count(from, from_status, -1);
    count(to, to_status, +1);
    has_made_claimable_ |= to_status == StoredStatus::queued;
    if (from.priority == to.priority) return;
    count_total(Total::reprioritised, from.kind, from.priority, -1);
    count_total(Total::reprioritised, to.kind, to.priority, +1);
}

void WriteTransaction::count(CountedAs as, StoredStatus status, std::int64_t change) {
    for (CountChange& known : count_changes_) {
        if (known.as != as || known.status != status) continue;
        known.change += change;
        return;
    }
    count_changes_.push_back({as, status, change});
}

void WriteTransaction::count_total(Total total, std::int64_t kind, Priority priority,
                                   std::int64_t change) {
    const CountedAs as{kind, priority};
    for (TotalChange& known : total_changes_) {
        if (known.total != total || known.as != as) continue;
        known.change += change;
        return;
    }
    total_changes_.push_back({total, as, change});
}

std::int64_t WriteTransaction::take_places(std::int64_t orders) {
    if (!last_place_) last_place_ = access_.last_place_.number();
    if (!newest_place_) newest_place_ = access_.newest_place_.number();
    const std::int64_t first = std::max(*last_place_, *newest_place_) + 1;
    last_place_ = first + orders - 1;
    return first;
}

void WriteTransaction::write_counts() {
    for (const CountChange& known : count_changes_) {
        if (known.change == 0) continue;
        const auto run = [&](Statement& statement) {
            return statement.run(to_column(known.status), known.as.kind,
                                 to_column(known.as.priority), known.change);
        };
        if (run(access_.add_to_count_) == 0) run(access_.begin_count_);
    }
    count_changes_.clear();
    for (const TotalChange& known : total_changes_) {
        access_.add_to_total_.run(static_cast<std::int64_t>(known.total), known.as.kind,
                                  to_column(known.as.priority), known.change);
    }
    total_changes_.clear();
}

const WriteTransaction::Awaited& WriteTransaction::awaited() {
    if (awaited_) return *awaited_;
    Cursor rows = access_.awaited_.query(to_column(now().utc));
    const bool is_there = rows.next();
    awaited_ = Awaited{.ends = is_there && rows.get<std::int64_t>(0) != 0,
                       .changes = is_there && rows.get<std::int64_t>(1) != 0};
    return *awaited_;
}

void WriteTransaction::commit() {
    write_counts();
    if (last_place_) access_.note_last_place_.run(*last_place_);
    if (content_bytes_ != 0) access_.add_to_content_.run(content_bytes_);
    if (cancels_in_work_ > 0) access_.count_cancels_.run(cancels_in_work_);
    if (!access_.changes_.is_empty()) access_.changes_.write(now().utc);
    const bool is_end_told = cancels_in_work_ > 0 || (has_ended_some_ && awaited().ends);
    access_.connection_->commit();
    pass_.reset();
    access_.figures_->commits.observe(std::chrono::steady_clock::now() - began_at_);
    access_.figures_->note_orders(orders_);
    // After the commit, or those that wake would not see it; outside the turn, which they want
    // next.
    if (has_made_claimable_) access_.doorbell_.ring();
    if (is_end_told) access_.end_bell_.ring();
}

}  // namespace orders::sqlite
