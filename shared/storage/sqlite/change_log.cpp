// The log of changes as its readers see it (shared/storage/change_log.h).

#include "shared/storage/change_log.h"

#include <utility>

#include "shared/storage/sqlite/change_rows.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/occupancy.h"
#include "shared/storage/sqlite/snapshot.h"
#include "shared/storage/sqlite/sqlite_roles.h"

namespace orders::sqlite {
namespace {

class SqliteChangeLog final : public ChangeLog {
   public:
    SqliteChangeLog(const std::string& path, std::shared_ptr<Occupancy> occupancy)
        : occupancy_(std::move(occupancy)),
          connection_(path, Connection::Access::read_only),
          state_(require_newest_schema(connection_),
                 "SELECT coalesce((SELECT max(last) FROM changes), 0), max(changes_whole_after,"
                 " coalesce((SELECT last - number FROM changes ORDER BY last LIMIT 1), 0)),"
                 " changes_awaited_until > 0 FROM bookkeeping WHERE id = 1"),
          changes_(connection_,
                   "SELECT last, number, at, entries FROM changes WHERE last > ? ORDER BY last") {
        if (occupancy_) occupancy_->require_same_files();
    }

    ChangePage read(std::int64_t after, std::size_t limit) override {
        const Snapshot snapshot(connection_);
        ChangePage page{.state = state(), .changes = {}, .next_after = after};
        if (page.state.newest <= after) return page;
        Cursor rows = changes_.query(after);
        while (page.changes.size() < limit && rows.next()) take(rows, limit, page);
        return page;
    }

   private:
    // As much of the row as there is room for.
    static void take(const Cursor& row, std::size_t limit, ChangePage& page) {
        const auto last = row.get<std::int64_t>(0);
        if (const auto entries = row.get<std::optional<std::string>>(3)) {
            for (Change& change : changes_in(*entries, last, row.get<std::int64_t>(1),
                                             time_from_column(row.get<std::int64_t>(2)))) {
                if (change.id <= page.next_after) continue;
                if (page.changes.size() == limit) return;
                page.next_after = change.id;
                page.changes.push_back(std::move(change));
            }
        }
        page.next_after = last;
    }

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
