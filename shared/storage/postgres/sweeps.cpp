#include "shared/storage/postgres/sweeps.h"

#include <cstdint>
#include <utility>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

// How many rows one step passes, and how many orders it deletes, at most.
constexpr std::size_t rows_per_step = 10'000;
constexpr std::size_t deleted_per_step = 500;
constexpr std::size_t rows_per_read = 1'000;

// One round in so many passes all orders again, however sure it is that they never match.
constexpr int whole_round = 16;

// With all that they carried; of `which` of the orders $1.
#define ERASE(which)                                                                       \
    "WITH d AS (DELETE FROM orders.orders o WHERE o.seq = ANY ($1::bigint[]) AND " which   \
    " RETURNING o.seq, o.kind, o.priority, o.status),"                                     \
    " i AS (DELETE FROM orders.order_inputs t USING d WHERE t.seq = ANY (ARRAY[d.seq])"    \
    " RETURNING octet_length(t.payload) AS bytes),"                                        \
    " r AS (DELETE FROM orders.order_results t USING d WHERE t.seq = ANY (ARRAY[d.seq])"   \
    " RETURNING octet_length(t.result) AS bytes),"                                         \
    " a AS (DELETE FROM orders.past_attempts t USING d WHERE t.seq = ANY (ARRAY[d.seq]))," \
    " c AS (DELETE FROM orders.order_actions t USING d WHERE t.seq = ANY (ARRAY[d.seq]))," \
    " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"        \
    " SELECT kind, priority, status, -count(*) FROM d GROUP BY 1, 2, 3"                    \
    " UNION ALL SELECT kind, priority, status + 6, count(*) FROM d GROUP BY 1, 2, 3"       \
    " UNION ALL SELECT 0, 0, 29, count(*) FROM d HAVING count(*) > 0"                      \
    " UNION ALL SELECT 0, 0, 6, -sum(bytes) FROM (SELECT bytes FROM i UNION ALL"           \
    " SELECT bytes FROM r) b HAVING sum(bytes) > 0)"                                       \
    " SELECT count(*) FROM d"

std::optional<std::size_t> nothing_known(Transaction&, std::int64_t) {
    return std::nullopt;
}

}  // namespace

Swept FinishedWalk::step(std::chrono::milliseconds keep) {
    Found found = find(keep);
    const Swept swept{.deleted = found.orders.empty() ? 0 : erase(found.orders),
                      .has_more = found.next_after.has_value()};
    if (!first_other_) first_other_ = found.first_other;
    if (found.next_after) {
        after_ = *found.next_after;
    } else {
        end_round();
    }
    return swept;
}

FinishedWalk::Found FinishedWalk::find(std::chrono::milliseconds keep) {
    return writer_.session().read("look for old orders", [&](Connection& connection) {
        if (!finished_before_) {
            const Rows now = connection.query("SELECT orders.now_ms()");
            finished_before_ = time_from_column(now.get<std::int64_t>(0, 0)) - keep;
            after_ = begin_;
        }
        Found found;
        for (OrderSequence after = after_;;) {
            // Orders that did not succeed have an index; Processed ones need none, being most.
            const Rows rows =
                status_ == OrderStatus::processed
                    ? connection.query(
                          "SELECT seq, status, created_at, finished_at,"
                          " orders.now_ms() FROM orders.orders WHERE seq > $1::bigint"
                          " ORDER BY seq LIMIT $2::bigint",
                          after.value, rows_per_read)
                    : connection.query(
                          "SELECT seq, status, created_at, finished_at,"
                          " orders.now_ms() FROM orders.orders"
                          " WHERE unsuccessful = $3::smallint AND seq > $1::bigint"
                          " ORDER BY seq LIMIT $2::bigint",
                          after.value, rows_per_read, status_ == OrderStatus::failed ? 3 : 4);
            if (pass(rows, found)) return found;
            if (rows.size() < rows_per_read) {
                found.next_after.reset();
                return found;
            }
            after = {rows.get<std::int64_t>(rows.size() - 1, 0)};
        }
    });
}

bool FinishedWalk::pass(const Rows& rows, Found& found) const {
    for (std::size_t row = 0; row < rows.size(); ++row) {
        ++found.seen;
        const OrderSequence order{rows.get<std::int64_t>(row, 0)};
        const UtcTime created_at = time_from_column(rows.get<std::int64_t>(row, 2));
        const auto finished_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 3));
        const UtcTime now = time_from_column(rows.get<std::int64_t>(row, 4));
        const bool is_done =
            finished_at && static_cast<OrderStatus>(rows.get<std::int64_t>(row, 1)) == status_;
        if (is_done && *finished_at < *finished_before_) {
            found.orders.push_back(order);
        } else if (created_at >= *finished_before_ && created_at <= now) {
            if (!found.first_other) found.first_other = order;
            return true;
        } else if ((is_done || !finished_at) && !found.first_other) {
            found.first_other = order;
        }
        if (found.orders.size() == deleted_per_step || found.seen == rows_per_step) {
            found.next_after = order;
            return true;
        }
    }
    return false;
}

std::size_t FinishedWalk::erase(const std::vector<OrderSequence>& orders) {
    return writer_.transact(
        "delete old orders",
        [&](Transaction& transaction) {
            transaction.send(ERASE("o.status = $2::smallint AND o.finished_at < $3::bigint"),
                             numbers_of(orders), static_cast<int>(status_),
                             to_column(*finished_before_));
            const auto deleted =
                static_cast<std::size_t>(transaction.commit().at(0).get<std::int64_t>(0, 0));
            writer_.note_orders(deleted);
            return deleted;
        },
        nothing_known);
}

void FinishedWalk::end_round() {
    // If nothing that was passed can match later, the next round need not pass it again. But what
    // was passed as Failed or Cancelled is Processed one day if a client tries it again.
    const bool is_next_whole = status_ != OrderStatus::processed || ++rounds_ % whole_round == 0;
    if (is_next_whole) {
        begin_ = {};
    } else {
        begin_ = first_other_ ? OrderSequence{first_other_->value - 1} : after_;
    }
    finished_before_.reset();
    first_other_.reset();
}

Swept SizeWalk::step(std::int64_t max_bytes) {
    const auto nothing = [](Transaction&, std::int64_t) -> std::optional<Swept> {
        return std::nullopt;
    };
    return writer_.transact(
        "delete orders beyond the bound",
        [&](Transaction& transaction) { return step(transaction, max_bytes); }, nothing);
}

Swept SizeWalk::step(Transaction& transaction, std::int64_t max_bytes) {
    // One at a time, or each would delete for all.
    transaction.send("SELECT pg_advisory_xact_lock(hashtextextended('orders.size', 0))");
    const std::int64_t bytes =
        transaction
            .query(
                "SELECT coalesce(sum(CASE WHEN state <= 5 THEN $1::bigint * number"
                " WHEN state = 6 THEN number END), 0)::bigint FROM orders.all_counts",
                counted_bytes_per_order)
            .get<std::int64_t>(0, 0);
    std::int64_t surplus = bytes - max_bytes;
    if (surplus <= 0) {
        after_ = {};
        return {};
    }
    const Rows rows = transaction.query(
        "SELECT o.seq, o.status, coalesce(octet_length(i.payload), 0)"
        " + coalesce(octet_length(r.result), 0) FROM (SELECT seq, status FROM orders.orders"
        " WHERE seq > $1::bigint AND seq < (SELECT max(seq) FROM orders.orders)"
        " ORDER BY seq LIMIT $2::bigint) o LEFT JOIN orders.order_inputs i ON i.seq = o.seq"
        " LEFT JOIN orders.order_results r ON r.seq = o.seq ORDER BY o.seq",
        after_.value, rows_per_read);
    std::vector<OrderSequence> orders;
    OrderSequence after = after_;
    for (std::size_t row = 0; row < rows.size() && surplus > 0; ++row) {
        if (orders.size() == deleted_per_step) break;
        after = {rows.get<std::int64_t>(row, 0)};
        if (rows.get<std::int64_t>(row, 1) == 0) continue;
        orders.push_back(after);
        surplus -= counted_bytes_per_order + rows.get<std::int64_t>(row, 2);
    }
    if (rows.empty()) {
        // The next round begins with the oldest order again.
        after_ = {};
        return {};
    }
    Swept swept{.deleted = 0, .has_more = true};
    if (!orders.empty()) {
        transaction.send(ERASE("o.status IN (2, 3, 4)"), numbers_of(orders));
        swept.deleted =
            static_cast<std::size_t>(transaction.commit().at(0).get<std::int64_t>(0, 0));
        writer_.note_orders(swept.deleted);
    }
    after_ = surplus > 0 ? after : OrderSequence{};
    return swept;
}

}  // namespace orders::postgres
