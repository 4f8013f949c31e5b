#include "shared/storage/sqlite/write_access.h"

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

WriteAccess::WriteAccess(const std::string& database_path, const TidyPace& pace)
    : turnstile_(database_path),
      connection_(open_up_to_date(database_path, turnstile_)),
      doorbell_(database_path),
      wal_bound_(*connection_),
      log_beginning_(*connection_),
      spare_pages_(*connection_, pace.spare_pages),
      log_at_rest_(*connection_, wal_bound_, pace.log_at_rest),
      begin_(*connection_, "BEGIN IMMEDIATE"),
      add_to_count_(*connection_,
                    "UPDATE order_counts SET orders = orders + ?3"
                    " WHERE priority = ?1 AND status = ?2") {}

WriteTransaction::WriteTransaction(WriteAccess& access)
    : access_(access), pass_(access.turnstile_.enter()) {
    access_.begin_.run();
}

WriteTransaction::~WriteTransaction() {
    access_.connection_->roll_back();
}

void WriteTransaction::note_created(Priority priority) {
    count(priority, OrderStatus::pending, +1);
    has_made_claimable_ = true;
}

void WriteTransaction::note_moved(Priority priority, OrderStatus from, OrderStatus to) {
    count(priority, from, -1);
    count(priority, to, +1);
    if (to == OrderStatus::pending) has_made_claimable_ = true;
}

void WriteTransaction::note_deleted(Priority priority, OrderStatus status) {
    count(priority, status, -1);
}

void WriteTransaction::count(Priority priority, OrderStatus status, std::int64_t change) {
    place_in(count_changes_, to_column(priority), to_column(status)) += change;
}

void WriteTransaction::write_counts() {
    for (const Priority priority : all_priorities) {
        for (const OrderStatus status : all_statuses) {
            const auto change = place_in(count_changes_, to_column(priority), to_column(status));
            if (change == 0) continue;
            access_.add_to_count_.run(to_column(priority), to_column(status), change);
        }
    }
}

void WriteTransaction::commit() {
    write_counts();
    access_.connection_->commit();
    pass_.reset();
    // After the commit, or the workers that wake would not see it; outside the turn, which they
    // want next.
    if (has_made_claimable_) access_.doorbell_.ring();
}

}  // namespace orders::sqlite
