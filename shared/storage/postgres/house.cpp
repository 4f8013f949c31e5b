// The store as housekeeping sees it (housekeeping_store.h). Deleting is in sweeps.h.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "shared/os/steady_time.h"
#include "shared/storage/change_log.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/report.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/samples.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/sweeps.h"
#include "shared/storage/postgres/time_floor.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

// A worker of ours is gone when all of its leases must be over; one that pulls has told that it
// lives by asking, and comes back by asking.
#define IS_GONE                                        \
    " heartbeat_until IS NOT NULL AND heartbeat_until" \
    " + CASE WHEN pulls THEN 0 ELSE lease_time END <= orders.now_ms()"

// OFFSET: looked up for one order after the other. As a join the server may read all orders first,
// while it takes leases that are gone for leases.
#define IS_NOT_IN_WORK " NOT EXISTS (SELECT FROM orders.leases l WHERE l.seq = o.seq OFFSET 0)"

// Called by many processes at once; each of these is done by one.
#define FOLD_LOCK "hashtextextended('orders.fold', 0)"
#define PROMOTION_LOCK "hashtextextended('orders.promotion', 0)"

void send_promotion(Transaction& transaction, std::size_t limit) {
    // One at a time, so that those that are due first go first.
    transaction.send("SELECT pg_advisory_xact_lock(" PROMOTION_LOCK ")");
    transaction.send(
        "WITH d AS (DELETE FROM orders.waiting t WHERE t.ctid = ANY (ARRAY (SELECT ctid"
        " FROM orders.waiting WHERE due_at <= orders.now_ms() ORDER BY due_at, seq"
        " LIMIT $1::bigint FOR UPDATE SKIP LOCKED)) RETURNING t.*),"
        " p AS MATERIALIZED (SELECT d.*, nextval('orders.orders_seq_seq') AS place"
        " FROM (SELECT * FROM d ORDER BY due_at, seq) AS d),"
        " moved AS (UPDATE orders.orders o SET position = p.place FROM p WHERE o.seq = p.seq),"
        " queued AS (INSERT INTO orders.queue (kind, priority, line, position, seq)"
        " SELECT kind, priority, 0, place, seq FROM p),"
        " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT kind, priority, 5, -count(*) FROM p GROUP BY 1, 2"
        " UNION ALL SELECT kind, priority, 0, count(*) FROM p GROUP BY 1, 2)"
        " SELECT seq, " PG_RING_FOR_WORK " FROM p",
        limit);
}

std::vector<ExpiredOrder> taken_back(const Rows& rows) {
    std::vector<ExpiredOrder> orders;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto order_id = OrderId::parse(rows.get<std::string>(row, 0));
        if (!order_id) throw damaged("read an order", "its id is out of range");
        orders.push_back({.order_id = *std::move(order_id),
                          .worker = rows.get<std::string>(row, 1),
                          .attempts = static_cast<int>(rows.get<std::int64_t>(row, 2)),
                          .failure = rows.get<std::optional<std::string>>(row, 3)});
    }
    return orders;
}

class PostgresHousekeepingStore final : public HousekeepingStore {
   public:
    explicit PostgresHousekeepingStore(SharedServer server)
        : server_(std::move(server)),
          writer_(*server_, server_->work().maintenance),
          processed_walk_(writer_, OrderStatus::processed),
          failed_walk_(writer_, OrderStatus::failed),
          cancelled_walk_(writer_, OrderStatus::cancelled),
          size_walk_(writer_) {}

    Chores look() override {
        return writer_.session().read("look what is to be done", [this](Connection& connection) {
            const Rows rows = connection.query(
                "SELECT orders.now_ms(), l.first_start,"
                " coalesce(l.first_end <= orders.now_ms(), false)"
                " OR EXISTS (SELECT FROM orders.workers WHERE" IS_GONE
                "),"
                " EXISTS (SELECT FROM orders.count_changes),"
                " (SELECT due_at FROM orders.waiting WHERE due_at > $2::bigint"
                " ORDER BY due_at LIMIT 1),"
                " (SELECT o.expires_at FROM orders.orders o WHERE o.expires_at IS NOT NULL"
                " AND" IS_NOT_IN_WORK
                " ORDER BY o.expires_at LIMIT 1),"
                " (SELECT max(number) FROM orders.samples)"
                " FROM (SELECT min(started_at) AS first_start, min(until) AS first_end"
                " FROM orders.leases_begun_after($1::bigint)) AS l",
                lease_floor_.begin_look(), due_floor_.begin_look());
            const auto now_ms = rows.get<std::int64_t>(0, 0);
            lease_floor_.note(now_ms, rows.get<std::optional<std::int64_t>>(0, 1));
            due_floor_.note(now_ms, rows.get<std::optional<std::int64_t>>(0, 4));
            const UtcTime now = time_from_column(now_ms);
            Chores chores{.has_expired_leases = rows.get<bool>(0, 2)};
            has_changes_ = rows.get<bool>(0, 3);
            const auto note = [&](int column, bool& is_now) {
                const auto next =
                    time_from_column(rows.get<std::optional<std::int64_t>>(0, column));
                if (!next) return;
                is_now = *next <= now;
                const auto wait = std::max(*next - now, std::chrono::milliseconds{0});
                chores.next_due_in = std::min(chores.next_due_in.value_or(wait), wait);
            };
            note(4, chores.has_due_orders);
            note(5, chores.has_overdue_orders);
            chores.has_sample_due =
                rows.get<std::optional<std::int64_t>>(0, 6) != sample_number(now);
            return chores;
        });
    }

    HousekeepingOutcomes take_turn(const HousekeepingTurn& turn) override {
        return writer_.transact(
            "keep house",
            [&](Transaction& transaction) {
                HousekeepingOutcomes outcomes = take_turn(transaction, turn);
                writer_.note_orders(outcomes.taken_back.size() + outcomes.promoted +
                                    outcomes.expired);
                return outcomes;
            },
            // What was done is not done twice, and there is nobody who waits for the answer.
            [](Transaction&, std::int64_t) -> std::optional<HousekeepingOutcomes> {
                return std::nullopt;
            });
    }

    void add_figures(const std::string& figures) override {
        (void)writer_.transact(
            "add figures",
            [&](Transaction& transaction) {
                transaction.send(
                    "INSERT INTO orders.metric_sums AS s (name, number)"
                    " SELECT key, value::float8 FROM json_each_text($1::json) ORDER BY key"
                    " ON CONFLICT (name) DO UPDATE SET number = s.number + excluded.number",
                    figures);
                (void)transaction.commit();
                return true;
            },
            // Rather lost than counted twice.
            [](Transaction&, std::int64_t) { return std::optional(true); });
    }

    Swept sweep(OrderStatus status, std::chrono::milliseconds keep) override {
        FinishedWalk& walk = status == OrderStatus::processed ? processed_walk_
                             : status == OrderStatus::failed  ? failed_walk_
                                                              : cancelled_walk_;
        return walk.step(keep);
    }
    Swept sweep_beyond(std::int64_t max_bytes) override { return size_walk_.step(max_bytes); }

    void take_sample() override {
        const Sample sample = sample_of(make_figures(writer_.session(), beginnings_));
        (void)writer_.session().read("take a sample", [&](Connection& connection) {
            send_sample(connection, sample);
            return connection.receive().size();
        });
    }

    void tidy() override {
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now < next_fold_) return;
        next_fold_ = now + between_folds;
        const bool is_clearing = now >= next_clearing_;
        if (is_clearing) next_clearing_ = now + between_clearings;
        if (!has_changes_ && !is_clearing) return;
        (void)writer_.session().read("tidy", [&](Connection& connection) {
            if (has_changes_) send_fold(connection);
            if (is_clearing) send_clearing(connection);
            send_tidying_of_changes(connection);
            return connection.receive().size();
        });
    }

   private:
    static constexpr std::chrono::milliseconds between_folds{1'000};
    static constexpr std::chrono::seconds between_clearings{10};
    static constexpr std::int64_t changes_per_second = 4 * changes_per_trim;

    [[nodiscard]] HousekeepingOutcomes take_turn(Transaction& transaction,
                                                 const HousekeepingTurn& turn) const {
        HousekeepingOutcomes outcomes;
        if (turn.is_proof()) transaction.send(PG_PROBE);
        if (turn.take_back_limit > 0) {
            send_take_back(transaction, lease_floor_.after(), turn.take_back_limit);
            transaction.send(
                "SELECT orders.keep_metrics(ARRAY (SELECT id FROM orders.workers WHERE" IS_GONE
                " ORDER BY id FOR UPDATE))");
            transaction.send(
                "UPDATE orders.workers SET heartbeat_until = NULL, gone_at = orders.now_ms(), "
                "named_up_to ="
                " CASE named_up_to WHEN 0 THEN 0"
                " ELSE (SELECT coalesce(max(seq), 0) FROM orders.orders) END WHERE" IS_GONE);
        }
        if (turn.promote_limit > 0) send_promotion(transaction, turn.promote_limit);
        if (turn.expire_limit > 0) {
            transaction.send(
                "SELECT o.seq FROM orders.orders o WHERE o.expires_at <= orders.now_ms()"
                " AND" IS_NOT_IN_WORK " ORDER BY o.expires_at LIMIT $1::bigint",
                turn.expire_limit);
        }
        const std::vector<Rows> results = transaction.receive();
        std::size_t next = 0;
        if (turn.take_back_limit > 0) {
            outcomes.taken_back = taken_back(results.at(next));
            next += 3;
        }
        if (turn.promote_limit > 0) {
            outcomes.promoted = results.at(next + 1).size();
            next += 2;
        }
        if (turn.expire_limit > 0 && !results.at(next).empty()) {
            const Rows& overdue = results[next];
            std::vector<OrderSequence> orders;
            for (std::size_t row = 0; row < overdue.size(); ++row) {
                orders.push_back({overdue.get<std::int64_t>(row, 0)});
            }
            send_expiries(transaction, orders);
            outcomes.expired = transaction.commit().at(0).size();
        } else {
            (void)transaction.commit();
        }
        return outcomes;
    }

    static void send_fold(Connection& connection) {
        connection.send(
            "WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(" FOLD_LOCK
            ") AS is_mine),"
            " d AS (DELETE FROM orders.count_changes WHERE ctid = ANY (ARRAY (SELECT ctid"
            " FROM orders.count_changes WHERE (SELECT is_mine FROM mine) LIMIT 20000))"
            " RETURNING kind, priority, state, number)"
            " INSERT INTO orders.counts AS c (kind, priority, state, number)"
            " SELECT kind, priority, state, sum(number) FROM d GROUP BY kind, priority, state"
            " ON CONFLICT (kind, priority, state) DO UPDATE"
            " SET number = c.number + excluded.number");
    }

    // Whether changes are written hangs on no clock but this, so nothing is left out without
    // anybody noticing. (A time that lies too far ahead is from before the clock was set back. The
    // server's now_ms() may be from a while ago here, and somebody may have asked again since.)
    static void send_tidying_of_changes(Connection& connection) {
        connection.send(
            "WITH ended AS (UPDATE orders.awaited_changes SET until = 0 WHERE until > 0 AND until"
            " NOT BETWEEN orders.now_ms() AND orders.now_ms() + $1::bigint)"
            " DELETE FROM orders.changes WHERE id <= (SELECT max(id) FROM orders.changes)"
            " - $2::bigint AND id < (SELECT min(id) FROM orders.changes) + $3::bigint",
            2 * longest_awaiting.count(), kept_changes, changes_per_second);
    }

    static void send_clearing(Connection& connection) {
        connection.send(
            // Bytes that are so late are on no way any more.
            "WITH marks AS (DELETE FROM orders.group_marks WHERE nonce = ANY (ARRAY (SELECT nonce"
            " FROM orders.group_marks WHERE at < orders.now_ms() - 86400000"
            " ORDER BY at LIMIT 10000)))"
            " DELETE FROM orders.workers w WHERE w.id = ANY (ARRAY (SELECT id FROM orders.workers"
            // Not one that is only cut off from the server, and goes on.
            " WHERE heartbeat_until IS NULL AND gone_at < orders.now_ms() - 86400000"
            " AND named_up_to < coalesce((SELECT min(seq) FROM orders.orders), 1) LIMIT 100))"
            " AND w.heartbeat_until IS NULL"
            " AND NOT EXISTS (SELECT FROM orders.leases l WHERE l.worker = w.id)");
    }

    const SharedServer server_;
    Writer writer_;
    FinishedWalk processed_walk_;
    FinishedWalk failed_walk_;
    FinishedWalk cancelled_walk_;
    SizeWalk size_walk_;
    Beginnings beginnings_;  // of reports, for the samples
    TimeFloor lease_floor_;  // by when they began
    TimeFloor due_floor_;
    bool has_changes_ = true;  // of the counters, by the last look
    SteadyTime next_fold_{};
    SteadyTime next_clearing_{};
};

}  // namespace

std::unique_ptr<HousekeepingStore> open_housekeeping(SharedServer server) {
    return std::make_unique<PostgresHousekeepingStore>(std::move(server));
}

}  // namespace orders::postgres
