#pragma once

// The problems that the routes of orders answer with, besides those of the server itself
// (http/problem.h): every kind once, and the responses made of them. api/HTTP.md describes each;
// a test compares the two.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "api/http/field_error.h"
#include "api/http/message.h"
#include "api/http/problem.h"
#include "api/intake/refusal.h"
#include "api/orders/order_body.h"
#include "api/orders/order_parsing.h"
#include "shared/domain/order.h"

namespace orders {

namespace problem_type {
inline constexpr http::ProblemType malformed_body{400, "malformed-body", "The body cannot be used"};
inline constexpr http::ProblemType invalid_order{400, "invalid-order", "The order is not valid"};
inline constexpr http::ProblemType invalid_idempotency_key{400, "invalid-idempotency-key",
                                                           "The Idempotency-Key is not valid"};
inline constexpr http::ProblemType too_many_kinds{400, "too-many-kinds",
                                                  "There is no room for another kind"};
inline constexpr http::ProblemType invalid_kind{400, "invalid-kind", "The kind is not valid"};
inline constexpr http::ProblemType invalid_change{400, "invalid-change", "The change is not valid"};
inline constexpr http::ProblemType invalid_filter{400, "invalid-filter", "The filter is not valid"};
inline constexpr http::ProblemType invalid_claim{400, "invalid-claim", "The claim is not valid"};
inline constexpr http::ProblemType invalid_lease_action{400, "invalid-lease-action",
                                                        "What is to be done is not valid"};
inline constexpr http::ProblemType too_many_workers{400, "too-many-workers",
                                                    "There is no room for another worker"};
inline constexpr http::ProblemType invalid_query{400, "invalid-query", "The query is not valid"};
inline constexpr http::ProblemType order_not_found{404, "order-not-found",
                                                   "There is no such order"};
inline constexpr http::ProblemType order_exists{409, "order-exists",
                                                "There is an order with this id"};
inline constexpr http::ProblemType already_started{409, "already-started", "The order is in work"};
inline constexpr http::ProblemType already_ended{409, "already-ended", "The order has ended"};
inline constexpr http::ProblemType not_ended{409, "not-ended", "The order has not ended"};
inline constexpr http::ProblemType already_processed{409, "already-processed",
                                                     "The order is Processed"};
inline constexpr http::ProblemType lease_lost{409, "lease-lost", "The lease is lost"};
inline constexpr http::ProblemType idempotency_mismatch{
    422, "idempotency-mismatch", "The order with this id has another content"};
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
    problem_type::malformed_body,       problem_type::invalid_order,
    problem_type::invalid_query,        problem_type::invalid_idempotency_key,
    problem_type::idempotency_mismatch, problem_type::too_many_kinds,
    problem_type::invalid_kind,         problem_type::invalid_change,
    problem_type::invalid_filter,       problem_type::invalid_claim,
    problem_type::invalid_lease_action, problem_type::too_many_workers,
    problem_type::lease_lost,           problem_type::already_started,
    problem_type::already_ended,        problem_type::not_ended,
    problem_type::already_processed,    problem_type::order_not_found,
    problem_type::order_exists,         problem_type::queue_full,
    problem_type::overloaded,           problem_type::disk_full,
    problem_type::store_damaged,        problem_type::stopping,
    problem_type::outcome_unknown,      problem_type::not_ready,
};

[[nodiscard]] http::Response not_json();
// Nor is it a JSON merge patch.
[[nodiscard]] http::Response no_merge_patch();
[[nodiscard]] http::Response malformed(MalformedBody body);
[[nodiscard]] http::Response takes_no_body();
[[nodiscard]] http::Response invalid(InvalidOrder order);
[[nodiscard]] http::Response invalid_change(std::vector<FieldError> errors);
[[nodiscard]] http::Response invalid_filter(std::vector<FieldError> errors);
[[nodiscard]] http::Response invalid_claim(std::vector<FieldError> errors);
[[nodiscard]] http::Response invalid_lease_action(std::vector<FieldError> errors);
[[nodiscard]] http::Response invalid_kind();
[[nodiscard]] http::Response invalid_query(std::vector<FieldError> errors);
[[nodiscard]] http::Response invalid_idempotency_key();
[[nodiscard]] http::Response no_room_for_kind();
[[nodiscard]] http::Response no_room_for_worker();
// What the order has come to, if it is still there.
[[nodiscard]] http::Response lease_lost(const std::optional<OrderStatus>& order_status);
[[nodiscard]] http::Response order_not_found();
[[nodiscard]] http::Response id_taken(const OrderId& order_id, OrderStatus status);
[[nodiscard]] http::Response other_content(const OrderId& order_id, OrderStatus status);
// The order stands, and its status forbids what was asked for.
[[nodiscard]] http::Response conflict(const http::ProblemType& type, const OrderId& order_id,
                                      OrderStatus status);
// Why orders were not created, and why an action was not done.
[[nodiscard]] http::Response not_stored(Refusal refusal);
[[nodiscard]] http::Response not_done(Refusal refusal);
[[nodiscard]] http::Response not_readable_for_damage();
[[nodiscard]] http::Response not_ready(std::string detail);

}  // namespace orders
