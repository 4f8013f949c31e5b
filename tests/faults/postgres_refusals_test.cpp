// A PostgreSQL server that is there and refuses: its disk is full, it takes no writes, it is out of
// connections, somebody holds its locks. Clients are told that nothing was stored and when to try
// again, what can be read is read, the log says it once, and all goes on by itself.

#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/errors.h"
#include "tests/faults/model_check.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/mounted_memory.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;
using postgres::Connection;
using postgres::ServerUrl;

constexpr const char* lost = " the database cannot be reached";
constexpr const char* back = " the database is reached again";

void wait_for_ready(const OrderProcesses& processes, int status) {
    eventually(
        patience, [&] { return processes.client().get("/readyz").status; },
        [&](int seen) { return seen == status; });
}

// One that the server cannot make small.
json large_order(const std::string& id) {
    std::minstd_rand random(std::random_device{}());
    std::string payload;
    while (payload.size() < 60'000) payload += std::to_string(random()) + ' ';
    json order = order_json(id);
    order["payload"] = payload;
    return order;
}

void check_refused(const OrderProcesses& processes, const json& order, const std::string& slug) {
    HttpClient http = processes.client();
    const HttpAnswer answer = http.post("/api/v1/orders", order);
    check_problem(answer, 503, slug);
    CHECK_GE(std::stoi(answer.header("retry-after").value_or("0")), 1);
}

// An API and a worker, who have done an order.
struct AtWork {
    explicit AtWork(const std::string& url) {
        processes.set("DB_PATH", url);
        api = &start_recorded_api(processes);
        worker = &processes.start_worker();
        processes.submit(order_json("before"));
        processes.finished_order("before");
    }

    void check_reading_goes_on() const {
        HttpClient http = processes.client();
        CHECK_EQ(http.get("/livez").status, 200);
        CHECK_EQ(http.get("/api/v1/orders/before").status, 200);
        CHECK_EQ(http.get("/api/v1/orders").status, 200);
        CHECK_EQ(http.get("/api/v1/report").status, 200);
    }

    // All is as if nothing had been.
    void check_goes_on(const std::set<std::string>& stored) {
        wait_for_ready(processes, 200);
        std::set<std::string> all = stored;
        all.insert({"before", "after"});
        processes.submit(order_json("after"));
        for (const std::string& id : all) {
            CHECK_EQ(processes.finished_order(id)["status"], "Processed");
        }
        CHECK_EQ(api->ending(), std::nullopt);
        CHECK_EQ(worker->ending(), std::nullopt);
        processes.stop_all();
        check_promises(evidence_of(processes, all));
    }

    OrderProcesses processes;
    ChildProcess* api = nullptr;
    ChildProcess* worker = nullptr;
};

// Takes the connections that are left, until destroyed.
class ConnectionHog {
   public:
    explicit ConnectionHog(const std::string& url) : url_(ServerUrl::parse(url).value()) {
        take_all();
    }
    void take_all() {
        try {
            for (;;) {
                connections_.push_back(std::make_unique<Connection>(url_));
                connections_.back()->run("SELECT 'hog'");
            }
        } catch (const postgres::ServerError&) {  // there are no more
        }
    }

   private:
    const ServerUrl url_;
    std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace

TEST_CASE("postgres_refusals: a server that takes no writes for a while is read from") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::off);
    AtWork at_work(server.make_database("orders"));
    server.set("default_transaction_read_only", "on");
    wait_for_ready(at_work.processes, 503);
    for (int request = 0; request < 3; ++request) {
        check_refused(at_work.processes, order_json("refused"), "overloaded");
    }
    at_work.check_reading_goes_on();
    at_work.worker->wait_for_line(" claiming and settling orders failed ", patience);
    server.set("default_transaction_read_only", "off");
    at_work.check_goes_on({});
}

TEST_CASE("postgres_refusals: a table that somebody has locked is waited for, and not for ever") {
    if (is_postgres_missing()) return;
    AtWork at_work(common_postgres_server().make_database("locked"));
    {
        Connection other(ServerUrl::parse(at_work.processes.database()).value());
        other.run("BEGIN");
        other.run("LOCK TABLE orders.orders IN ACCESS EXCLUSIVE MODE");
        auto reading = std::async(std::launch::async, [&] {
            return at_work.processes.client().get("/api/v1/orders/before");
        });
        check_refused(at_work.processes, order_json("refused"), "overloaded");
        check_problem(reading.get(), 503, "overloaded");
        CHECK_EQ(at_work.processes.client().get("/livez").status, 200);
        at_work.worker->wait_for_line(" failed ", patience);
    }
    at_work.check_goes_on({});
    CHECK(at_work.processes.lines_with(lost).empty());
}

TEST_CASE("postgres_refusals: an id that an open transaction elsewhere has is waited for") {
    if (is_postgres_missing()) return;
    AtWork at_work(common_postgres_server().make_database("open"));
    {
        Connection other(ServerUrl::parse(at_work.processes.database()).value());
        other.run("BEGIN");
        other.run(
            "INSERT INTO orders.orders (order_id, priority, kind, processing_time, created_at,"
            " created_in) VALUES ('taken', 1, 0, 1, orders.now_ms(), 77)");
        check_refused(at_work.processes, order_json("taken"), "overloaded");
        at_work.check_reading_goes_on();
        CHECK_EQ(at_work.processes.client().get("/api/v1/orders/taken").status, 404);
    }
    at_work.processes.submit(order_json("taken"));
    at_work.check_goes_on({"taken"});
    CHECK_EQ(at_work.processes.lines_with(" error ").size(), 1);
}

TEST_CASE("postgres_refusals: a server that is out of connections is waited for") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::off, "max_connections = 20");
    std::string url = server.make_database("orders");
    server.run("orders", "CREATE ROLE app LOGIN; ALTER DATABASE orders OWNER TO app");
    url.replace(url.find("orders@"), 6, "app");
    AtWork at_work(url);
    {
        ConnectionHog hog(url);
        // Who loses a connection now gets no other, unless it comes before the hog.
        eventually(patience, [&] {
            server.run("orders",
                       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE usename = 'app' AND query NOT LIKE '%hog%'");
            hog.take_all();
            return at_work.api->count_lines(lost) > 0 && at_work.worker->count_lines(lost) > 0;
        });
        wait_for_ready(at_work.processes, 503);
        check_refused(at_work.processes, order_json("refused"), "overloaded");
        CHECK_EQ(at_work.processes.client().get("/livez").status, 200);
    }
    at_work.check_goes_on({});
    for (ChildProcess* program : {at_work.api, at_work.worker}) {
        CHECK_EQ(program->count_lines(back), program->count_lines(lost));
    }
}

TEST_CASE("postgres_refusals: a full disk refuses orders, and loses none that it has") {
    if (is_postgres_missing()) return;
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    const MountedMemory disk(48);
    std::filesystem::permissions(disk.path(), std::filesystem::perms::all);
    PostgresServer server(PostgresServer::Sync::off);
    AtWork at_work(server.make_database("orders", disk.path().string()));
    std::set<std::string> stored;
    HttpClient http = at_work.processes.client();
    // Each of them needs pages of its own; a small one may find some room that is left.
    const auto fill = [&] {
        for (;;) {
            const std::string id = "filler-" + std::to_string(stored.size());
            const HttpAnswer answer = http.post("/api/v1/orders", large_order(id));
            if (answer.status != 200) return check_problem(answer, 503, "disk-full");
            stored.insert(id);
        }
    };
    disk.fill("ballast", 1024 * 1024);
    fill();
    disk.fill("rest", 0);
    fill();
    wait_for_ready(at_work.processes, 503);
    check_refused(at_work.processes, large_order("refused"), "disk-full");
    at_work.check_reading_goes_on();
    std::filesystem::remove(disk.file("ballast"));
    at_work.check_goes_on(stored);
}

}  // namespace orders::test
