#include "shared/storage/sqlite/finished_walk.h"

#include <stdexcept>

#include "shared/storage/sqlite/columns.h"

namespace orders::sqlite {
namespace {

// Orders that did not succeed have an index; Processed ones need none, being most of all orders.
Sql oldest_first(StoredStatus status) {
    switch (status) {
        case StoredStatus::failed:
            return "SELECT seq, status, created_at, finished_at FROM orders"
                   " INDEXED BY orders_unsuccessful WHERE status IN (3, 4) AND status = 3"
                   " AND seq > ? AND seq < (SELECT max(seq) FROM orders) ORDER BY seq LIMIT ?";
        case StoredStatus::cancelled:
            return "SELECT seq, status, created_at, finished_at FROM orders"
                   " INDEXED BY orders_unsuccessful WHERE status IN (3, 4) AND status = 4"
                   " AND seq > ? AND seq < (SELECT max(seq) FROM orders) ORDER BY seq LIMIT ?";
        case StoredStatus::processed:
            break;
        default:
            throw std::logic_error("only orders that have ended are swept");
    }
    return "SELECT seq, status, created_at, finished_at FROM orders"
           " WHERE seq > ? AND seq < (SELECT max(seq) FROM orders) ORDER BY seq LIMIT ?";
}

// Of the columns kind and priority; `first` is the number of the first.
CountedAs counted_as(const Cursor& row, int first) {
    return {row.get<std::int64_t>(first), priority_from_column(row.get<std::int64_t>(first + 1))};
}

}  // namespace

FinishedWalk::FinishedWalk(WriteAccess& access, StoredStatus status)
    : access_(access),
      status_(status),
      content_(access.connection()),
      oldest_first_(access.connection(), oldest_first(status)),
      long_finished_(access.connection(),
                     "SELECT kind, priority FROM orders"
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
        std::optional<CountedAs> as;
        {
            Cursor row =
                long_finished_.query(order.value, to_column(status_), to_column(*finished_before_));
            if (row.next()) as = counted_as(row, 0);
        }
        if (!as) continue;
        content_.erase(order, work);
        erase_.run(order.value);
        work.note_deleted(*as, status_);
        ++erased;
    }
    work.commit();
    return erased;
}

void FinishedWalk::end_round() {
    // If nothing that was passed can match later, the next round need not pass it again. The part
    // after after_ is short, and what comes later comes behind it. But a walk over an index has not
    // seen the others, which may come into it later and before all that it passed; and what was
    // passed as Failed or Cancelled is Processed one day if a client tries it again.
    const bool is_next_whole = status_ != StoredStatus::processed || ++rounds_ % whole_round == 0;
    if (is_next_whole) {
        begin_ = {};
    } else {
        begin_ = first_other_ ? OrderSequence{first_other_->value - 1} : after_;
    }
    finished_before_.reset();
    first_other_.reset();
}

SizeWalk::SizeWalk(WriteAccess& access)
    : access_(access),
      content_(access.connection()),
      bytes_(access.connection(),
             "SELECT (SELECT content_bytes FROM bookkeeping WHERE id = 1)"
             " + ? * (SELECT coalesce(sum(orders), 0) FROM order_counts)"),
      oldest_first_(access.connection(),
                    "SELECT seq, status FROM orders"
                    " WHERE seq > ? AND seq < (SELECT max(seq) FROM orders) ORDER BY seq LIMIT ?"),
      ended_(access.connection(),
             "SELECT status, kind, priority FROM orders WHERE seq = ? AND status IN (2, 3, 4)"),
      erase_(access.connection(), "DELETE FROM orders WHERE seq = ?") {}

Swept SizeWalk::step(std::int64_t max_bytes) {
    if (bytes_in_use() <= max_bytes) {
        after_ = {};
        return {};
    }
    const OrderSequence begin = after_;
    const std::vector<OrderSequence> orders = next_ended();
    if (orders.empty()) {
        // The next round begins with the oldest order again.
        const bool is_at_end = after_ == begin;
        if (is_at_end) after_ = {};
        return {.deleted = 0, .has_more = !is_at_end};
    }
    WriteTransaction work(access_);
    const std::size_t erased = erase(orders, bytes_in_use() - max_bytes, work);
    work.commit();
    return {.deleted = erased, .has_more = true};
}

std::size_t SizeWalk::erase(const std::vector<OrderSequence>& orders, std::int64_t surplus,
                            WriteTransaction& work) {
    std::size_t erased = 0;
    for (const OrderSequence order : orders) {
        if (surplus <= 0) {
            after_ = {};
            break;
        }
        std::optional<StoredStatus> status;
        CountedAs as;
        {
            Cursor row = ended_.query(order.value);
            if (!row.next()) continue;
            status = status_from_column(row.get<std::int64_t>(0));
            as = counted_as(row, 1);
        }
        surplus -= counted_bytes_per_order + content_.erase(order, work);
        erase_.run(order.value);
        work.note_deleted(as, *status);
        ++erased;
    }
    return erased;
}

std::int64_t SizeWalk::bytes_in_use() {
    Cursor row = bytes_.query(counted_bytes_per_order);
    row.next();
    return row.get<std::int64_t>(0);
}

std::vector<OrderSequence> SizeWalk::next_ended() {
    std::vector<OrderSequence> orders;
    for (Cursor rows = oldest_first_.query(after_.value, FinishedWalk::rows_per_step);
         rows.next() && orders.size() < FinishedWalk::deleted_per_step;) {
        after_.value = rows.get<std::int64_t>(0);
        if (is_end(to_status(status_from_column(rows.get<std::int64_t>(1))))) {
            orders.push_back(after_);
        }
    }
    return orders;
}

}  // namespace orders::sqlite
