// A server that waits for a standby in each commit: what is told as done must be on the standby,
// too, whatever others have seen of it before. Here the standby never comes, until the server is
// told to do without.

#include <doctest/doctest.h>

#include <cstdint>
#include <future>
#include <optional>
#include <string>

#include "shared/storage/open_storage.h"
#include "shared/storage/postgres/server.h"
#include "shared/storage/postgres/transaction.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_server.h"

namespace orders::test {
namespace {

constexpr char database[] = "orders";

// A transaction that waits for the standby, on a thread of its own.
class Waiting {
   public:
    Waiting() {
        (void)open_storage(url_)->open_intake();
        wait_for_standby("'nobody'");
        result_ = std::async(std::launch::async, [this] { return write(); });
    }

    // Whoever waits for the standby, as soon as that is one, and not the one given.
    std::string waiter(const std::string& other_than = "0\n") {
        std::string pid;
        eventually(patience, [&] {
            pid = server.run(database,
                             "SELECT max(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                             " HAVING count(*) = 1");
            return !pid.empty() && pid != other_than;
        });
        return pid;
    }
    [[nodiscard]] std::string seen_by_others() {
        return server.run(database, "SELECT name FROM orders.kinds WHERE id = 7");
    }
    // Once nobody waits any more: whether it was done.
    bool result() {
        wait_for_standby("''");
        return result_.get();
    }

    PostgresServer server{PostgresServer::Sync::off};

   private:
    void wait_for_standby(const std::string& names) {
        (void)server.run(database, "ALTER SYSTEM SET synchronous_standby_names = " + names);
        (void)server.run(database, "SELECT pg_reload_conf()");
        eventually(patience, [&] {
            return server.run(database, "SHOW synchronous_standby_names") ==
                   names.substr(1, names.size() - 2) + "\n";
        });
    }

    bool write() {
        postgres::Server remote(postgres::ServerUrl::parse(url_).value());
        RoleFigures figures;
        postgres::Writer writer(remote, figures);
        return writer.transact(
            "write",
            [](postgres::Transaction& transaction) {
                transaction.send("INSERT INTO orders.kinds (id, name) VALUES (7, 'mail')");
                (void)transaction.commit();
                return true;
            },
            [](postgres::Transaction& transaction, std::int64_t) {
                const bool is_done =
                    !transaction.query("SELECT 1 FROM orders.kinds WHERE id = 7").empty();
                return is_done ? std::optional(true) : std::nullopt;
            });
    }

    const std::string url_ = server.make_database(database);
    std::future<bool> result_;
};

}  // namespace

TEST_CASE("postgres_standby: what a crash has left is not told before the standby has it") {
    if (is_postgres_missing()) return;
    Waiting waiting;
    (void)waiting.waiter();
    waiting.server.kill();
    waiting.server.start();
    (void)waiting.waiter();
    CHECK(waiting.seen_by_others() == "mail\n");
    CHECK(waiting.result());
}

TEST_CASE("postgres_standby: nor is a commit whose wait an administrator has ended") {
    if (is_postgres_missing()) return;
    for (const char* const end : {"pg_cancel_backend", "pg_terminate_backend"}) {
        CAPTURE(std::string(end));
        Waiting waiting;
        const std::string first = waiting.waiter();
        (void)waiting.server.run(database, std::string("SELECT ") + end + "(" + first + ")");
        (void)waiting.waiter(first);
        CHECK(waiting.seen_by_others() == "mail\n");
        CHECK(waiting.result());
    }
}

}  // namespace orders::test
