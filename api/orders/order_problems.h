#pragma once

// The problems that the routes of orders answer with, besides those of the server itself
// (http/problem.h): every kind once, and the responses made of them. api/HTTP.md describes each;
// a test compares the two.

#include <array>
#include <string>
#include <vector>

#include "api/http/field_error.h"
#include "api/http/message.h"
#include "api/http/problem.h"
#include "api/intake/refusal.h"
#include "api/orders/order_json.h"
#include "shared/domain/order.h"

namespace orders {

namespace problem_type {
inline constexpr http::ProblemType malformed_body{400, "malformed-body", "The body cannot be used"};
inline constexpr http::ProblemType invalid_order{400, "invalid-order", "The order is not valid"};
inline constexpr http::ProblemType invalid_query{400, "invalid-query", "The query is not valid"};
inline constexpr http::ProblemType order_not_found{404, "order-not-found",
                                                   "There is no such order"};
inline constexpr http::ProblemType order_exists{409, "order-exists",
                                                "There is an order with this id"};
inline constexpr http::ProblemType queue_full{429, "queue-full", "Too many orders are Pending"};
inline constexpr http::ProblemType overloaded{503, "overloaded", "The store is busy"};
inline constexpr http::ProblemType disk_full{503, "disk-full", "The disk has too little room"};
inline constexpr http::ProblemType store_damaged{503, "store-damaged", "The store is damaged"};
inline constexpr http::ProblemType stopping{503, "stopping", "The service is stopping"};
inline constexpr http::ProblemType outcome_unknown{503, "outcome-unknown",
                                                   "The outcome is unknown"};
inline constexpr http::ProblemType not_ready{503, "not-ready", "The service is not ready"};
}  // namespace problem_type

inline constexpr std::array order_problems{
    problem_type::malformed_body,  problem_type::invalid_order,   problem_type::invalid_query,
    problem_type::order_not_found, problem_type::order_exists,    problem_type::queue_full,
    problem_type::overloaded,      problem_type::disk_full,       problem_type::store_damaged,
    problem_type::stopping,        problem_type::outcome_unknown, problem_type::not_ready,
};

[[nodiscard]] http::Response not_json();
[[nodiscard]] http::Response malformed(MalformedBody body);
[[nodiscard]] http::Response invalid(InvalidOrder order);
[[nodiscard]] http::Response invalid_query(std::vector<FieldError> errors);
[[nodiscard]] http::Response order_not_found();
[[nodiscard]] http::Response id_taken(const OrderId& order_id, OrderStatus status);
[[nodiscard]] http::Response not_stored(Refusal refusal);
[[nodiscard]] http::Response not_readable_for_damage();
[[nodiscard]] http::Response not_ready(std::string detail);

}  // namespace orders
