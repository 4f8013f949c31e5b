#include "shared/storage/postgres/creates.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// With so many orders that have more than the least, finding what belongs to each is quicker with
// the join that begin_group() has switched off for the sake of the large tables.
constexpr std::size_t many = 32;

// In the order of the group: numbers are given in it, which are the places in the queue.
#define INSERTED                                                                               \
    " n AS (INSERT INTO orders.orders (order_id, priority, kind, processing_time, created_at," \
    " created_in, due_at, start_before) SELECT order_id, priority, kind, processing_time,"     \
    " orders.now_ms(), $1::bigint, due_at, start_before FROM u ORDER BY at"                    \
    " ON CONFLICT (order_id) DO NOTHING RETURNING seq, order_id, kind, priority, due_at),"     \
    " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"            \
    " SELECT kind, priority, CASE WHEN due_at > orders.now_ms() THEN 5 ELSE 0 END, count(*)"   \
    " FROM n GROUP BY 1, 2, 3),"                                                               \
    " queued AS (INSERT INTO orders.queue (kind, priority, line, position, seq)"               \
    " SELECT kind, priority, 0, seq, seq FROM n WHERE due_at IS NULL"                          \
    " OR due_at <= orders.now_ms())," PG_NEW_CHANGES                                           \
    "n.order_id, k.name, n.priority, 0, 0, NULL FROM n"                                        \
    " JOIN orders.kinds k ON k.id = n.kind" PG_IF_ANYBODY_LISTENS                              \
    " ORDER BY n.seq"                                                                          \
    ")," /* Nothing else proves then that writes are taken. */                                 \
    " probed AS (" PG_PROBE " WHERE NOT EXISTS (SELECT FROM n))"
#define SELECTED                                                                           \
    " SELECT order_id, orders.now_ms(), due_at, CASE WHEN $2::boolean AND (due_at IS NULL" \
    " OR due_at <= orders.now_ms()) THEN " PG_RING_FOR_WORK " END FROM n"

#define CREATE_PLAIN                                                                            \
    "WITH u AS (SELECT order_id, priority, kind, processing_time, NULL::bigint AS due_at,"      \
    " NULL::bigint AS start_before, at FROM unnest($3::text[], $4::smallint[], $5::smallint[]," \
    " $6::integer[]) WITH ORDINALITY AS u (order_id, priority, kind, processing_time, "         \
    "at))," INSERTED SELECTED

#define CREATE_FULL                                                                              \
    "WITH u AS MATERIALIZED (SELECT u.*, greatest(due, orders.now_ms() + delay) AS due_at"       \
    " FROM unnest($3::text[], $4::smallint[], $5::smallint[], $6::integer[], $7::bigint[],"      \
    " $8::bigint[], $9::bigint[], $10::integer[], $11::smallint[], $12::integer[], $13::text[]," \
    " $14::text[], $15::text[]) WITH ORDINALITY AS u (order_id, priority, kind,"                 \
    " processing_time, due, delay, start_before, timeout_seconds, max_attempts,"                 \
    " backoff_seconds, fingerprint, payload, trace, at))," INSERTED                              \
    ", waits AS (INSERT INTO orders.waiting (seq, due_at, kind, priority)"                       \
    " SELECT seq, due_at, kind, priority FROM n WHERE due_at > orders.now_ms()),"                \
    " inputs AS (INSERT INTO orders.order_inputs (seq, timeout_seconds, max_attempts,"           \
    " backoff_seconds, fingerprint, payload, trace) SELECT n.seq, u.timeout_seconds,"            \
    " u.max_attempts, u.backoff_seconds, u.fingerprint, u.payload, u.trace"                      \
    " FROM n JOIN u ON u.order_id = n.order_id"                                                  \
    " WHERE num_nonnulls(u.timeout_seconds, u.max_attempts, u.backoff_seconds, u.fingerprint,"   \
    " u.payload, u.trace) > 0 RETURNING octet_length(payload) AS bytes),"                        \
    " counted_bytes AS (INSERT INTO orders.count_changes (kind, priority, state, number)"        \
    " SELECT 0, 0, 6, sum(bytes) FROM inputs HAVING sum(bytes) > 0)" SELECTED

bool has_only_the_least(const NewOrder& order) {
    return !order.due && !order.fingerprint && !order.spec.payload && !order.spec.start_before &&
           !order.spec.trace && order.spec.options == AttemptOptions{};
}

template <typename Duration>
std::optional<std::int64_t> count_of(const std::optional<Duration>& duration) {
    if (!duration) return std::nullopt;
    return duration->count();
}

}  // namespace

Creates::Creates(const IntakeGroup& group) {
    for (const std::span<const NewOrder> orders : group.creates) {
        for (const NewOrder& order : orders) asked_.push_back({.order = &order});
    }
}

bool Creates::is_plain() const {
    return std::ranges::all_of(asked_,
                               [](const Asked& asked) { return has_only_the_least(*asked.order); });
}

void Creates::resolve_kinds(Transaction& transaction, Kinds& kinds) {
    std::set<std::string> names;
    for (const Asked& asked : asked_) names.insert(asked.order->spec.kind.name());
    kinds.look_up(names);
    Array doubtful;
    for (const Asked& asked : asked_) {
        if (!kinds.find(asked.order->spec.kind)) doubtful.add(asked.order->spec.order_id.text());
    }
    // An order that is not created makes no kind known.
    std::optional<Standing> standing;
    if (!doubtful.is_empty()) standing.emplace(transaction.query(PG_STANDING, doubtful));
    std::unordered_map<std::string_view, std::size_t> first;
    for (std::size_t at = 0; at < asked_.size(); ++at) {
        Asked& asked = asked_[at];
        asked.first = at;
        asked.is_without_kind = false;
        const std::string& id = asked.order->spec.order_id.text();
        asked.kind = kinds.find(asked.order->spec.kind);
        if (!asked.kind && !first.contains(id)) {
            if (standing->under(*asked.order)) continue;
            asked.kind = kinds.find_or_add(asked.order->spec.kind);
            asked.is_without_kind = !asked.kind;
            if (asked.is_without_kind) continue;
        }
        asked.first = first.try_emplace(id, at).first->second;
    }
}

void Creates::send(Transaction& transaction, Kinds& kinds, bool rings) {
    resolve_kinds(transaction, kinds);
    Array ids;
    Array priorities;
    Array kind_numbers;
    Array times;
    Array due;
    Array delays;
    Array start_before;
    Array timeouts;
    Array max_attempts;
    Array backoffs;
    Array fingerprints;
    Array payloads;
    Array traces;
    const bool plain = is_plain();
    for (std::size_t at = 0; at < asked_.size(); ++at) {
        Asked& asked = asked_[at];
        asked.is_sent = asked.first == at && asked.kind;
        asked.created.reset();
        if (!asked.is_sent) continue;
        const OrderSpec& spec = asked.order->spec;
        ids.add(spec.order_id.text());
        priorities.add(to_column(spec.priority));
        kind_numbers.add(*asked.kind);
        times.add(spec.processing_time.units());
        if (plain) continue;
        const auto& when = asked.order->due;
        const auto* const delay = when ? std::get_if<std::chrono::seconds>(&*when) : nullptr;
        const auto* const time = when ? std::get_if<UtcTime>(&*when) : nullptr;
        due.add(time != nullptr ? std::optional(to_column(*time)) : std::nullopt);
        delays.add(delay != nullptr  ? std::optional(duration_cast<milliseconds>(*delay).count())
                   : time != nullptr ? std::optional<std::int64_t>(0)
                                     : std::nullopt);
        start_before.add(to_column(spec.start_before));
        timeouts.add(count_of(spec.options.timeout));
        max_attempts.add(spec.options.max_attempts);
        backoffs.add(count_of(spec.options.backoff));
        const auto& mark = asked.order->fingerprint;
        fingerprints.add(mark ? std::optional(to_column(*mark)) : std::nullopt);
        payloads.add(spec.payload ? std::optional<std::string_view>(*spec.payload) : std::nullopt);
        traces.add(to_column(spec.trace));
    }
    if (plain) {
        transaction.send(CREATE_PLAIN, transaction.nonce(), rings, ids, priorities, kind_numbers,
                         times);
        return;
    }
    const bool is_join_wanted = asked_.size() > many;
    transaction.send("SELECT set_config('enable_hashjoin', $1::text, true)",
                     is_join_wanted ? "on" : "off");
    transaction.send(CREATE_FULL, transaction.nonce(), rings, ids, priorities, kind_numbers, times,
                     due, delays, start_before, timeouts, max_attempts, backoffs, fingerprints,
                     payloads, traces);
    transaction.send("SELECT set_config('enable_hashjoin', 'off', true)");
}

void Creates::take(const Rows& rows) {
    created_ = static_cast<std::int64_t>(rows.size());
    std::size_t at = 0;
    for (std::size_t row = 0; row < rows.size(); ++row, ++at) {
        const auto id = rows.get<std::string>(row, 0);
        while (at < asked_.size() &&
               (!asked_[at].is_sent || asked_[at].order->spec.order_id.text() != id)) {
            ++at;
        }
        Created& created = asked_.at(at).created.emplace();
        created.created_at = time_from_column(rows.get<std::int64_t>(row, 1));
        created.due_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 2));
        created.is_waiting_for_time = created.due_at > created.created_at;
    }
}

bool Creates::find_created(Transaction& transaction, std::int64_t nonce) {
    Array ids;
    for (const Asked& asked : asked_) {
        if (asked.is_sent) ids.add(asked.order->spec.order_id.text());
    }
    if (ids.is_empty()) return false;
    const Rows rows = transaction.query(
        "SELECT o.order_id, o.created_at, o.due_at FROM unnest($1::text[]) WITH ORDINALITY"
        " AS s (order_id, at) JOIN orders.orders o ON o.order_id = s.order_id"
        " WHERE o.created_in = $2::bigint ORDER BY s.at",
        ids, nonce);
    if (rows.empty()) return false;
    take(rows);
    return true;
}

Array Creates::taken_ids() const {
    Array ids;
    for (std::size_t at = 0; at < asked_.size(); ++at) {
        const Asked& asked = asked_[at];
        if (asked.first == at && !asked.created && !asked.is_without_kind) {
            ids.add(asked.order->spec.order_id.text());
        }
    }
    return ids;
}

std::optional<std::vector<SubmitOutcome>> Creates::outcomes(const Rows& standing_rows) const {
    const Standing standing(standing_rows);
    std::vector<SubmitOutcome> outcomes;
    outcomes.reserve(asked_.size());
    for (std::size_t at = 0; at < asked_.size(); ++at) {
        const Asked& asked = asked_[at];
        const Asked& first = asked_[asked.first];
        if (asked.is_without_kind) {
            outcomes.emplace_back(TooManyKinds{});
        } else if (asked.first == at && asked.created) {
            outcomes.emplace_back(*asked.created);
        } else if (first.created) {
            IdTaken taken{.status = OrderStatus::pending};
            const auto& mine = asked.order->fingerprint;
            const auto& its = first.order->fingerprint;
            if (mine && its) taken.is_same_content = *mine == *its;
            outcomes.emplace_back(taken);
        } else if (const auto taken = standing.under(*asked.order)) {
            outcomes.emplace_back(*taken);
        } else {
            return std::nullopt;
        }
    }
    return outcomes;
}

Standing::Standing(const Rows& rows) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
        known_[rows.get<std::string>(row, 0)] = {
            to_status(static_cast<StoredStatus>(rows.get<std::int64_t>(row, 1))),
            rows.get<std::optional<std::string>>(row, 2)};
    }
}

std::optional<IdTaken> Standing::under(const NewOrder& order) const {
    const auto known = known_.find(order.spec.order_id.text());
    if (known == known_.end()) return std::nullopt;
    IdTaken taken{.status = known->second.status};
    if (order.fingerprint && known->second.fingerprint) {
        taken.is_same_content = *known->second.fingerprint == to_column(*order.fingerprint);
    }
    return taken;
}

}  // namespace orders::postgres
