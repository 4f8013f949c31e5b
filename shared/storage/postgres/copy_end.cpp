#include "shared/storage/postgres/copy_end.h"

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/copied_rows.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/migrations.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/server.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

// Calls `use`; its ServerErrors become StoreErrors.
template <typename Use>
auto with_store_errors(std::string_view operation, Use use) {
    try {
        return use();
    } catch (const ServerError& error) {
        throw to_store_error(error, operation);
    }
}

std::unique_ptr<Connection> connect(const ServerUrl& url) {
    auto connection = std::make_unique<Connection>(url);
    connection->wait_without_limit();
    migrate(*connection, embedded_migrations());
    return connection;
}

// How many connections of programs there are besides this one. The server takes a moment to notice
// that one has ended.
std::int64_t lasting_sessions(Connection& connection) {
    constexpr std::chrono::milliseconds pause{50};
    constexpr int looks = 40;
    for (int look = 1;; ++look) {
        const auto sessions =
            connection
                .query(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name = 'orders' AND pid <> pg_backend_pid()")
                .get<std::int64_t>(0, 0);
        if (sessions == 0 || look == looks) return sessions;
        std::this_thread::sleep_for(pause);
    }
}

void require_unused(Connection& connection, const std::string& name) {
    const Rows worker = connection.query(
        "SELECT name, (heartbeat_until - orders.now_ms()) / 1000 + 1 FROM orders.workers"
        " WHERE heartbeat_until > orders.now_ms() AND NOT pulls"
        " ORDER BY heartbeat_until DESC LIMIT 1");
    if (!worker.empty()) {
        throw unusable("copy " + name,
                       "a program has it open: the worker " + worker.get<std::string>(0, 0),
                       "stop every order-api and order-worker of this store first; one that was "
                       "killed counts for " +
                           worker.get<std::string>(0, 1) + " seconds more");
    }
    const std::int64_t sessions = lasting_sessions(connection);
    if (sessions == 0) return;
    throw unusable(
        "copy " + name,
        "a program has it open: connections of this project's, " + std::to_string(sessions),
        "stop every order-api and order-worker of this store first; those that a "
        "pooler keeps count, too");
}

template <typename Sender>
void send_mark(Sender& sender, const CopyMark& mark) {
    sender.send(
        "INSERT INTO orders.copies (id, state, copy, other)"
        " VALUES (1, $1::smallint, $2::text, $3::text) ON CONFLICT (id) DO UPDATE"
        " SET state = excluded.state, copy = excluded.copy, other = excluded.other",
        static_cast<std::int64_t>(mark.state), mark.copy, mark.other);
}

// With the table locked nobody writes who has not seen what is in it; begin_group() says why.
#define LOCK_MARK "LOCK TABLE orders.copies IN ACCESS EXCLUSIVE MODE"
#define NEW_NAME "replace(gen_random_uuid()::text, '-', '')"

void give_back_all(Transaction& transaction) {
    const std::vector<Lease> held =
        leases_from(transaction.query("SELECT seq, token FROM orders.leases"));
    if (!held.empty()) send_releases(transaction, held);
}

class PostgresCopyEnd final : public CopyEnd {
    template <typename Use>
    auto use(std::string_view operation, Use what) {
        return with_store_errors(operation, [&] { return what(*connection_); });
    }

   public:
    explicit PostgresCopyEnd(const ServerUrl& url) : url_(url) {
        with_store_errors("open " + url_.describe(), [&] {
            connection_ = connect(url_);
            require_unused(*connection_, url_.describe());
        });
    }

    std::optional<CopyMark> mark() override {
        return use("read the mark of a copy",
                   [](Connection& connection) { return copy_mark_of(connection); });
    }
    StoreIdentity identity() override { return use("read the store's identity", identity_of); }
    std::int64_t order_count() override {
        return use("count the orders", [](Connection& connection) {
            return connection
                .query(
                    "SELECT coalesce(sum(number), 0)::bigint FROM orders.all_counts"
                    " WHERE state <= 5")
                .get<std::int64_t>(0, 0);
        });
    }
    OrderSequence newest() override {
        return use("look for the newest order", [](Connection& connection) {
            const Rows rows = connection.query("SELECT coalesce(max(seq), 0) FROM orders.orders");
            return OrderSequence{rows.get<std::int64_t>(0, 0)};
        });
    }

    void close(const CopyMark& mark) override {
        with_store_errors("close " + url_.describe(), [&] {
            if (const auto before = copy_mark_of(*connection_);
                before && before->state != CopyState::finished) {
                send_mark(*connection_, mark);
                (void)connection_->receive();
                return;
            }
            Server server(url_);
            Session session(server);
            Transaction transaction(session, session.next_nonce());
            transaction.send(LOCK_MARK);
            give_back_all(transaction);
            send_mark(transaction, mark);
            (void)transaction.commit();
        });
        newest_ = {};
    }

    void begin(const std::string& store_id, const CopiedNames& names,
               const CopyMark& mark) override {
        use("begin the copy", [&](Connection& connection) {
            connection.send("BEGIN");
            connection.send("SET LOCAL lock_timeout = '5s'");
            connection.send(LOCK_MARK);
            connection.send("SELECT 1 FROM orders.orders LIMIT 1");
            const bool is_empty = connection.receive().back().empty();
            if (!is_empty) {
                throw unusable("copy to " + url_.describe(), "there are orders in it by now",
                               how_to_empty());
            }
            send_copied_names(connection, names);
            connection.send("UPDATE orders.store SET store_id = $1::text, incarnation = " NEW_NAME,
                            store_id);
            send_mark(connection, mark);
            connection.send("COMMIT");
            (void)connection.receive();
        });
    }
    void add(std::span<const CopiedOrder> orders) override {
        try {
            send_copied_orders(*connection_, orders);
            (void)connection_->receive();
        } catch (const ServerError& error) {
            if (error.sqlstate() == unique_violation) {
                throw unusable("copy to " + url_.describe(), error.what(),
                               "is another order-api copy under way?");
            }
            throw to_store_error(error, "copy to " + url_.describe());
        }
    }
    void end() override {
        use("end the copy", [](Connection& connection) {
            connection.send(
                "SELECT setval('orders.orders_seq_seq', max(seq)) FROM orders.orders"
                " HAVING max(seq) > 0");
            connection.send(
                "SELECT setval('orders.workers_id_seq', max(id)) FROM orders.workers"
                " HAVING max(id) > 0");
            connection.send(
                "WITH d AS (DELETE FROM orders.count_changes RETURNING *)"
                " INSERT INTO orders.counts AS c (kind, priority, state, number)"
                " SELECT kind, priority, state, sum(number) FROM d GROUP BY 1, 2, 3"
                " ON CONFLICT (kind, priority, state) DO UPDATE"
                " SET number = c.number + excluded.number");
            // What looks at all orders is planned by statistics.
            connection.send(
                "ANALYZE orders.orders, orders.queue, orders.waiting, orders.order_inputs,"
                " orders.order_results, orders.past_attempts, orders.order_actions");
            (void)connection.receive();
        });
    }

    CopiedNames names() override { return use("read what orders name", read_copied_names); }
    std::vector<CopiedOrder> read(OrderSequence after) override {
        if (newest_.value == 0) newest_ = newest();
        return use("read the orders", [&](Connection& connection) {
            return read_copied_orders(connection, after, newest_);
        });
    }
    Verification verify() override { return postgres::verify(url_); }
    void set_state(CopyState state) override {
        use("mark the copy", [&](Connection& connection) {
            connection.run("UPDATE orders.copies SET state = $1::smallint",
                           static_cast<std::int64_t>(state));
        });
    }
    void reopen() override {
        use("reopen the store", [](Connection& connection) {
            connection.send("DELETE FROM orders.copies");
            connection.send("UPDATE orders.store SET incarnation = " NEW_NAME);
            (void)connection.receive();
        });
    }

    std::string how_to_empty() const override {
        return "name an empty database, or have one there again by DROP SCHEMA orders CASCADE";
    }

   private:
    static constexpr std::string_view unique_violation = "23505";

    const ServerUrl url_;
    std::unique_ptr<Connection> connection_;
    OrderSequence newest_;  // of the source, once it is closed
};

}  // namespace

std::unique_ptr<CopyEnd> open_copy_end(const ServerUrl& url) {
    return std::make_unique<PostgresCopyEnd>(url);
}

std::optional<CopyMark> copy_mark_of(Connection& connection) {
    const Rows rows = connection.query("SELECT state, copy, other FROM orders.copies WHERE id = 1");
    if (rows.empty()) return std::nullopt;
    return CopyMark{.state = static_cast<CopyState>(rows.get<std::int64_t>(0, 0)),
                    .copy = rows.get<std::string>(0, 1),
                    .other = rows.get<std::string>(0, 2)};
}

}  // namespace orders::postgres
