#pragma once

// Signs off workers that are gone: their rows say from then on that they will do nothing more, so
// nobody looks at them again, and they can go once nothing names them (gone_workers.h).
//
// Used inside a transaction, by the thread of the connection, which must outlive this, and be up to
// date.

#include <string>
#include <vector>

#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/signs_of_life.h"

namespace orders::sqlite {

class SignOffs {
   public:
    explicit SignOffs(Connection& connection);

    // The worker itself says so, with what it has measured of itself (WorkerTurn::figures).
    void retire(WorkerId worker, const std::string& figures);
    // Those of `workers` that are gone and hold nothing any more, and those that are absent,
    // whatever they hold.
    void sign_off_gone(const std::vector<KnownWorker>& workers);

   private:
    // Adds what it has measured to that of all that are gone.
    void keep_metrics(WorkerId worker);

    Statement tell_;
    Statement retire_;
    Statement sign_off_;
    Statement sign_off_absent_;
    Statement keep_metrics_;
    Statement drop_metrics_;
};

}  // namespace orders::sqlite
