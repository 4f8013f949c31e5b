#include "shared/storage/postgres/claims.h"

#include <algorithm>
#include <cassert>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

constexpr std::size_t smallest_portion = 16;
constexpr std::size_t largest_portion = 256;

std::size_t portion_for(std::size_t wanted, std::size_t kinds) {
    if (kinds <= 1) return std::min(wanted, largest_portion);
    return std::min(wanted, std::clamp(2 * wanted / kinds, smallest_portion, largest_portion));
}

}  // namespace

// What one claim has chosen, as the parameters of its statement.
struct Claims::Chosen {
    Array tids;
    Array orders;
    Array tokens;
    Array positions;
    Array kinds;
    Array priorities;
    Array attempts;
    Array max_attempts;
    Array backoffs;
    Array timeouts;
    std::vector<OrderSequence> expired;
    Array large;  // orders whose payload has not been read

    void add(const Line& line, const Candidate& candidate, const AttemptLimits& limits) {
        tids.add(candidate.tid);
        orders.add(candidate.order.value);
        tokens.add(candidate.token + 1);
        positions.add(candidate.position);
        kinds.add(line.kind);
        priorities.add(to_column(line.priority));
        attempts.add(candidate.attempts + 1);
        max_attempts.add(limits.max_attempts);
        backoffs.add(limits.backoff.count());
        timeouts.add(limits.timeout.count());
    }
};

void Claims::open_lines(const ClaimRequest& request) {
    lines_.clear();
    room_.clear();
    share_room_.clear();
    for (const ClaimShare& share : request.shares) share_room_.push_back(share.limit);
    for (const KnownKind& known : kinds_) {
        const auto kind = Kind::parse(known.name);
        const Taker taker = taker_of(kind.value_or(Kind()), request.shares);
        if (taker.room == 0) continue;
        room_[known.id] = {taker.share, taker.room};
        for (const Priority priority : all_priorities) {
            for (const int number : {0, 1}) {
                lines_.push_back({.kind = known.id,
                                  .kind_name = known.name,
                                  .share = taker.share,
                                  .priority = priority,
                                  .number = number,
                                  .after = number == 0 ? places_.after(known.id, priority)
                                                       : QueuePlaces::before_all});
            }
        }
    }
    portion_ = portion_for(request.limit, room_.size());
}

void Claims::begin(Transaction& transaction, const ClaimRequest& request) {
    places_.begin_claim(transaction.connection());
    open_lines(request);
    transaction.send("SELECT id, name FROM orders.kinds ORDER BY id");
    send_read(transaction, !was_high_enough_);
}

void Claims::send_read(Transaction& transaction, bool with_normal) {
    Array kinds;
    Array priorities;
    Array numbers;
    Array after;
    asked_.clear();
    for (std::size_t at = 0; at < lines_.size(); ++at) {
        const Line& line = lines_[at];
        if (line.passed < line.read.size() || !line.has_more || !may_take(line)) continue;
        if (line.priority == Priority::normal && !with_normal) continue;
        kinds.add(line.kind);
        priorities.add(to_column(line.priority));
        numbers.add(line.number);
        after.add(line.after);
        asked_.push_back(at);
    }
    // A small payload comes with the order.
    transaction.send(
        "SELECT r.at, q.position, q.tid, k.name, o.seq, o.order_id, o.priority, o.processing_time,"
        " o.attempts, o.token, o.created_at, o.due_at, o.start_before, i.timeout_seconds,"
        " i.max_attempts, i.backoff_seconds, coalesce(octet_length(i.payload), 0),"
        " CASE WHEN octet_length(i.payload) <= 1024 THEN i.payload END, i.trace"
        " FROM unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::bigint[])"
        " WITH ORDINALITY AS r (kind, priority, line, after, at)"
        " JOIN orders.kinds k ON k.id = r.kind AND NOT k.is_paused"
        " CROSS JOIN LATERAL (SELECT c.ctid AS tid, c.position, c.seq FROM orders.queue c"
        " WHERE c.kind = r.kind AND c.priority = r.priority AND c.line = r.line"
        " AND c.position > r.after ORDER BY c.position LIMIT $5::bigint FOR UPDATE SKIP LOCKED) q"
        " JOIN orders.orders o ON o.seq = q.seq LEFT JOIN orders.order_inputs i ON i.seq = o.seq"
        " ORDER BY r.at, q.position",
        kinds, priorities, numbers, after, portion_);
}

void Claims::take_read(const Rows& rows) {
    for (const std::size_t at : asked_) {
        lines_[at].read.clear();
        lines_[at].passed = 0;
        lines_[at].has_more = false;
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Line& line =
            lines_.at(asked_.at(static_cast<std::size_t>(rows.get<std::int64_t>(row, 0)) - 1));
        Candidate candidate{.position = rows.get<std::int64_t>(row, 1),
                            .tid = rows.get<std::string>(row, 2),
                            .order = {rows.get<std::int64_t>(row, 4)},
                            .spec = spec_from_row(rows, row, 5),
                            .attempts = static_cast<int>(rows.get<std::int64_t>(row, 8)),
                            .token = rows.get<std::int64_t>(row, 9),
                            .created_at = time_from_column(rows.get<std::int64_t>(row, 10)),
                            .queued_at = {},
                            .payload_bytes = rows.get<std::int64_t>(row, 16)};
        candidate.queued_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 11))
                                  .value_or(candidate.created_at);
        candidate.spec.kind = kind_from_column(rows.get<std::string>(row, 3));
        candidate.spec.start_before =
            time_from_column(rows.get<std::optional<std::int64_t>>(row, 12));
        candidate.spec.options = options_from_row(rows, row, 13);
        candidate.spec.payload = json_from_column(rows.get<std::optional<std::string>>(row, 17));
        candidate.spec.trace = trace_from_column(rows.get<std::optional<std::string>>(row, 18));
        line.after = candidate.position;
        line.read.push_back(std::move(candidate));
    }
    for (const std::size_t at : asked_) {
        Line& line = lines_[at];
        line.has_more = line.read.size() == portion_;
        // Its number was given to another kind just now.
        if (!line.read.empty() && line.read[0].spec.kind.name() != line.kind_name) {
            line.read.clear();
            line.has_more = false;
        }
    }
}

bool Claims::may_take(const Line& line) const {
    return room_.at(line.kind).room > 0 && share_room_[line.share] > 0;
}

bool Claims::is_short_of(Priority priority) const {
    return std::ranges::any_of(lines_, [&](const Line& line) {
        return line.priority == priority && line.passed == line.read.size() && line.has_more &&
               may_take(line);
    });
}

void Claims::read_on(Transaction& transaction, Priority priority) {
    send_read(transaction, priority == Priority::normal);
    take_read(transaction.receive().back());
}

Claims::Line* Claims::first_line(Transaction& transaction, Priority priority) {
    while (is_short_of(priority)) read_on(transaction, priority);
    Line* first = nullptr;
    for (Line& line : lines_) {
        if (line.priority != priority || line.passed == line.read.size() || !may_take(line)) {
            continue;
        }
        if (first == nullptr ||
            line.read[line.passed].position < first->read[first->passed].position) {
            first = &line;
        }
    }
    return first;
}

Claims::Line* Claims::next_line(Transaction& transaction, const ClaimRequest& request) {
    const auto normal_queued_at = [&]() -> std::optional<UtcTime> {
        const Line* const normal = first_line(transaction, Priority::normal);
        if (normal == nullptr) return std::nullopt;
        return normal->read[normal->passed].queued_at;
    };
    Line* const high = first_line(transaction, Priority::high);
    if (high != nullptr &&
        !turns_.is_normals(request.normal_max_wait, transaction.now(), normal_queued_at)) {
        return high;
    }
    return first_line(transaction, Priority::normal);
}

Claims::Claimed Claims::take_in_order(Transaction& transaction, const ClaimRequest& request,
                                      Chosen& chosen) {
    Claimed found;
    const UtcTime now = transaction.now();
    const auto most_payload = static_cast<std::int64_t>(
        std::min(request.max_payload_bytes, ClaimRequest::most_payload_bytes));
    while (found.orders.size() < request.limit && found.expired < most_expired) {
        Line* const line = next_line(transaction, request);
        if (line == nullptr) break;
        Candidate& head = line->read[line->passed];
        if (is_too_late(head.spec, head.attempts, now)) {
            chosen.expired.push_back(head.order);
            ++found.expired;
        } else {
            if (found.payload_bytes + head.payload_bytes > most_payload && !found.orders.empty()) {
                found.has_more = true;
                break;
            }
            found.payload_bytes += head.payload_bytes;
            const AttemptLimits limits =
                limits_of(head.spec.options, request.shares[line->share].defaults);
            chosen.add(*line, head, limits);
            if (head.payload_bytes > 0 && !head.spec.payload) {
                found.unread.push_back(found.orders.size());
                chosen.large.add(head.order.value);
            }
            found.orders.push_back({.lease = {.order = head.order, .token = head.token + 1},
                                    .spec = std::move(head.spec),
                                    .attempt = head.attempts + 1,
                                    .limits = limits,
                                    .created_at = head.created_at,
                                    .waited = waited(head.queued_at, now)});
            turns_.note_handed_out(line->priority);
            --room_.at(line->kind).room;
            --share_room_[line->share];
        }
        line->last_taken = head.position;
        ++line->passed;
    }
    found.has_more |= found.expired == most_expired;
    return found;
}

Claims::Claimed Claims::choose(Transaction& transaction, const ClaimRequest& request,
                               const Terms& terms, const std::vector<Rows>& results,
                               std::size_t next) {
    std::vector<KnownKind> kinds;
    const Rows& known = results.at(next);
    for (std::size_t row = 0; row < known.size(); ++row) {
        kinds.push_back({known.get<std::int64_t>(row, 0), known.get<std::string>(row, 1)});
    }
    if (kinds != kinds_) {
        kinds_ = std::move(kinds);
        open_lines(request);
        read_on(transaction, was_high_enough_ ? Priority::high : Priority::normal);
    } else {
        take_read(results.at(next + 1));
    }
    Chosen chosen;
    Claimed found = take_in_order(transaction, request, chosen);
    was_high_enough_ = request.normal_max_wait.count() == 0 &&
                       found.orders.size() == request.limit && !found.orders.empty() &&
                       found.orders.back().spec.priority == Priority::high;
    if (!chosen.expired.empty()) send_expiries(transaction, chosen.expired);
    if (!found.orders.empty()) {
        transaction.send(
            "WITH s AS (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[],"
            " $5::smallint[], $6::smallint[], $7::smallint[], $8::smallint[], $9::integer[],"
            " $10::bigint[]) AS s (seq, token, position, kind, priority, attempts, max_attempts,"
            " backoff, timeout)),"
            " taken AS (DELETE FROM orders.queue WHERE ctid = ANY ($1::tid[])),"
            " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"
            " SELECT kind, priority, 0, -count(*) FROM s GROUP BY kind, priority"
            " UNION ALL SELECT kind, priority, 1, count(*) FROM s GROUP BY kind, priority),"
            PG_CHANGED("s", "1", "c.attempts", "NULL")
            " INSERT INTO orders.leases (seq, token, position, until, started_at, deadline, worker,"
            " claimed_in, backoff_seconds, max_attempts, kind, priority, attempts)"
            " SELECT seq, token, position, orders.now_ms()"
            " + CASE WHEN $13::boolean THEN least($11::bigint, timeout) ELSE $11::bigint END,"
            " orders.now_ms(), CASE WHEN $13::boolean THEN orders.now_ms() + timeout END,"
            " $12::bigint, $14::bigint, backoff, max_attempts, kind, priority, attempts FROM s",
            chosen.tids, chosen.orders, chosen.tokens, chosen.positions, chosen.kinds,
            chosen.priorities, chosen.attempts, chosen.max_attempts, chosen.backoffs,
            chosen.timeouts, terms.lease_time.count(), terms.worker.value, terms.end_with_timeout,
            transaction.nonce());
    }
    if (!found.unread.empty()) {
        transaction.send(
            "SELECT i.seq, i.payload FROM unnest($1::bigint[]) WITH ORDINALITY AS s (seq, at)"
            " JOIN orders.order_inputs i ON i.seq = s.seq ORDER BY s.at",
            chosen.large);
    }
    return found;
}

void Claims::take_payloads(Claimed& claimed, const std::vector<Rows>& results) {
    if (claimed.unread.empty()) return;
    const Rows& rows = results.back();
    for (std::size_t row = 0; row < claimed.unread.size(); ++row) {
        ClaimedOrder& order = claimed.orders.at(claimed.unread[row]);
        order.spec.payload = json_from_column(rows.get<std::string>(row, 1));
    }
    claimed.unread.clear();
}

void Claims::keep_places() {
    bool is_empty = true;
    for (const Line& line : lines_) {
        is_empty = is_empty && line.read.empty() && line.last_taken == 0;
        if (line.number != 0) continue;
        if (line.passed < line.read.size()) {
            places_.leave(line.kind, line.priority, line.read[line.passed].position);
        } else {
            places_.take(line.kind, line.priority, line.after);
        }
    }
    places_.end_claim(is_empty);
}

}  // namespace orders::postgres
