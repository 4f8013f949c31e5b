// The log of changes as its readers see it (shared/storage/change_log.h). Transactions write what
// they change without waiting for each other; whoever reads numbers what has been committed since
// the last one did, one reader at a time. So a number is never seen before a smaller one, and
// nobody who writes pays for that.

#include "shared/storage/postgres/change_log.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/os/steady_time.h"
#include "shared/storage/change_log.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/time_floor.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

#define CONTENT "at, attempt, priority, status, order_id, kind, reason"

// How many one reader numbers at a time.
constexpr std::int64_t numbered_at_once = 10'000;
// As long as a transaction of ours takes at the most: what began before is over.
constexpr std::int64_t longest_transaction_ms = 30'000;

Change change_from(const Rows& rows, std::size_t row) {
    auto order_id = OrderId::parse(rows.get<std::string>(row, 5));
    auto kind = Kind::parse(rows.get<std::string>(row, 6));
    if (!order_id || !kind) throw damaged("read what has changed", "an id or a kind is not valid");
    return {.id = rows.get<std::int64_t>(row, 0),
            .order_id = *std::move(order_id),
            .kind = *std::move(kind),
            .priority = priority_from_column(rows.get<std::int64_t>(row, 3)),
            .status = to_status(static_cast<StoredStatus>(rows.get<std::int64_t>(row, 4))),
            .attempt = static_cast<int>(rows.get<std::int64_t>(row, 2)),
            .reason = rows.get<std::optional<std::string>>(row, 7),
            .at = time_from_column(rows.get<std::int64_t>(row, 1))};
}

// From which place on changes are looked for that have no number yet. As a TimeFloor
// (time_floor.h), for the same reason: the server keeps rows that are gone, and whoever looks walks
// over them.
class PlaceFloor {
   public:
    // A look begins now, on the so-many-th connection: behind this place.
    [[nodiscard]] std::int64_t begin_look(std::int64_t connection) {
        began_ = std::chrono::steady_clock::now();
        // Another connection may be to another server; a look that failed has noted nothing.
        const bool is_anew = is_looking_ || connection != connection_;
        if (is_anew || began_ >= next_from_beginning_) {
            connection_ = connection;
            next_from_beginning_ = began_ + between_beginnings;
            floor_ = 0;
            next_floor_.reset();
        }
        is_looking_ = true;
        return floor_;
    }
    // When it was over this was the last place that was given; and whether all that had been seen
    // has got its number.
    void note(std::int64_t last_place, bool has_numbered_all) {
        is_looking_ = false;
        if (!has_numbered_all) return;
        // What has a place before that one was committed before this look, and so numbered.
        if (next_floor_ && began_ >= next_floor_from_) {
            floor_ = *next_floor_;
            next_floor_.reset();
        }
        if (next_floor_) return;
        next_floor_ = last_place;
        next_floor_from_ = std::chrono::steady_clock::now() + TimeFloor::longest_transaction;
    }

   private:
    static constexpr std::chrono::minutes between_beginnings{5};

    std::int64_t floor_ = 0;
    std::optional<std::int64_t> next_floor_;
    SteadyTime next_floor_from_{};
    SteadyTime began_{};
    SteadyTime next_from_beginning_{};
    std::int64_t connection_ = 0;
    bool is_looking_ = false;
};

class PostgresChangeLog final : public ChangeLog {
   public:
    explicit PostgresChangeLog(SharedServer server)
        : server_(std::move(server)), session_(*server_) {}

    ChangePage read(std::int64_t after, std::size_t limit) override {
        return session_.read("read what has changed", [&](Connection& connection) {
            send_numbering(connection, floor_.begin_look(session_.connections()));
            // Kept, once nothing is under way from before it was seen that it had begun: neither a
            // transaction that may have written, nor a statement that is only about to.
            connection.send_kept(
                "SELECT coalesce((SELECT max(id) FROM orders.changes), 0),"
                " greatest(whole_after, (SELECT min(id) FROM orders.changes) - 1),"
                " until > 0 AND begun_in <> '0' AND (begun_at < orders.now_ms() - $1::bigint"
                " OR (begun_in <= pg_snapshot_xmin(pg_current_snapshot()) AND NOT EXISTS"
                " (SELECT FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                " AND age(backend_xmin) > age(begun_in::xid)))) FROM orders.awaited_changes",
                longest_transaction_ms);
            connection.send_kept("SELECT id, " CONTENT
                                 " FROM orders.changes WHERE id > $1::bigint"
                                 " ORDER BY id LIMIT $2::bigint",
                                 after, limit);
            connection.send_kept("COMMIT");
            const std::vector<Rows> results = connection.receive();
            const Rows& numbered = results.at(3);
            floor_.note(numbered.get<std::int64_t>(0, 1),
                        numbered.get<std::int64_t>(0, 0) < numbered_at_once);
            return page_from(results.at(4), results.at(5), after);
        });
    }

   private:
    static void send_numbering(Connection& connection, std::int64_t floor) {
        connection.send_kept("BEGIN ISOLATION LEVEL READ COMMITTED");
        connection.send_kept("SELECT pg_advisory_xact_lock(" PG_CHANGES_LOCK ")");
        // Its beginning is to be seen by all whose statements begin from now on.
        connection.send_kept(
            "UPDATE orders.awaited_changes SET begun_in = pg_current_xact_id(),"
            " begun_at = orders.now_ms() WHERE until > 0 AND begun_in = '0'");
        connection.send_kept(
            "WITH d AS (DELETE FROM orders.new_changes WHERE place = ANY (ARRAY (SELECT place"
            " FROM orders.new_changes WHERE place > $2::bigint ORDER BY place LIMIT $1::bigint))"
            " RETURNING *),"
            " n AS (INSERT INTO orders.changes (id, " CONTENT
            ") SELECT (SELECT coalesce(max(id), 0) FROM orders.changes)"
            " + row_number() OVER (ORDER BY place), " CONTENT
            " FROM d RETURNING id)"
            " SELECT (SELECT count(*) FROM n), CASE WHEN is_called THEN last_value ELSE 0 END"
            " FROM orders.new_changes_place_seq",
            numbered_at_once, floor);
    }

    [[nodiscard]] static ChangePage page_from(const Rows& state, const Rows& rows,
                                              std::int64_t after) {
        ChangePage page{.state = {.newest = state.get<std::int64_t>(0, 0),
                                  .whole_after = state.get<std::int64_t>(0, 1),
                                  .is_kept = state.get<bool>(0, 2)},
                        .changes = {},
                        .next_after = after};
        for (std::size_t row = 0; row < rows.size(); ++row) {
            page.next_after = rows.get<std::int64_t>(row, 0);
            const bool is_beginning = rows.is_null(row, 5);
            if (!is_beginning) page.changes.push_back(change_from(rows, row));
        }
        return page;
    }

    const SharedServer server_;
    Session session_;
    PlaceFloor floor_;
};

}  // namespace

std::unique_ptr<ChangeLog> open_change_log(SharedServer server) {
    return std::make_unique<PostgresChangeLog>(std::move(server));
}

}  // namespace orders::postgres
