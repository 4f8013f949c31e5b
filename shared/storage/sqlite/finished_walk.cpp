#include "shared/storage/sqlite/finished_walk.h"

#include <stdexcept>

#include "shared/storage/sqlite/columns.h"

namespace orders::sqlite {
namespace {

// Failed orders have an index; Processed ones need none, being most of all orders.
Sql oldest_first(OrderStatus status) {
    if (status == OrderStatus::failed) {
        return "SELECT seq, status, created_at, finished_at FROM orders"
               " INDEXED BY orders_failed WHERE status = 3 AND seq > ?"
               " AND seq < (SELECT max(seq) FROM orders) ORDER BY seq LIMIT ?";
    }
    if (status != OrderStatus::processed) {
        throw std::logic_error("only finished orders are swept");
    }
    return "SELECT seq, status, created_at, finished_at FROM orders"
           " WHERE seq > ? AND seq < (SELECT max(seq) FROM orders) ORDER BY seq LIMIT ?";
}

}  // namespace

FinishedWalk::FinishedWalk(WriteAccess& access, OrderStatus status)
    : access_(access),
      status_(status),
      oldest_first_(access.connection(), oldest_first(status)),
      long_finished_(access.connection(),
                     "SELECT priority FROM orders"
                     " WHERE seq = ?1 AND status = ?2 AND finished_at < ?3"),
      erase_(access.connection(), "DELETE FROM orders WHERE seq = ?") {}

Swept FinishedWalk::step(UtcTime now, std::chrono::milliseconds keep) {
    if (!finished_before_) {
        finished_before_ = now - keep;
        after_ = begin_;
    }
    const Found found = find(now);
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

FinishedWalk::Found FinishedWalk::find(UtcTime now) {
    Found found;
    Cursor rows = oldest_first_.query(after_.value, rows_per_step);
    std::int64_t seen = 0;
    while (rows.next()) {
        ++seen;
        const OrderSequence order{rows.get<std::int64_t>(0)};
        const auto status = status_from_column(rows.get<std::int64_t>(1));
        const UtcTime created_at = time_from_column(rows.get<std::int64_t>(2));
        const auto finished_at = time_from_column(rows.get<std::optional<std::int64_t>>(3));
        const bool is_done = status == status_ && finished_at;
        if (is_done && *finished_at < *finished_before_) {
            found.orders.push_back(order);
        } else if (created_at >= *finished_before_ && created_at <= now) {
            if (!found.first_other) found.first_other = order;
            return found;
        } else if ((is_done || !finished_at) && !found.first_other) {
            found.first_other = order;
        }
        if (found.orders.size() == deleted_per_step || seen == rows_per_step) {
            found.next_after = order;
            return found;
        }
    }
    return found;
}

std::size_t FinishedWalk::erase(const std::vector<OrderSequence>& orders) {
    // None of them can have become the last one: find() saw a later one, which is still there.
    WriteTransaction work(access_);
    std::size_t erased = 0;
    for (const OrderSequence order : orders) {
        std::optional<Priority> priority;
        {
            Cursor row =
                long_finished_.query(order.value, to_column(status_), to_column(*finished_before_));
            if (row.next()) priority = priority_from_column(row.get<std::int64_t>(0));
        }
        if (!priority) continue;
        erase_.run(order.value);
        work.note_deleted(*priority, status_);
        ++erased;
    }
    work.commit();
    return erased;
}

void FinishedWalk::end_round() {
    // If nothing that was passed can match later, the next round need not pass it again. The part
    // after after_ is short, and what comes later comes behind it. But a walk over the Failed
    // orders alone has not seen the others, which may fail later and before all that it passed.
    if (status_ == OrderStatus::processed) {
        begin_ = first_other_ ? OrderSequence{first_other_->value - 1} : after_;
    }
    finished_before_.reset();
    first_other_.reset();
}

}  // namespace orders::sqlite
