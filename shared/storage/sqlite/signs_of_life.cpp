#include "shared/storage/sqlite/signs_of_life.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

// Between two looks, at most so much counts as silence that was seen. If more time has passed, this
// process stood still, or the whole machine, and the worker perhaps did, too.
constexpr std::chrono::milliseconds longest_gap{1'000};

#define ENLISTED_BY(index)                                                   \
    "SELECT id, name, host, threads, label, pid_namespace, pid, started_at," \
    " heartbeat_until, boot_id, lease_time, holds_lock, kinds, pulls"        \
    " FROM workers w INDEXED BY " index " WHERE heartbeat_until IS NOT NULL"
#define PULLING ENLISTED_BY("workers_pulling") " AND pulls = 1 AND "

}  // namespace

SignsOfLife::SignsOfLife(Connection& connection)
    : presence_(connection.path()),
      enlisted_(connection, ENLISTED_BY("workers_live") " ORDER BY id"),
      of_concern_(connection,
                  ENLISTED_BY("workers_enlisted") " AND pulls = 0"
                  " UNION ALL " PULLING "boot_id = ?2 AND heartbeat_until <= ?1"
                  " UNION ALL " PULLING "boot_id < ?2"
                  " UNION ALL " PULLING "boot_id > ?2") {}

void SignsOfLife::sign_on(WorkerId worker) {
    if (!presence_.try_lock(worker.value, PresenceFile::Hold::exclusive)) {
        throw unusable("sign on as a worker of this store", "another process passes for it",
                       "end all processes that used the store before it was replaced");
    }
    ours_.insert(worker);
}

void SignsOfLife::sign_off(WorkerId worker) {
    if (ours_.erase(worker) > 0) presence_.unlock(worker.value);
}

std::vector<KnownWorker> SignsOfLife::look(const Moment& now) {
    return judge_all(enlisted_.query(), now);
}

std::vector<KnownWorker> SignsOfLife::look_for_gone(const Moment& now) {
    return judge_all(of_concern_.query(now.since_boot.count(), now.boot_id), now);
}

std::vector<KnownWorker> SignsOfLife::judge_all(Cursor rows, const Moment& now) {
    using Milliseconds = std::chrono::milliseconds;
    std::vector<KnownWorker> workers;
    WatchedWorkers watched_before = std::exchange(watched_, {});
    while (rows.next()) {
        KnownWorker worker{
            .id = {rows.get<std::int64_t>(0)},
            .description = {.name = rows.get<std::string>(1),
                            .host = rows.get<std::string>(2),
                            .threads = static_cast<int>(rows.get<std::int64_t>(3)),
                            .label = rows.get<std::optional<std::string>>(4).value_or(""),
                            .pid_namespace = rows.get<std::optional<std::int64_t>>(5).value_or(0),
                            .pid = rows.get<std::optional<std::int64_t>>(6).value_or(0),
                            .kinds = kinds_from_column(rows.get<std::optional<std::string>>(12))},
            .started_at = time_from_column(rows.get<std::int64_t>(7)),
            .pulls = rows.get<std::int64_t>(13) != 0};
        const Heartbeat heartbeat{.until = Milliseconds(rows.get<std::int64_t>(8)),
                                  .boot_id = rows.get<std::string>(9),
                                  .lease_time = Milliseconds(rows.get<std::int64_t>(10)),
                                  .holds_lock = rows.get<std::int64_t>(11) != 0};
        if (auto known = watched_before.extract(worker.id)) watched_.insert(std::move(known));
        worker.life = judge(worker.id, heartbeat, now);
        if (heartbeat.is_comparable(now)) {
            const auto written_at = heartbeat.until - longest_silence(heartbeat.lease_time);
            worker.silent_for = std::max(now.since_boot - written_at, Milliseconds{0});
        }
        workers.push_back(std::move(worker));
    }
    return workers;
}

bool SignsOfLife::Heartbeat::is_comparable(const Moment& now) const {
    const auto ahead = until - now.since_boot;
    return boot_id == now.boot_id && ahead <= longest_lease_time &&
           (ahead >= -longest_lease_time || !holds_lock);
}

Life SignsOfLife::judge(WorkerId worker, const Heartbeat& heartbeat, const Moment& now) {
    const bool is_boot_ours = heartbeat.boot_id == now.boot_id;
    if (heartbeat.holds_lock && !is_present(worker)) {
        // One that was seen alive under another boot's id did not end by a reboot.
        const bool was_seen = watched_.contains(worker);
        return is_boot_ours || was_seen ? Life::dead : Life::ended_by_reboot;
    }
    if (!heartbeat.holds_lock && !is_boot_ours) return Life::ended_by_reboot;
    if (heartbeat.is_comparable(now)) {
        if (heartbeat.until > now.since_boot) return Life::live;
        return heartbeat.holds_lock ? Life::silent : Life::absent;
    }
    const auto silence = watch(worker, heartbeat, now);
    if (silence >= heartbeat.lease_time) return Life::hung;
    return silence >= longest_silence(heartbeat.lease_time) ? Life::silent : Life::live;
}

bool SignsOfLife::is_present(WorkerId worker) const {
    return ours_.contains(worker) || presence_.is_locked_by_another(worker.value);
}

std::chrono::milliseconds SignsOfLife::watch(WorkerId worker, const Heartbeat& heartbeat,
                                             const Moment& now) {
    const Watched fresh{.heartbeat_until = heartbeat.until, .last_look = now.since_boot};
    const auto [place, is_new] = watched_.try_emplace(worker, fresh);
    Watched& known = place->second;
    if (is_new || known.heartbeat_until != heartbeat.until) {
        known = fresh;
        return known.silent_for;
    }
    known.silent_for += std::clamp(now.since_boot - known.last_look, {}, longest_gap);
    known.last_look = now.since_boot;
    return known.silent_for;
}

}  // namespace orders::sqlite
