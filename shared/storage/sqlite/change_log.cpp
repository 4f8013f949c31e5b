// The log of changes as its readers see it (shared/storage/change_log.h).

#include "shared/storage/change_log.h"

#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/snapshot.h"
#include "shared/storage/sqlite/sqlite_roles.h"

namespace orders::sqlite {
namespace {

Change change_from(const Cursor& row) {
    auto order_id = OrderId::parse(row.get<std::string>(1));
    auto kind = Kind::parse(row.get<std::string>(2));
    const StoredStatus status = status_from_column(row.get<std::int64_t>(4));
    if (!order_id || !kind) throw damaged("read what has changed", "an id or a kind is not valid");
    return {.id = row.get<std::int64_t>(0),
            .order_id = *std::move(order_id),
            .kind = *std::move(kind),
            .priority = priority_from_column(row.get<std::int64_t>(3)),
            .status = to_status(status),
            .attempt = static_cast<int>(row.get<std::int64_t>(5)),
            .reason = row.get<std::optional<std::string>>(6),
            .at = time_from_column(row.get<std::int64_t>(7))};
}

class SqliteChangeLog final : public ChangeLog {
   public:
    SqliteChangeLog(const std::string& path, std::shared_ptr<Occupancy> occupancy)
        : occupancy_(std::move(occupancy)),
          connection_(path, Connection::Access::read_only),
          state_(require_newest_schema(connection_),
                 "SELECT coalesce((SELECT max(id) FROM changes), 0),"
                 " max(changes_whole_after, coalesce((SELECT min(id) FROM changes) - 1, 0)),"
                 " changes_awaited_until > 0 FROM bookkeeping WHERE id = 1"),
          changes_(connection_,
                   "SELECT id, order_id, kind, priority, status, attempt, reason, at FROM changes"
                   " WHERE id > ? ORDER BY id LIMIT ?") {
        if (occupancy_) occupancy_->require_same_files();
    }

    ChangePage read(std::int64_t after, std::size_t limit) override {
        const Snapshot snapshot(connection_);
        ChangePage page{.state = state(), .changes = {}, .next_after = after};
        if (page.state.newest <= after) return page;
        for (Cursor rows = changes_.query(after, limit); rows.next();) {
            page.next_after = rows.get<std::int64_t>(0);
            const bool is_beginning = !rows.get<std::optional<std::string>>(1);
            if (!is_beginning) page.changes.push_back(change_from(rows));
        }
        return page;
    }

   private:
    [[nodiscard]] ChangeLogState state() {
        Cursor row = state_.query();
        if (!row.next()) throw damaged("read what has changed", "the bookkeeping is missing");
        return {.newest = row.get<std::int64_t>(0),
                .whole_after = row.get<std::int64_t>(1),
                .is_kept = row.get<std::int64_t>(2) != 0};
    }

    const std::shared_ptr<Occupancy> occupancy_;
    Connection connection_;
    Statement state_;
    Statement changes_;
};

}  // namespace

std::unique_ptr<ChangeLog> open_change_log(const std::string& path,
                                           std::shared_ptr<Occupancy> occupancy) {
    return std::make_unique<SqliteChangeLog>(path, std::move(occupancy));
}

}  // namespace orders::sqlite
