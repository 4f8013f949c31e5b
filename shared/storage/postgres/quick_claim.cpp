#include "shared/storage/postgres/quick_claim.h"

#include <algorithm>
#include <utility>

#include "shared/storage/decisions/claim_rules.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/settlements.h"

namespace orders::postgres {
namespace {

// One line of the queue, as `q`. One more is read than is taken: whether any is left is known then.
#define LINE(priority, line, after, most)                                           \
    "SELECT " priority "::smallint AS priority, " line                              \
    " AS line, q.tid, q.position, q.seq"                                            \
    " FROM (SELECT c.ctid AS tid, c.position, c.seq FROM orders.queue c"            \
    " WHERE c.kind = $1::smallint AND c.priority = " priority " AND c.line = " line \
    " AND c.position > " after " ORDER BY c.position LIMIT " most " FOR UPDATE SKIP LOCKED) q"

#define CLAIM \
    "WITH known AS MATERIALIZED (SELECT count(*) FILTER (WHERE id = $1::smallint"               \
    " AND name = $2::text) = 1 AND (NOT $3::boolean OR count(*) = 1) AS is_so,"                 \
    " CASE WHEN bool_or(is_paused) FILTER (WHERE id = $1::smallint) THEN 0"                     \
    " ELSE $6::bigint + 1 END AS most FROM orders.kinds),"                                      \
    " room AS MATERIALIZED (SELECT CASE WHEN is_so THEN most ELSE 0 END AS most FROM known),"   \
    " high AS MATERIALIZED ("                                                                   \
    LINE("0", "0", "$4::bigint", "(SELECT most FROM room)")                                     \
    " UNION ALL " LINE("0", "1", PG_BEFORE_ALL, "(SELECT most FROM room)") "),"                          \
    " left_room AS MATERIALIZED (SELECT greatest(0, most - (SELECT count(*) FROM high)) AS most" \
    " FROM room),"                                                                              \
    " normal AS MATERIALIZED ("                                                                 \
    LINE("1", "0", "$5::bigint", "(SELECT most FROM left_room)")                                \
    " UNION ALL " LINE("1", "1", PG_BEFORE_ALL, "(SELECT most FROM left_room)") "),"                     \
    " ranked AS MATERIALIZED (SELECT x.*, row_number() OVER (ORDER BY priority, position) AS rank" \
    " FROM (SELECT * FROM high UNION ALL SELECT * FROM normal) x),"                             \
    " head AS MATERIALIZED (SELECT r.*, o.order_id, o.processing_time, o.attempts, o.token,"    \
    " o.created_at, greatest(0, orders.now_ms() - coalesce(o.due_at, o.created_at)) AS waited," \
    " o.start_before, i.timeout_seconds, i.max_attempts, i.backoff_seconds,"                    \
    " i.payload, i.trace, coalesce(octet_length(i.payload), 0) AS bytes,"                       \
    " coalesce(o.attempts = 0 AND o.start_before <= orders.now_ms(), false) AS is_late"         \
    " FROM ranked r JOIN orders.orders o ON o.seq = r.seq"                                      \
    " LEFT JOIN orders.order_inputs i ON i.seq = r.seq WHERE r.rank <= $6::bigint),"            \
    " taken AS MATERIALIZED (SELECT * FROM (SELECT *, sum(bytes) OVER (ORDER BY rank) AS total" \
    " FROM head) s WHERE (rank = 1 OR total <= $7::bigint)"                                     \
    " AND NOT (SELECT coalesce(bool_or(is_late), false) FROM head)),"                           \
    " gone AS (DELETE FROM orders.queue WHERE ctid = ANY (ARRAY (SELECT tid FROM taken))),"     \
    " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"             \
    " SELECT $1::smallint, priority, 0, -count(*) FROM taken GROUP BY priority"                 \
    " UNION ALL SELECT $1::smallint, priority, 1, count(*) FROM taken GROUP BY priority),"      \
    " leased AS (INSERT INTO orders.leases (seq, token, position, until, started_at, worker,"   \
    " claimed_in, backoff_seconds, max_attempts, kind, priority, attempts)"                     \
    " SELECT seq, token + 1, position, orders.now_ms() + $8::bigint, orders.now_ms(),"          \
    " $9::bigint, $10::bigint, coalesce(backoff_seconds, $11::integer),"                        \
    " coalesce(max_attempts, $12::smallint), $1::smallint, priority, attempts + 1 FROM taken)"  \
    "," PG_NEW_CHANGES "order_id, $2::text, priority, 1, attempts + 1, NULL FROM taken" PG_IF_ANYBODY_LISTENS ")" \
    " SELECT k.is_so AND NOT (SELECT coalesce(bool_or(is_late), false) FROM head),"             \
    " (SELECT count(*) FROM ranked), t.seq, t.line, t.position, t.order_id, t.priority,"        \
    " t.processing_time, t.attempts, t.token, t.created_at, t.start_before, t.timeout_seconds," \
    " t.max_attempts, t.backoff_seconds, t.payload, t.trace, t.waited"                          \
    " FROM known k LEFT JOIN taken t ON true ORDER BY t.rank"

}  // namespace

QuickClaim::QuickClaim(const ClaimRequest& request, KnownKind known, Kind kind)
    : request_(request),
      known_(std::move(known)),
      kind_(std::move(kind)),
      takes_all_kinds_(request.shares.at(0).kinds.empty()),
      limit_(std::min(request.limit, taker_of(kind_, request.shares).room)) {}

std::optional<QuickClaim> QuickClaim::of(const ClaimRequest& request,
                                         const std::vector<KnownKind>& kinds) {
    if (request.shares.size() != 1 || request.normal_max_wait.count() > 0) return std::nullopt;
    const ClaimShare& share = request.shares[0];
    if (share.limit == 0 || share.kinds.size() > 1) return std::nullopt;
    if (share.kinds.empty()) {
        if (kinds.size() != 1) return std::nullopt;
        return QuickClaim(request, kinds[0], Kind());
    }
    const Kind& kind = share.kinds[0].kind;
    const auto known = std::ranges::find(kinds, kind.name(), &KnownKind::name);
    if (known == kinds.end() || share.kinds[0].orders == 0) return std::nullopt;
    return QuickClaim(request, *known, kind);
}

void QuickClaim::send(Transaction& transaction, const QueuePlaces& places, WorkerId worker,
                      std::chrono::milliseconds lease_time) const {
    const AttemptLimits& defaults = request_.shares[0].defaults;
    transaction.send(
        CLAIM, known_.id, known_.name, takes_all_kinds_, places.after(known_.id, Priority::high),
        places.after(known_.id, Priority::normal), limit_,
        std::min(request_.max_payload_bytes, ClaimRequest::most_payload_bytes), lease_time.count(),
        worker.value, transaction.nonce(), defaults.backoff.count(), defaults.max_attempts);
}

std::optional<QuickClaim::Claimed> QuickClaim::take(const Rows& rows, QueuePlaces& places) const {
    if (!rows.get<bool>(0, 0)) return std::nullopt;
    const auto found = static_cast<std::size_t>(rows.get<std::int64_t>(0, 1));
    Claimed claimed;
    for (std::size_t row = 0; row < rows.size() && !rows.is_null(row, 2); ++row) {
        claimed.orders.push_back(order_from(rows, row));
        const bool is_in_line_0 = rows.get<std::int64_t>(row, 3) == 0;
        const auto position = rows.get<std::int64_t>(row, 4);
        if (is_in_line_0) places.take(known_.id, claimed.orders.back().spec.priority, position);
    }
    claimed.is_any_left = claimed.orders.size() < found;
    claimed.is_cut_short = claimed.orders.size() < std::min(found, limit_);
    places.end_claim(claimed.orders.empty());
    return claimed;
}

ClaimedOrder QuickClaim::order_from(const Rows& rows, std::size_t row) const {
    OrderSpec spec = spec_from_row(rows, row, 5);
    spec.kind = kind_;
    spec.start_before = time_from_column(rows.get<std::optional<std::int64_t>>(row, 11));
    spec.options = options_from_row(rows, row, 12);
    spec.payload = json_from_column(rows.get<std::optional<std::string>>(row, 15));
    spec.trace = trace_from_column(rows.get<std::optional<std::string>>(row, 16));
    const AttemptLimits limits = limits_of(spec.options, request_.shares[0].defaults);
    return {.lease = {.order = {rows.get<std::int64_t>(row, 2)},
                      .token = rows.get<std::int64_t>(row, 9) + 1},
            .spec = std::move(spec),
            .attempt = static_cast<int>(rows.get<std::int64_t>(row, 8)) + 1,
            .limits = limits,
            .created_at = time_from_column(rows.get<std::int64_t>(row, 10)),
            .waited = std::chrono::milliseconds(rows.get<std::int64_t>(row, 17))};
}

}  // namespace orders::postgres
