#pragma once

// How orders are read from the database, and written to it, as the values of copied_orders.h.
//
// Their places in the queue are larger numbers than the server's own, which are those of arrival.
// So those that come from elsewhere are told apart by lying below zero, and are before all that
// come here since.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "shared/storage/copied_orders.h"
#include "shared/storage/postgres/connection.h"

namespace orders::postgres {

[[nodiscard]] CopiedNames read_copied_names(Connection& connection);
// As CopyEnd::read(); `newest` is the largest number there is.
[[nodiscard]] std::vector<CopiedOrder> read_copied_orders(Connection& connection,
                                                          OrderSequence after,
                                                          OrderSequence newest);

// All of these only send; what they are sent with is one transaction. The first, in the place of
// those that are there, which no order names.
void send_copied_names(Connection& connection, const CopiedNames& names);
void send_copied_orders(Connection& connection, std::span<const CopiedOrder> orders);

// An order's place by its position, which may be empty, and back; for tests, too.
inline constexpr std::int64_t lowest_position = std::numeric_limits<std::int64_t>::min();
struct Position {
    OptionalNumber value = {};
    bool has_waited = false;  // it has no position because it was waiting, the last time
};
[[nodiscard]] std::int64_t place_of(const Position& position, OrderSequence order,
                                    OrderSequence newest) noexcept;
[[nodiscard]] OptionalNumber position_of(const CopiedOrder& order) noexcept;

}  // namespace orders::postgres
