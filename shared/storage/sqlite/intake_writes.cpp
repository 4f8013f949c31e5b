#include "shared/storage/sqlite/intake_writes.h"

#include <cstddef>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/file_system.h"

namespace orders::sqlite {
namespace {

std::size_t count_of(const std::vector<std::span<const NewOrder>>& requests) {
    std::size_t orders = 0;
    for (const std::span<const NewOrder> request : requests) orders += request.size();
    return orders;
}

}  // namespace

IntakeWrites::IntakeWrites(Connection& connection)
    : connection_(connection),
      insert_(connection,
              "INSERT INTO orders (order_id, priority, processing_time, created_at)"
              " VALUES (?, ?, ?, ?) ON CONFLICT (order_id) DO NOTHING"),
      standing_status_(connection, "SELECT status FROM orders WHERE order_id = ?"),
      // Never the value that is there, which SQLite would not write again.
      probe_(connection, "UPDATE write_probe SET written_at = max(?, written_at + 1) WHERE id = 1"),
      pending_(connection, "SELECT sum(orders) FROM order_counts WHERE status = 0") {}

StoreLevel IntakeWrites::level() {
    Cursor rows = pending_.query();
    rows.next();
    return {.pending = rows.get<std::int64_t>(0), .free_bytes = free_bytes(connection_.path())};
}

IntakeOutcomes IntakeWrites::carry_out(const IntakeGroup& group, UtcTime now,
                                       WriteTransaction& work) {
    IntakeOutcomes outcomes;
    outcomes.created.reserve(count_of(group.creates));
    outcomes.standing.reserve(count_of(group.look_ups));
    bool is_anything_written = false;
    for (const std::span<const NewOrder> orders : group.creates) {
        for (const NewOrder& order : orders) {
            outcomes.created.push_back(create(order, now, work));
            is_anything_written |= std::holds_alternative<Created>(outcomes.created.back());
        }
    }
    for (const std::span<const NewOrder> orders : group.look_ups) {
        for (const NewOrder& order : orders) {
            outcomes.standing.push_back(look_up(order.spec.order_id));
        }
    }
    if (group.is_proof() && !is_anything_written) probe_.run(to_column(now));
    return outcomes;
}

SubmitOutcome IntakeWrites::create(const NewOrder& order, UtcTime now, WriteTransaction& work) {
    const OrderSpec& spec = order.spec;
    const bool is_new = insert_.run(spec.order_id.text(), to_column(spec.priority),
                                    spec.processing_time.units(), to_column(now)) == 1;
    if (!is_new) return look_up(spec.order_id).value();
    work.note_created(spec.priority);
    return Created{now};
}

std::optional<IdTaken> IntakeWrites::look_up(const OrderId& order_id) {
    Cursor rows = standing_status_.query(order_id.text());
    if (!rows.next()) return std::nullopt;
    return IdTaken{status_from_column(rows.get<std::int64_t>(0))};
}

}  // namespace orders::sqlite
