// How the statements of the store run on PostgreSQL: what keeps it as quick with hundreds of
// thousands of finished orders as with none. The server itself tells the plan of each statement
// that the store sends, and how many rows each step of it has come by (auto_explain): a statement
// must never pass more of the orders than a portion, nor sort more.

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"
#include "tests/support/postgres_server.h"

namespace orders::test {
namespace {

constexpr const char* database = "plans";
constexpr int finished_orders = 300'000;
// A walk over the orders passes half as many at a time.
constexpr long long most_rows = 20'000;

class PlainStore final : public StoreUnderTest {
   public:
    explicit PlainStore(const std::string& url) : storage_(open_storage(url)) {}
    Storage& storage() override { return *storage_; }
    void pass_time(std::chrono::milliseconds) override {}
    void set_wall_clock(UtcTime) override {}
    UtcTime wall_clock() const override { return {}; }
    bool is_level_exact() const override { return false; }
    bool are_leases_free_of_wall_clock() const override { return false; }

   private:
    std::unique_ptr<Storage> storage_;
};

// Orders that have ended in every way, with all that orders may carry, and some that have not.
// Those that are not Processed are many, and old: whoever looks for them from the newest order on
// because it is likely to meet some soon passes all the others.
void fill(const PostgresServer& server) {
    server.run(
        database,
        "INSERT INTO orders.kinds VALUES (1, 'mail'), (2, 'print');"
        " INSERT INTO orders.workers (name, host, threads, started_at, lease_time, gone_at)"
        "  SELECT 'w' || n, 'host', 1, 0, 10000, 1 FROM generate_series(1, 2000) n;"
        " INSERT INTO orders.group_marks SELECT n, n FROM generate_series(1, 50000) n;"
        " WITH n AS (INSERT INTO orders.orders (order_id, priority, kind, processing_time,"
        "  created_at, created_in, due_at, start_before) SELECT 'open-' || n, n % 2, n % 3, 1,"
        "  n, 0, CASE n % 2 WHEN 0 THEN CASE n % 1000 WHEN 0 THEN 1 ELSE 9999999999999 END END,"
        "  CASE n % 50 WHEN 1 THEN n::bigint * 1000000000 END"
        "  FROM generate_series(1, 20000) n RETURNING seq, kind, priority, due_at),"
        " q AS (INSERT INTO orders.queue SELECT kind, priority, 0, seq, seq FROM n"
        "  WHERE due_at IS NULL),"
        " c AS (INSERT INTO orders.counts SELECT kind, priority,"
        "  CASE WHEN due_at IS NULL THEN 0 ELSE 5 END, count(*) FROM n GROUP BY 1, 2, 3)"
        " INSERT INTO orders.waiting SELECT seq, due_at, kind, priority FROM n"
        "  WHERE due_at IS NOT NULL;"
        " INSERT INTO orders.orders (order_id, priority, kind, processing_time, created_at,"
        "  created_in, started_at, finished_at, worker, token, attempts, status, failure)"
        "  SELECT 'done-' || n, n % 2, n % 3, 1, n, 0, n, n, 1 + n % 2000, 2, 1, status,"
        "  CASE status WHEN 3 THEN 'no' END FROM generate_series(1, " +
            std::to_string(finished_orders) +
            ") n, LATERAL (SELECT CASE WHEN n % 5 > 0 OR n > 200000 THEN 2 WHEN n % 2 = 0 THEN 3"
            "  ELSE 4 END) AS s (status);"
            " INSERT INTO orders.order_inputs (seq, payload) SELECT seq, '1' FROM orders.orders"
            "  WHERE seq % 10 < 2;"
            " INSERT INTO orders.order_results (seq, result) SELECT seq, '1' FROM orders.orders"
            "  WHERE status <> 0 AND seq % 10 < 2;"
            " INSERT INTO orders.past_attempts SELECT seq, 1, 1, 1, 1, 3, 'no'"
            "  FROM orders.orders WHERE status <> 0 AND seq % 10 < 2;"
            " INSERT INTO orders.counts SELECT kind, priority, status, count(*)"
            "  FROM orders.orders WHERE status <> 0 GROUP BY 1, 2, 3");
}

// Rows that are gone, which a server that has not cleared them away yet takes for rows if it has no
// statistics. There are more leases than orders: by its reckoning hardly any order has none.
void leave_gone_rows(const PostgresServer& server) {
    server.run(
        database,
        "INSERT INTO orders.leases SELECT n, 1, n, 0, 0, NULL, 1, 0, 1, 1, 0, 0, 1"
        "  FROM generate_series(10000000, 10400000) n;"
        " INSERT INTO orders.queue SELECT 0, 0, 0, n, n FROM generate_series(10000000, 10100000) n;"
        " INSERT INTO orders.waiting SELECT n, 0, 0, 0 FROM generate_series(10000000, 10100000) n;"
        " DELETE FROM orders.leases WHERE seq >= 10000000;"
        " DELETE FROM orders.queue WHERE seq >= 10000000;"
        " DELETE FROM orders.waiting WHERE seq >= 10000000");
}

// Nothing else, and statistics that know of a few: then a walk over a whole index is the cheapest
// by the server's reckoning.
void leave_only_gone_rows(const PostgresServer& server) {
    server.run(database,
               "DELETE FROM orders.leases; DELETE FROM orders.queue; DELETE FROM orders.waiting;"
               " UPDATE pg_class SET reltuples = 20, relpages = pg_relation_size(oid) / 8192"
               "  WHERE relnamespace = 'orders'::regnamespace"
               "  AND relname IN ('leases', 'queue', 'waiting')");
}

// Every kind of thing that the programs do.
void use(PlainStore& store, const PostgresServer& server, const std::string& name) {
    StoreUser user(store);
    const auto id = [&](const std::string& end) { return name + end; };
    std::vector<NewOrder> plain;
    std::vector<NewOrder> full;
    for (int number = 0; number < 40; ++number) {
        plain.push_back(an_order(id("-p" + std::to_string(number))));
        full.push_back(an_order(id("-f" + std::to_string(number)))
                           .of_kind("mail")
                           .carrying("{}")
                           .fingerprinted(1)
                           .due(std::chrono::seconds(number % 2)));
    }
    (void)user.submit(plain);
    (void)user.submit(full);
    (void)user.commit({.creates = {plain}, .look_ups = {full}});
    (void)user.commit({.is_probe = true});
    (void)user.pending_level();

    const WorkerId worker = user.enlist(name, name);
    const auto mine = user.claim(worker, 20);
    REQUIRE_EQ(mine.size(), 20);
    const ClaimShare of_two{.kinds = {{a_kind("mail")}, {a_kind("print"), 5}}};
    const auto others = user.claim(worker, {.limit = 20, .shares = {of_two, ClaimShare{}}});
    REQUIRE_EQ(others.size(), 20);
    (void)user.claim(worker, {.limit = 5, .normal_max_wait = 1s});
    user.settle({mine.begin(), mine.begin() + 5});
    (void)user.settle(mine[5].lease, Completed{json_text("[1]")});
    (void)user.settle(mine[6].lease, Failure{"no", "not at all"});
    (void)user.settle(mine[7].lease, Retry{"busy"});
    CHECK(user.release(mine[8].lease));
    CHECK(user.renew(mine[9].lease));
    user.heartbeat(worker);
    CHECK(user.worker().has_claimable({ClaimShare{}}));
    CHECK(user.worker().has_claimable({of_two}));
    (void)user.worker().cancel_count();

    const PullOrders pull{.worker = name, .lease_time = lease_time, .claim = {.limit = 5}};
    const auto pulled = std::get<Pulled>(user.act(pull)).orders;
    REQUIRE_EQ(pulled.size(), 5);
    (void)user.act(LeaseActions{{{pulled[0].lease, Completed{}},
                                 {pulled[1].lease, Failure{"no"}},
                                 {pulled[2].lease, Retry{"busy"}},
                                 {pulled[3].lease, ReleaseLease{}},
                                 {pulled[4].lease, RenewLease{lease_time}}},
                                true});
    (void)user.act(NotePullers{{{.worker = name, .kinds = {{a_kind("mail")}}}}});

    (void)user.cancel("done-250002");
    (void)user.cancel(id("-p39"));
    (void)user.cancel(id("-f1"));
    (void)user.act(CancelOrder{mine[10].spec.order_id});
    (void)user.retry(mine[6].spec.order_id.text());
    (void)user.retry(id("-p39"));
    (void)user.change(id("-p38"), {.priority = Priority::high});
    (void)user.change(id("-p38"), {.due = DueTime(3'600s), .max_attempts = 7});
    (void)user.change(id("-p38"), {.due = std::optional<DueTime>()});
    std::vector<OrderSequence> portion;
    for (int number = 1; number <= 1'000; ++number) portion.push_back({number * 20});
    (void)user.act(BulkAction{BulkAction::What::retry, {.kind = a_kind("mail")}, portion});
    (void)user.act(BulkAction{BulkAction::What::cancel, {.kind = a_kind("mail")}, portion});
    (void)user.pause("print");
    (void)user.resume("print");
    (void)user.act(AwaitEnds{1s});

    OrderReader& reader = user.reader();
    (void)reader.identity();
    (void)user.find("done-250001");
    const std::vector<OrderId> some{order_id("done-1"), order_id("open-1"), order_id("none")};
    (void)reader.statuses_of(some);
    for (const std::optional<OrderStatus> status :
         {std::optional<OrderStatus>(), std::optional(OrderStatus::pending),
          std::optional(OrderStatus::processing), std::optional(OrderStatus::processed),
          std::optional(OrderStatus::failed), std::optional(OrderStatus::cancelled)}) {
        OrderFilter filter;
        if (status) filter.statuses = {*status};
        (void)reader.list({.filter = filter});
        (void)reader.list({.filter = filter, .before = OrderSequence{5'000}});
        filter.kind = a_kind("print");
        filter.priority = Priority::high;
        (void)reader.list({.filter = filter});
        (void)reader.find_matching(filter, {50'000}, 1'000);
        filter.reason = "never";
        (void)reader.list({.filter = filter});
    }
    (void)reader.claimable_kinds();
    (void)reader.report();
    (void)reader.samples(kept_samples);
    (void)reader.figures();
    (void)reader.enlisted_workers();

    // A lease that is over.
    server.run(database, "UPDATE orders.leases SET until = 0 WHERE seq % 2 = 0");
    HousekeepingStore& house = user.housekeeping();
    (void)house.look();
    house.take_sample();
    (void)user.take_back_expired();
    (void)user.promote();
    (void)user.expire();
    // What is old, and what is not old enough.
    for (const auto& keep : {std::chrono::hours(1), std::chrono::hours(24 * 365 * 200)}) {
        const auto sweeper = store.storage().open_housekeeping();
        for (const OrderStatus status :
             {OrderStatus::processed, OrderStatus::failed, OrderStatus::cancelled}) {
            for (int steps = 0; sweeper->sweep(status, keep).has_more && steps < 30; ++steps) {
            }
        }
    }
    (void)house.sweep_beyond(1'000'000);
    house.tidy();
    user.intake().tidy();
    user.worker().retire(worker, {});
}

struct Plan {
    std::string sql;
    std::string steps;
};

// As auto_explain writes them into the log, each behind this.
constexpr const char* entry_mark = "@@ ";

std::vector<Plan> plans_in(const std::string& log) {
    std::vector<Plan> plans;
    const std::string mark = std::string("\n") + entry_mark;
    for (std::size_t at = log.find(mark); at != log.npos;) {
        const std::size_t next = log.find(mark, at + 1);
        const std::string entry = log.substr(at, next == log.npos ? next : next - at);
        at = next;
        const std::size_t sql = entry.find("Query Text: ");
        const std::size_t steps = entry.find("(cost=");
        if (sql == entry.npos || steps == entry.npos) continue;
        const std::size_t line = entry.rfind('\n', steps);
        plans.push_back({entry.substr(sql + 12, line - sql - 12), entry.substr(line)});
    }
    return plans;
}

enum class Count { each_time, all_times };

// How many rows the steps have come by that match the pattern: those they gave, and those they
// passed over; each time that they were done, or all times together.
long long rows_of_steps(const std::string& steps, const std::string& pattern, Count count) {
    const std::regex step(pattern + R"([^\n]*\(actual rows=(\d+) loops=(\d+)\)([^>]*))");
    const std::regex removed(R"(Rows Removed by [^:]*: (\d+))");
    long long most = 0;
    for (std::sregex_iterator found(steps.begin(), steps.end(), step), end; found != end; ++found) {
        long long rows = std::stoll((*found)[1]);
        const std::string below = (*found)[3];
        std::smatch passed;
        if (std::regex_search(below, passed, removed)) rows += std::stoll(passed[1]);
        most = std::max(most, count == Count::each_time ? rows : rows * std::stoll((*found)[2]));
    }
    return most;
}

void check(const std::vector<Plan>& plans) {
    std::set<std::string> statements;
    for (const Plan& plan : plans) {
        statements.insert(plan.sql);
        CAPTURE(plan.sql);
        const auto check_below = [&](const std::string& pattern, Count count) {
            const long long rows = rows_of_steps(plan.steps, pattern, count);
            CHECK_MESSAGE(rows <= most_rows, rows, " rows: ", pattern, plan.steps);
        };
        check_below(" on (?:orders|order_inputs|order_results|past_attempts)", Count::all_times);
        check_below("Sort ", Count::all_times);
        CHECK_MESSAGE(plan.steps.find("Seq Scan on orders ") == plan.steps.npos, plan.steps);
        // Read as a whole only where that is cheaper than a look for each row of something else.
        check_below(" on (?:queue|waiting|workers|group_marks)", Count::each_time);
    }
    // The statements of the store: so many different ones have been seen.
    CHECK_MESSAGE(statements.size() >= 60, statements.size());
}

// Of statements that change something.
void check_that_no_index_is_walked_over(const std::vector<Plan>& plans) {
    const std::regex change("DELETE|UPDATE|INSERT");
    const std::regex step(R"(Scan using (?:leases|queue|waiting)_\w* on [^\n]*\n\s*(\w+ \w+))");
    int steps = 0;
    for (const Plan& plan : plans) {
        if (!std::regex_search(plan.sql, change)) continue;
        CAPTURE(plan.sql);
        for (std::sregex_iterator found(plan.steps.begin(), plan.steps.end(), step), end;
             found != end; ++found, ++steps) {
            CHECK_MESSAGE((*found)[1] == "Index Cond", plan.steps);
        }
    }
    CHECK_MESSAGE(steps >= 40, steps);
}

}  // namespace

TEST_CASE("postgres_plans: no statement passes more orders than a portion, however many are done") {
    if (is_postgres_missing()) return;
    // The plans must not hang on when statistics are made; what is without them is tried, too.
    PostgresServer server(PostgresServer::Sync::off,
                          "autovacuum = off\nlog_min_messages = log\nlog_line_prefix = '@@ '");
    PlainStore store(server.make_database(database));
    (void)store.storage().open_intake();
    fill(server);
    leave_gone_rows(server);
    for (const char* const setting :
         {"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
          "auto_explain.log_analyze = on", "auto_explain.log_timing = off",
          "auto_explain.log_nested_statements = off"}) {
        server.run(database, "ALTER DATABASE plans SET " + std::string(setting));
    }
    const auto plans_of_use = [&](const std::string& round) {
        const std::size_t logged = server.log().size();
        use(store, server, round);
        return plans_in(server.log().substr(logged));
    };
    for (const std::string round : {"without-statistics", "with-statistics"}) {
        CAPTURE(round);
        check(plans_of_use(round));
        server.run(database, "ANALYZE");
    }
    leave_only_gone_rows(server);
    check_that_no_index_is_walked_over(plans_of_use("beside-rows-that-are-gone"));
}

}  // namespace orders::test
