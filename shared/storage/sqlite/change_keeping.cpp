#include "shared/storage/sqlite/change_keeping.h"

#include "shared/storage/change_log.h"
#include "shared/storage/order_actions.h"
#include "shared/storage/sqlite/columns.h"

namespace orders::sqlite {
namespace {

// One that lies too far ahead is from before the clock was set back.
#define NOBODY_ASKS " changes_awaited_until > 0 AND changes_awaited_until NOT BETWEEN ?1 AND ?2"

}  // namespace

ChangeKeeping::ChangeKeeping(Connection& connection)
    : connection_(connection),
      is_kept_(connection, "SELECT changes_awaited_until > 0 FROM bookkeeping WHERE id = 1"),
      begin_(connection,
             "INSERT INTO changes (last, number, at)"
             " SELECT coalesce(max(last), 0) + 1, 1, ? FROM changes"),
      note_begin_(connection, "UPDATE bookkeeping SET changes_whole_after = ? WHERE id = 1"),
      keep_(connection,
            "UPDATE bookkeeping SET changes_awaited_until ="
            " iif(changes_awaited_until BETWEEN ?1 AND ?2, changes_awaited_until, ?1)"
            " WHERE id = 1") {}

void ChangeKeeping::keep(std::chrono::milliseconds duration, WriteTransaction& work) {
    const UtcTime now = work.now().utc;
    if (is_kept_.number() == 0) {
        begin_.run(to_column(now));
        note_begin_.run(connection_.last_inserted());
    }
    keep_.run(to_column(now + duration), to_column(now + longest_awaiting));
    work.note_awaited();
}

ChangeTidying::ChangeTidying(WriteAccess& access)
    : access_(access),
      is_to_end_(access.connection(),
                 "SELECT EXISTS (SELECT 1 FROM bookkeeping WHERE id = 1 AND" NOBODY_ASKS ")"),
      end_(access.connection(),
           "UPDATE bookkeeping SET changes_awaited_until = 0 WHERE id = 1 AND" NOBODY_ASKS),
      surplus_(access.connection(),
               "SELECT coalesce((SELECT max(last) FROM changes) - (SELECT min(last) FROM changes),"
               " 0)"),
      trim_(access.connection(),
            "DELETE FROM changes WHERE last <= (SELECT max(last) FROM changes) - ?1"
            " AND last < (SELECT min(last) FROM changes) + ?2") {}

void ChangeTidying::step(UtcTime now) {
    const bool is_to_end = [&] {
        Cursor row = is_to_end_.query(to_column(now), to_column(now + longest_awaiting));
        return row.next() && row.get<std::int64_t>(0) != 0;
    }();
    if (is_to_end) {
        WriteTransaction work(access_);
        // It may have waited for its turn, while somebody asked again.
        const UtcTime then = work.now().utc;
        end_.run(to_column(then), to_column(then + longest_awaiting));
        work.commit();
    }
    for (int trims = 0; trims < trims_per_step; ++trims) {
        if (surplus_.number() < kept_changes + changes_per_trim) return;
        WriteTransaction work(access_);
        trim_.run(kept_changes, changes_per_trim);
        work.commit();
    }
}

}  // namespace orders::sqlite
