#include "shared/storage/sqlite/wal_bound.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "shared/log/log.h"

namespace orders::sqlite {

WalBound::WalBound(Connection& connection) : connection_(connection) {
    sqlite3_wal_hook(
        connection_.handle(),
        [](void* self, sqlite3*, const char*, int pages) {
            auto& bound = *static_cast<WalBound*>(self);
            if (pages < bound.pages_) bound.is_log_new_ = true;
            bound.pages_ = pages;
            return SQLITE_OK;
        },
        this);
}

WalBound::~WalBound() {
    sqlite3_wal_hook(connection_.handle(), nullptr, nullptr);
}

void WalBound::checkpoint_if_due(Turnstile& turnstile, const std::function<void()>& begin_log) {
    if (std::exchange(is_log_new_, false)) {
        const Turnstile::Pass pass = turnstile.enter();
        begin_log();
    }
    if (pages_ < bound_pages) due_at_pages_ = bound_pages;  // another writer has begun it anew
    if (pages_ < due_at_pages_) return;
    const Turnstile::Pass pass = turnstile.enter();
    // RESTART, because the next writer then begins the log anew without making the file shorter:
    // its blocks stay allocated, which keeps syncs cheap.
    const auto copied_pages = copy_log(SQLITE_CHECKPOINT_RESTART, begin_log);
    if (copied_pages && pages_ >= alarm_pages) {
        log::warn("write-ahead log is long: a reader keeps it from being checkpointed",
                  {{"pages", pages_}, {"copied_pages", *copied_pages}});
    }
}

void WalBound::cut_log_short(Turnstile& turnstile, const std::function<void()>& begin_log) {
    const Turnstile::Pass pass = turnstile.enter();
    (void)copy_log(SQLITE_CHECKPOINT_TRUNCATE, begin_log);
}

std::optional<int> WalBound::copy_log(int mode, const std::function<void()>& begin_log) {
    int copied_pages = 0;
    connection_.set_busy_timeout(reader_patience);
    const int code =
        sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, nullptr, &copied_pages);
    connection_.set_busy_timeout(Connection::default_busy_timeout);
    if (code == SQLITE_OK) {
        pages_ = 0;
        due_at_pages_ = bound_pages;
        begin_log();
        return std::nullopt;
    }
    due_at_pages_ = std::max(bound_pages, pages_ + bound_pages / 8);
    if ((code & 0xff) != SQLITE_BUSY) throw store_error(connection_.handle(), code, "checkpoint");
    // If all of it was copied, the log begins anew as soon as nobody reads it.
    begin_log();
    return copied_pages;
}

}  // namespace orders::sqlite
