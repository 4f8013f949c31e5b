#include "shared/storage/postgres/settled_before.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace orders::postgres {

void send_settled_before(Transaction& transaction, std::span<const Settlement> settlements) {
    Array at;
    Array orders;
    Array tokens;
    Array statuses;
    Array reasons;
    for (std::size_t place = 0; place < settlements.size(); ++place) {
        const auto& [lease, result] = settlements[place];
        at.add(place);
        orders.add(lease.order.value);
        tokens.add(lease.token);
        statuses.add(std::holds_alternative<Completed>(result) ? 2 : 3);
        const auto* const failure = std::get_if<Failure>(&result);
        const auto* const retry = std::get_if<Retry>(&result);
        reasons.add(failure != nullptr ? std::optional<std::string_view>(failure->reason)
                    : retry != nullptr ? std::optional<std::string_view>(retry->reason)
                                       : std::nullopt);
    }
    transaction.send(
        "SELECT s.at FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[],"
        " $5::text[]) AS s (at, seq, token, status, reason) WHERE EXISTS (SELECT FROM "
        "orders.orders o"
        " WHERE o.seq = s.seq AND o.token = s.token AND o.status = s.status"
        " AND o.failure IS NOT DISTINCT FROM s.reason) OR EXISTS (SELECT FROM orders.past_attempts "
        "p"
        " WHERE p.seq = s.seq AND p.token = s.token AND p.outcome = 0 AND p.reason = s.reason)",
        at, orders, tokens, statuses, reasons);
}

void take_settled_before(const Rows& rows, std::vector<SettleOutcome>& outcomes) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
        outcomes.at(static_cast<std::size_t>(rows.get<std::int64_t>(row, 0))) =
            SettleOutcome::settled;
    }
}

}  // namespace orders::postgres
