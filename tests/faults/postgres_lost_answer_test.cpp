// A create whose connection is lost during the commit: its client is told the truth all the same,
// because whoever looks it up first waits until the transaction is over (the number's lock), and
// then makes sure that it comes to nothing however late it arrives (the void mark). Each has a
// control: without it, the test sees the lie.

#include <doctest/doctest.h>

#include <future>
#include <string>

#include "tests/faults/faulty_link.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"

namespace orders::test {
namespace {

constexpr char creates[] = "INSERT INTO orders.orders ";  // in what is sent first on a connection
// In a commit: the end of the name under which the statement of six letters is kept.
const std::string commit("_6\0", 3);
constexpr int attempts_of_a_group = 5;

// An API whose link to its server is the test's.
class Api {
   public:
    explicit Api(const std::string& database)
        : database_(database), url_(server_.make_database(database)), link(server_.socket()) {
        processes_.set("DATABASE_URL", link.url_of(database));
        processes_.start_api();
    }

    // What follows is sent on a thread of its own.
    std::future<int> create(const std::string& id) {
        return std::async(std::launch::async, [this, id] {
            return processes_.client().post("/api/v1/orders", order_json(id)).status;
        });
    }
    int cancel(const std::string& id) {
        return processes_.client().post("/api/v1/orders/" + id + "/cancel", std::string()).status;
    }
    std::string query(const std::string& sql) { return server_.run(database_, sql); }
    [[nodiscard]] int stored() { return std::stoi(query("SELECT count(*) FROM orders.orders")); }

    // In the function that begins each transaction.
    void replace(const std::string& part, const std::string& by) {
        query(
            "DO $do$ DECLARE before text; BEGIN"
            " SELECT pg_get_functiondef('orders.begin_group'::regproc) INTO before;"
            " ASSERT position($$" +
            part + "$$ IN before) > 0; EXECUTE replace(before, $$" + part + "$$, $$" + by +
            "$$); END $do$");
    }

   private:
    PostgresServer& server_ = common_postgres_server();
    const std::string database_;
    const std::string url_;
    OrderProcesses processes_;

   public:
    FaultyLink link;
};

// What a client is told whose group has been delayed each time it was sent, so that the API has
// given it up; and how many orders there are once all of that has arrived.
struct Late {
    int status = 0;
    int stored = 0;
};
Late send_late(Api& api) {
    for (int attempt = 0; attempt < attempts_of_a_group; ++attempt) {
        api.link.arm({.kind = LinkFault::Kind::hold, .only_with = creates});
    }
    Late late{.status = api.create("late").get()};
    api.link.release();
    late.stored = api.stored();
    return late;
}

// What a client is told whose transaction is under way when the connection is lost, and commits
// while it is looked up.
int send_in_two_parts(Api& api) {
    api.link.arm(
        {.kind = LinkFault::Kind::hold, .after = LinkFault::last_statement, .only_with = creates});
    std::future<int> status = api.create("slow");
    eventually(patience, [&] {
        return api.query("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0\n";
    });
    api.link.release();
    return status.get();
}

}  // namespace

TEST_CASE("postgres_lost_answer: a create that was committed is told as created") {
    if (is_postgres_missing()) return;
    Api api("answer_lost");
    for (int order = 1; order <= 5; ++order) {
        api.link.arm({.kind = LinkFault::Kind::swallow, .after = 0, .only_with = creates});
        CHECK_EQ(api.create("lost-" + std::to_string(order)).get(), 200);
        CHECK_EQ(api.stored(), order);
    }
    // Not each time if the link has passed on a request in parts: then the connection is gone
    // before the server has read the commit, and the second try's connection knows the statement
    // already.
    CHECK_GE(api.link.happened(LinkFault::Kind::swallow), 1);
}

TEST_CASE(
    "postgres_lost_answer: an action that was committed is answered with what it has come to") {
    if (is_postgres_missing()) return;
    Api api("action_answer_lost");
    for (int order = 1; order <= 5; ++order) {
        const std::string id = "lost-" + std::to_string(order);
        REQUIRE_EQ(api.create(id).get(), 200);
        api.link.arm({.kind = LinkFault::Kind::swallow, .after = 0, .only_with = commit});
        CHECK_EQ(api.cancel(id), 200);
        CHECK_EQ(api.cancel(id), 409);
        CHECK_EQ(api.link.happened(LinkFault::Kind::swallow), order);
    }
}

TEST_CASE("postgres_lost_answer: what was told as not stored is not stored when it arrives") {
    if (is_postgres_missing()) return;
    Api api("late_request");
    const Late late = send_late(api);
    CHECK_EQ(late.status, 503);
    CHECK_EQ(late.stored, 0);
    CHECK_EQ(api.create("late").get(), 200);
}

TEST_CASE("postgres_lost_answer: without the void mark, what is late is stored") {
    if (is_postgres_missing()) return;
    Api api("late_request_control");
    api.replace("m.nonce = number", "false");
    const Late late = send_late(api);
    CHECK_EQ(late.status, 503);
    CHECK_EQ(late.stored, 1);
}

TEST_CASE("postgres_lost_answer: a transaction that still runs is waited for") {
    if (is_postgres_missing()) return;
    Api api("slow_request");
    CHECK_EQ(send_in_two_parts(api), 200);
    CHECK_EQ(api.stored(), 1);
}

TEST_CASE("postgres_lost_answer: without the lock, a client's own order stands in its way") {
    if (is_postgres_missing()) return;
    Api api("slow_request_control");
    api.replace("PERFORM pg_advisory_xact_lock(number);", "");
    CHECK_EQ(send_in_two_parts(api), 409);
}

}  // namespace orders::test
