#include "shared/storage/sqlite/pullers.h"

#include <algorithm>
#include <vector>

#include "shared/storage/lease_actions.h"
#include "shared/storage/sqlite/columns.h"

namespace orders::sqlite {
namespace {

// A row that says for longer that its worker is live is not written.
constexpr std::chrono::milliseconds fresh_for = longest_silence(longest_lease_time) / 2;
constexpr std::size_t most_threads = 1'000'000;

std::chrono::milliseconds live_until(const Moment& now) {
    return now.since_boot + longest_silence(longest_lease_time);
}

std::optional<std::string> column_of(std::span<const KindLimit> kinds) {
    if (kinds.empty()) return std::nullopt;
    std::vector<Kind> names;
    for (const KindLimit& limit : kinds) names.push_back(limit.kind);
    return kinds_to_column(names);
}

}  // namespace

Pullers::Pullers(Connection& connection, AttemptEnds& ends)
    : ends_(ends),
      find_(connection,
            "SELECT id, boot_id, heartbeat_until, kinds, threads FROM workers WHERE name = ?"),
      count_(connection, "SELECT count(*) FROM workers INDEXED BY workers_pulling WHERE pulls = 1"),
      add_(connection,
           "INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until,"
           " holds_lock, named_up_to, pulls, kinds) VALUES (?, '', ?, ?, ?, ?, 0, 0, 1, ?)"
           " RETURNING id"),
      note_(connection,
            "UPDATE workers SET threads = ?2, boot_id = ?3, heartbeat_until = ?4, kinds = ?5,"
            " started_at = coalesce(?6, started_at) WHERE id = ?1"),
      renew_(connection,
             "UPDATE workers SET heartbeat_until = ?2 WHERE id = ?1"
             " AND (heartbeat_until IS NULL OR heartbeat_until < ?3)"),
      held_(connection,
            "SELECT l.seq, o.lease_token FROM leases l JOIN orders o ON o.seq = l.seq"
            " WHERE l.worker = ?") {}

std::optional<Pullers::Row> Pullers::find(const std::string& name) {
    Cursor row = find_.query(name);
    if (!row.next()) return std::nullopt;
    Row found{.id = {row.get<std::int64_t>(0)},
              .boot_id = row.get<std::string>(1),
              .heartbeat_until = {},
              .kinds = row.get<std::optional<std::string>>(3),
              .threads = row.get<std::int64_t>(4)};
    if (const auto until = row.get<std::optional<std::int64_t>>(2)) {
        found.heartbeat_until = std::chrono::milliseconds(*until);
    }
    return found;
}

std::optional<WorkerId> Pullers::note(const std::string& name, std::span<const KindLimit> kinds,
                                      std::size_t orders, const Moment& now,
                                      WriteTransaction& work) {
    const std::string stored_name = puller_prefix + name;
    const auto stored_kinds = column_of(kinds);
    const auto threads =
        static_cast<std::int64_t>(std::clamp<std::size_t>(orders, 1, most_threads));
    const auto row = find(stored_name);
    if (!row) {
        if (count_.number() >= static_cast<std::int64_t>(most_pullers)) return std::nullopt;
        Cursor added = add_.query(stored_name, threads, to_column(now.utc), now.boot_id,
                                  live_until(now).count(), stored_kinds);
        added.next();
        return WorkerId{added.get<std::int64_t>(0)};
    }
    const bool is_boot_ours = row->boot_id == now.boot_id;
    const bool is_live =
        is_boot_ours && row->heartbeat_until && *row->heartbeat_until > now.since_boot;
    const bool is_fresh = is_live && *row->heartbeat_until > now.since_boot + fresh_for &&
                          *row->heartbeat_until <= live_until(now);
    if (is_fresh && row->kinds == stored_kinds && row->threads == threads) return row->id;
    if (!is_boot_ours) give_back_all(row->id, now, work);
    const auto started_at = is_live ? std::nullopt : std::optional(now.utc);
    note_.run(row->id.value, threads, now.boot_id, live_until(now).count(), stored_kinds,
              to_column(started_at));
    return row->id;
}

void Pullers::note_renewal(WorkerId worker, const Moment& now) {
    renew_.run(worker.value, live_until(now).count(), (now.since_boot + fresh_for).count());
}

void Pullers::give_back_all(WorkerId worker, const Moment& now, WriteTransaction& work) {
    std::vector<Lease> held;  // read to the end before anything is changed
    for (Cursor rows = held_.query(worker.value); rows.next();) {
        held.push_back({.order = {rows.get<std::int64_t>(0)}, .token = rows.get<std::int64_t>(1)});
    }
    for (const Lease& lease : held) {
        (void)ends_.give_back(lease,
                              {.outcome = PastAttempt::Outcome::lease_expired, .is_charged = false},
                              now.utc, work);
    }
}

}  // namespace orders::sqlite
