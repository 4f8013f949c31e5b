#include "shared/storage/sqlite/write_access.h"

#include <algorithm>

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

WriteAccess::WriteAccess(const std::string& database_path, const Clock& clock, const TidyPace& pace)
    : clock_(clock),
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
      add_to_content_(*connection_,
                      "UPDATE bookkeeping SET content_bytes = content_bytes + ? WHERE id = 1"),
      count_cancels_(*connection_, "UPDATE bookkeeping SET cancels = cancels + ? WHERE id = 1"),
      awaited_(*connection_,
               "SELECT ends_awaited_until > ?, changes_awaited_until > 0"
               " FROM bookkeeping WHERE id = 1"),
      changes_(*connection_),
      last_place_(*connection_, "SELECT last_place FROM bookkeeping WHERE id = 1"),
      newest_place_(*connection_, "SELECT coalesce(max(seq) << 20, 0) FROM orders"),
      note_last_place_(*connection_, "UPDATE bookkeeping SET last_place = ? WHERE id = 1") {}

WriteTransaction::WriteTransaction(WriteAccess& access)
    : access_(access), pass_(access.turnstile_.enter()) {
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
    count(as, status, +1);
    has_made_claimable_ |= status == StoredStatus::queued;
}

void WriteTransaction::note_moved(CountedAs as, StoredStatus from, StoredStatus to) {
    count(as, from, -1);
    count(as, to, +1);
    has_made_claimable_ |= to == StoredStatus::queued;
    has_ended_some_ |= is_end(to_status(to));
    if (from == StoredStatus::processing && to == StoredStatus::cancelled) ++cancels_in_work_;
}

void WriteTransaction::note_deleted(CountedAs as, StoredStatus status) {
    count(as, status, -1);
}

void WriteTransaction::count(CountedAs as, StoredStatus status, std::int64_t change) {
    for (CountChange& known : count_changes_) {
        if (known.as != as || known.status != status) continue;
        known.change += change;
        return;
    }
    count_changes_.push_back({as, status, change});
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
}

const WriteTransaction::Awaited& WriteTransaction::awaited() {
    if (awaited_) return *awaited_;
    Cursor rows = access_.awaited_.query(to_column(now().utc));
    Awaited& found = awaited_.emplace();
    if (rows.next()) {
        found = {.ends = rows.get<std::int64_t>(0) != 0, .changes = rows.get<std::int64_t>(1) != 0};
    }
    return found;
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
    // After the commit, or those that wake would not see it; outside the turn, which they want
    // next.
    if (has_made_claimable_) access_.doorbell_.ring();
    if (is_end_told) access_.end_bell_.ring();
}

}  // namespace orders::sqlite
