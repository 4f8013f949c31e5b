#include "shared/storage/sqlite/claims.h"

#include <algorithm>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/store_error.h"

namespace orders::sqlite {
Claims::Claims(Connection& connection, OrderContent& content, AttemptEnds& ends)
    : content_(content),
      ends_(ends),
      heads_(connection),
      claim_(connection,
             "UPDATE orders"
             " SET status = 1, attempts = attempts + 1, lease_token = lease_token + 1"
             " WHERE seq = ?"),
      lease_(connection,
             "INSERT INTO leases (seq, worker, started_at, expires_at, max_attempts,"
             " backoff_seconds, deadline) VALUES (?, ?, ?, ?, ?, ?, ?)") {}

Claims::Claimed Claims::claim(const ClaimRequest& request, const Terms& terms, const Moment& now,
                              WriteTransaction& work) {
    const auto expires_at = (now.since_boot + terms.lease_time).count();
    Claimed found;
    std::vector<ClaimedOrder>& claimed = found.orders;
    const auto most_payload = static_cast<std::int64_t>(
        std::min(request.max_payload_bytes, ClaimRequest::most_payload_bytes));
    heads_.begin(request.shares, request.limit);
    while (claimed.size() < request.limit && found.expired < most_expired) {
        const auto priority = next_priority(request.normal_max_wait, now.utc);
        if (!priority) break;
        QueuedOrder head = heads_.take(*priority);
        if (is_too_late(head.spec, head.attempts, now.utc)) {
            if (ends_.expire(head.order, now.utc, work)) ++found.expired;
            continue;
        }
        if (found.payload_bytes + head.payload_bytes > most_payload && !claimed.empty()) {
            found.has_more = true;
            break;
        }
        found.payload_bytes += head.payload_bytes;
        const AttemptLimits limits = limits_of(head.spec.options, heads_.hand_out(head).defaults);
        std::optional<std::int64_t> deadline;
        if (terms.end_with_timeout) deadline = (now.since_boot + limits.timeout).count();
        claim_.run(head.order.value);
        lease_.run(head.order.value, terms.worker.value, to_column(now.utc),
                   std::min(expires_at, deadline.value_or(expires_at)), limits.max_attempts,
                   limits.backoff.count(), deadline);
        work.note_moved({head.kind, *priority}, StoredStatus::queued, StoredStatus::processing);
        if (work.keeps_changes()) {
            work.note_change({.order_id = head.spec.order_id.text(),
                              .kind = head.kind,
                              .priority = *priority,
                              .status = StoredStatus::processing,
                              .attempts = head.attempts + 1});
        }
        turns_.note_handed_out(*priority);
        if (head.payload_bytes > 0 && !head.spec.payload) found.unread.push_back(claimed.size());
        claimed.push_back({.lease = {.order = head.order, .token = head.token + 1},
                           .spec = std::move(head.spec),
                           .attempt = head.attempts + 1,
                           .limits = limits,
                           .created_at = head.created_at,
                           .waited = waited(head.queued_at, now.utc)});
    }
    found.has_more |= found.expired == most_expired;
    return found;
}

std::optional<Priority> Claims::next_priority(std::chrono::seconds normal_max_wait, UtcTime now) {
    const auto normal_queued_at = [this]() -> std::optional<UtcTime> {
        const QueuedOrder* const normal = heads_.next(Priority::normal);
        if (normal == nullptr) return std::nullopt;
        return normal->queued_at;
    };
    if (heads_.next(Priority::high) != nullptr) {
        return turns_.is_normals(normal_max_wait, now, normal_queued_at) ? Priority::normal
                                                                         : Priority::high;
    }
    if (heads_.next(Priority::normal) == nullptr) return std::nullopt;
    return Priority::normal;
}

// The claim is on disk, so an error must not pass for the failure of it.
JsonText Claims::payload_of(const Lease& lease, const OrderId& order_id) {
    try {
        return content_.payload(lease.order);
    } catch (const StoreError& error) {
        if (error.is_fatal()) throw;
        log::error("reading a payload failed",
                   {{"order_id", order_id.text()},
                    {"detail", error.what()},
                    {"consequence", "the order waits until its lease runs out"}});
        return nullptr;
    }
}

}  // namespace orders::sqlite
