#include "shared/storage/sqlite/gone_workers.h"

#include <exception>

namespace orders::sqlite {
namespace {

#define IS_NAMED_BY_NOTHING                                         \
    " heartbeat_until IS NULL"                                      \
    " AND named_up_to < coalesce((SELECT min(seq) FROM orders), 1)" \
    " AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.worker = workers.id)"

// While it lives, SQLite does not look through all orders for one that names the worker: there is
// no index for that, which every order would have to pay for.
class WithoutForeignKeys {
   public:
    explicit WithoutForeignKeys(Connection& connection) : connection_(connection) {
        connection_.execute("PRAGMA foreign_keys = OFF");
    }
    ~WithoutForeignKeys() {
        try {
            connection_.execute("PRAGMA foreign_keys = ON");
        } catch (const std::exception&) {  // the connection is broken; its next use says so
        }
    }
    WithoutForeignKeys(const WithoutForeignKeys&) = delete;
    WithoutForeignKeys& operator=(const WithoutForeignKeys&) = delete;

   private:
    Connection& connection_;
};

}  // namespace

GoneWorkers::GoneWorkers(WriteAccess& access)
    : access_(access),
      find_(access.connection(),
            "SELECT id FROM workers INDEXED BY workers_gone WHERE" IS_NAMED_BY_NOTHING
            " AND id < (SELECT max(id) FROM workers) LIMIT ?"),
      erase_(access.connection(), "DELETE FROM workers WHERE id = ? AND" IS_NAMED_BY_NOTHING) {}

std::size_t GoneWorkers::delete_some() {
    const std::vector<std::int64_t> workers = find();
    if (workers.empty()) return 0;
    std::size_t deleted = 0;
    const WithoutForeignKeys unchecked(
        access_.connection());  // outside the transaction: it must be
    WriteTransaction work(access_);
    for (const std::int64_t worker : workers) {
        deleted += static_cast<std::size_t>(erase_.run(worker));
    }
    work.commit();
    return deleted;
}

std::vector<std::int64_t> GoneWorkers::find() {
    std::vector<std::int64_t> workers;
    for (Cursor rows = find_.query(deleted_per_step); rows.next();) {
        workers.push_back(rows.get<std::int64_t>(0));
    }
    return workers;
}

}  // namespace orders::sqlite
