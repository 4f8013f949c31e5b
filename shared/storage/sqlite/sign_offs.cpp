#include "shared/storage/sqlite/sign_offs.h"

namespace orders::sqlite {
namespace {

// A worker that is gone will end no further attempt, so the orders that name it are among those
// that there are.
#define NAMED_NO_FURTHER \
    "named_up_to = CASE named_up_to WHEN 0 THEN 0 ELSE (SELECT max(seq) FROM orders) END"

}  // namespace

SignOffs::SignOffs(Connection& connection)
    : retire_(connection,
              "UPDATE workers SET heartbeat_until = NULL, " NAMED_NO_FURTHER " WHERE id = ?"),
      sign_off_(connection,
                "UPDATE workers SET heartbeat_until = NULL, " NAMED_NO_FURTHER
                " WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.worker = ?1)"),
      sign_off_older_(connection,
                      "UPDATE workers SET heartbeat_until = NULL"
                      " WHERE heartbeat_until IS NOT NULL AND holds_lock = 0"
                      " AND heartbeat_until <= ?1 AND boot_id = ?2") {}

void SignOffs::retire(WorkerId worker) {
    retire_.run(worker.value);
}

void SignOffs::sign_off_gone(const std::vector<KnownWorker>& workers, const Moment& now) {
    for (const KnownWorker& worker : workers) {
        if (is_gone(worker.life)) sign_off_.run(worker.id.value);
    }
    sign_off_older_.run(now.since_boot.count(), now.boot_id);
}

}  // namespace orders::sqlite
