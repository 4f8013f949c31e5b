#pragma once

// The SQLite backend of open_storage.h, for one file on a local disk in WAL mode. sqlite_roles.h
// puts its parts together: order_rows.h, order_lists.h and order_report.h read; intake_writes.h,
// worker_writes.h, housekeeping_writes.h, finished_walk.h and gone_workers.h write, inside the
// transactions of write_access.h, which turnstile.h lets in one at a time. action_writes.h,
// claims.h and attempt_ends.h do parts of that, with queue_heads.h, order_content.h and kinds.h;
// signs_of_life.h knows which workers live, doorbell.h wakes them, wal_bound.h keeps the log short,
// spare_pages.h and log_at_rest.h give room back, migrations.h brings the schema up to date,
// clock.h tells the time. store_path.h finds the file, and occupancy.h, store_identity.h and
// log_ownership.h make sure that it is one store, with its own log; store_watch.h, that it stays
// so; copy_mark.h, that its orders are not another store's by now. What is done with a store
// besides running it is in care/.

#include <memory>
#include <string>

#include "shared/storage/open_storage.h"
#include "shared/storage/sqlite/clock.h"

namespace orders::sqlite {

// The file at `location`, by the machine's time. Does not touch it yet.
[[nodiscard]] std::unique_ptr<Storage> open_storage(const std::string& location);

// By another clock, which must outlive all that the storage opens.
[[nodiscard]] std::unique_ptr<Storage> open_storage(const std::string& location,
                                                    const Clock& clock);

}  // namespace orders::sqlite
