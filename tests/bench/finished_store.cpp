#include "tests/bench/finished_store.h"

#include <fcntl.h>
#include <unistd.h>

#include "shared/os/file_descriptor.h"
#include "shared/storage/open_storage.h"
#include "tests/bench/figures.h"
#include "tests/bench/order_ids.h"
#include "tests/bench/raw_sqlite.h"

namespace orders::bench {
namespace {

void insert_finished(RawDatabase& database, std::int64_t orders) {
    constexpr std::int64_t first_created_at = 1'700'000'000'000;
    OrderIds ids(new_id_run(IdKind::random));
    RawStatement insert(database,
                        "INSERT INTO orders (order_id, priority, processing_time, status, attempts,"
                        " lease_token, created_at, started_at, finished_at, worker)"
                        " VALUES (?1, ?2, 1, 2, 1, 1, ?3, ?3 + 2, ?3 + 1002, 1)");
    database.execute("BEGIN");
    for (std::int64_t i = 0; i < orders; ++i) {
        const std::string id = ids.next();
        insert.bind(1, id);
        insert.bind(2, i % 2);
        insert.bind(3, first_created_at + i * 10);
        insert.run();
    }
    database.execute(
        "UPDATE order_counts SET orders = (SELECT count(*) FROM orders"
        "  WHERE orders.priority = order_counts.priority) WHERE status = 2");
    database.execute("COMMIT");
}

}  // namespace

void make_finished_store(const std::string& location, std::int64_t orders) {
    (void)open_storage(location)->open_intake();  // makes the schema
    {
        RawDatabase database(location);
        database.execute(
            "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "PRAGMA cache_size = -1000000");
        database.execute(
            "INSERT INTO workers (id, name, host, threads, started_at, boot_id)"
            " VALUES (1, 'gone', 'bench', 10, 0, 'another boot')");
        insert_finished(database, orders);
        database.execute("PRAGMA journal_mode = WAL");
    }
    // So that it is not written out while something is measured. No connection is open here.
    const FileDescriptor file(::open(location.c_str(), O_RDWR | O_CLOEXEC));
    if (::fsync(file.get()) != 0) throw BenchFailure("cannot write " + location);
}

}  // namespace orders::bench
