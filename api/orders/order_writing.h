#pragma once

// Orders, and what is told of them, as JSON.
//
// Pure functions, for any thread.

#include <string>
#include <string_view>
#include <vector>

#include "api/orders/order_parsing.h"
#include "shared/domain/order.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/order_reader.h"

namespace orders {

// What lists show of an order: all but its payload, its options, its result and its history.
[[nodiscard]] std::string to_json(const Order& order);
// The same with one more member, which is true.
[[nodiscard]] std::string to_json_with(const Order& order, std::string_view member);
// All that is known of it. Payload and result are the bytes that were sent.
[[nodiscard]] std::string to_json_in_full(const Order& order);
// Two more members of an object, `traceparent` and `tracestate`, behind those in the text.
void append_trace(std::string& json, const Trace& trace);
[[nodiscard]] std::string to_json(const OrderPage& page);
[[nodiscard]] std::string to_json(const OrderReport& report);
// What is wrong with an order whose kind is one too many.
[[nodiscard]] FieldError too_many_kinds();
// `outcomes` has one entry for each valid order among `parsed`, in their order.
[[nodiscard]] std::string to_json(const std::vector<ParsedOrder>& parsed,
                                  const std::vector<SubmitOutcome>& outcomes);

}  // namespace orders
