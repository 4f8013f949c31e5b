#include "shared/storage/sqlite/intake_writes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "shared/storage/decisions/order_changes.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/queue_entry.h"

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
      content_(connection),
      kinds_(connection),
      actions_(connection, content_, kinds_),
      insert_(connection,
              "INSERT INTO orders (order_id, priority, processing_time, status, created_at, kind,"
              " due_at, start_before, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
              " ON CONFLICT (order_id) DO NOTHING"),
      standing_(connection, "SELECT seq, status FROM orders WHERE order_id = ?"),
      are_places_needed_(connection,
                         "SELECT last_place >= (SELECT coalesce(max(seq), 0) + 1 FROM orders) << 20"
                         " FROM bookkeeping WHERE id = 1"),
      // Never the value that is there, which SQLite would not write again.
      pending_(connection, "SELECT sum(orders) FROM order_counts WHERE status IN (0, 5)") {}

StoreLevel IntakeWrites::level() {
    return {.pending = pending_.number(), .free_bytes = free_bytes(connection_.path())};
}

// An order that is due when it arrives has the place of its number, which costs nothing. But if a
// million others have got places since the last arrival, that one would be before theirs.
bool IntakeWrites::are_places_needed() {
    return are_places_needed_.number() != 0;
}

IntakeOutcomes IntakeWrites::carry_out(const IntakeGroup& group, WriteTransaction& work) {
    IntakeOutcomes outcomes;
    outcomes.created.reserve(count_of(group.creates));
    outcomes.standing.reserve(count_of(group.look_ups));
    const bool is_place_needed = !group.creates.empty() && are_places_needed();
    bool is_anything_written = false;
    for (const std::span<const NewOrder> orders : group.creates) {
        for (const NewOrder& order : orders) {
            outcomes.created.push_back(create(order, is_place_needed, work));
            is_anything_written |= std::holds_alternative<Created>(outcomes.created.back());
        }
    }
    for (const std::span<const NewOrder> orders : group.look_ups) {
        for (const NewOrder& order : orders) outcomes.standing.push_back(look_up(order));
    }
    actions_.begin();
    for (const OrderAction* const action : group.actions) {
        outcomes.acted.push_back(actions_.carry_out(*action, work));
    }
    if (group.is_proof() && !is_anything_written) work.prove();
    return outcomes;
}

SubmitOutcome IntakeWrites::create(const NewOrder& order, bool is_place_needed,
                                   WriteTransaction& work) {
    const OrderSpec& spec = order.spec;
    std::optional<std::int64_t> kind = kinds_.find(spec.kind);
    if (!kind) {
        // An order that is not created makes no kind known.
        if (const auto taken = look_up(order)) return *taken;
        kind = kinds_.find_or_add(spec.kind, work);
        if (!kind) return TooManyKinds{};
    }
    const UtcTime now = work.now().utc;
    Created created{.created_at = now};
    if (order.due) created.due_at = due_time(*order.due, now);
    created.is_waiting_for_time = created.due_at > now;
    const auto status = created.is_waiting_for_time ? StoredStatus::waiting : StoredStatus::queued;
    std::optional<UtcTime> due_at = created.due_at;
    std::optional<std::int64_t> place;
    if (created.is_waiting_for_time) {
        place = no_place;
    } else if (is_place_needed) {
        place = work.take_place();
        if (!due_at) due_at = now;  // who has a place of its own has a time
    }
    const bool is_new =
        insert_.run(spec.order_id.text(), to_column(spec.priority), spec.processing_time.units(),
                    to_column(status), to_column(now), *kind, to_column(due_at),
                    to_column(spec.start_before), place) == 1;
    if (!is_new) return look_up(order).value();
    const OrderSequence sequence{connection_.last_inserted()};
    content_.add_inputs(sequence, order, work);
    work.note_created({*kind, spec.priority}, status);
    if (work.keeps_changes()) {
        work.note_change({.order_id = spec.order_id.text(),
                          .kind = *kind,
                          .priority = spec.priority,
                          .status = status});
    }
    return created;
}

std::optional<IdTaken> IntakeWrites::look_up(const NewOrder& order) {
    OrderSequence standing;
    IdTaken taken{};
    {
        Cursor rows = standing_.query(order.spec.order_id.text());
        if (!rows.next()) return std::nullopt;
        standing.value = rows.get<std::int64_t>(0);
        taken.status = to_status(status_from_column(rows.get<std::int64_t>(1)));
    }
    if (!order.fingerprint) return taken;
    if (const auto known = content_.fingerprint(standing)) {
        taken.is_same_content = *known == *order.fingerprint;
    }
    return taken;
}

}  // namespace orders::sqlite
