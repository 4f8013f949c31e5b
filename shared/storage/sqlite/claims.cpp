#include "shared/storage/sqlite/claims.h"

#include <algorithm>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/store_error.h"

namespace orders::sqlite {
namespace {

// While a Normal order waits for too long, one in so many is Normal.
constexpr int normal_share = 4;

bool is_too_late(const QueuedOrder& order, UtcTime now) {
    return order.attempts == 0 && order.spec.start_before && *order.spec.start_before <= now;
}

}  // namespace

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
        if (is_too_late(head, now.utc)) {
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
        note_handed_out(*priority);
        if (head.payload_bytes > 0 && !head.spec.payload) found.unread.push_back(claimed.size());
        claimed.push_back({.lease = {.order = head.order, .token = head.token + 1},
                           .spec = std::move(head.spec),
                           .attempt = head.attempts + 1,
                           .limits = limits,
                           .created_at = head.created_at});
    }
    found.has_more |= found.expired == most_expired;
    return found;
}

std::optional<Priority> Claims::next_priority(std::chrono::seconds normal_max_wait, UtcTime now) {
    const bool is_high_there = heads_.next(Priority::high) != nullptr;
    // The next Normal order is not looked for while it cannot matter.
    const bool may_normal_go_first =
        normal_max_wait.count() > 0 && high_in_a_row_ >= normal_share - 1;
    if (is_high_there && !may_normal_go_first) return Priority::high;
    const QueuedOrder* const normal = heads_.next(Priority::normal);
    if (is_high_there) {
        // If it came while the clock was ahead, nobody knows for how long.
        const bool waits_for_too_long =
            normal != nullptr &&
            (normal->queued_at > now || now - normal->queued_at > normal_max_wait);
        return waits_for_too_long ? Priority::normal : Priority::high;
    }
    if (normal == nullptr) return std::nullopt;
    return Priority::normal;
}

void Claims::note_handed_out(Priority priority) noexcept {
    high_in_a_row_ =
        priority == Priority::normal ? 0 : std::min(high_in_a_row_ + 1, normal_share - 1);
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
