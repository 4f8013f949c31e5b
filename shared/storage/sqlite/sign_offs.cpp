#include "shared/storage/sqlite/sign_offs.h"

namespace orders::sqlite {
namespace {

// A worker that is gone will end no further attempt, so the orders that name it are among those
// that there are.
#define NAMED_NO_FURTHER \
    "named_up_to = CASE named_up_to WHEN 0 THEN 0 ELSE (SELECT max(seq) FROM orders) END"

}  // namespace

SignOffs::SignOffs(Connection& connection)
    : tell_(connection, "UPDATE workers SET metrics = ?2 WHERE id = ?1"),
      retire_(connection,
              "UPDATE workers SET heartbeat_until = NULL, " NAMED_NO_FURTHER " WHERE id = ?"),
      sign_off_(connection,
                "UPDATE workers SET heartbeat_until = NULL, " NAMED_NO_FURTHER
                " WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.worker = ?1)"),
      // One of 0.1.0 that wakes up may still end an attempt, and says nothing of that in its row.
      sign_off_absent_(connection,
                       "UPDATE workers SET heartbeat_until = NULL, named_up_to = CASE"
                       " WHEN pulls = 0 OR named_up_to = 0 THEN named_up_to"
                       " ELSE (SELECT max(seq) FROM orders) END WHERE id = ?"),
      keep_metrics_(connection,
                    "INSERT INTO metric_sums (name, number) SELECT m.key, m.value"
                    " FROM workers w, json_each(w.metrics) m WHERE w.id = ?"
                    " ON CONFLICT (name) DO UPDATE SET number = number + excluded.number"),
      drop_metrics_(connection, "UPDATE workers SET metrics = NULL WHERE id = ?") {}

void SignOffs::retire(WorkerId worker, const std::string& figures) {
    if (!figures.empty()) tell_.run(worker.value, figures);
    retire_.run(worker.value);
    keep_metrics(worker);
}

void SignOffs::keep_metrics(WorkerId worker) {
    keep_metrics_.run(worker.value);
    drop_metrics_.run(worker.value);
}

void SignOffs::sign_off_gone(const std::vector<KnownWorker>& workers) {
    for (const KnownWorker& worker : workers) {
        if (is_gone(worker.life) && sign_off_.run(worker.id.value) == 1) keep_metrics(worker.id);
        if (worker.life == Life::absent) sign_off_absent_.run(worker.id.value);
    }
}

}  // namespace orders::sqlite
