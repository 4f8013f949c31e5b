#include "api/orders/order_problems.h"

#include <cstdlib>
#include <utility>

#include "api/orders/field_values.h"
#include "api/orders/order_writing.h"

namespace orders {

using http::Response;
using http::to_response;

namespace {

// About an order that stands, and stays as it is.
Response problem_of(const http::ProblemType& type, std::string detail, const OrderId& order_id,
                    OrderStatus status) {
    return to_response({.type = type,
                        .detail = std::move(detail),
                        .members = {{"order_id", order_id.text()},
                                    {"order_status", std::string(to_string(status))}}});
}

}  // namespace

Response not_json() {
    return http::problem_for(
        415, "Send the body as JSON, with the header Content-Type: application/json.");
}

Response no_merge_patch() {
    Response response =
        http::problem_for(415,
                          "Send the change as a JSON merge patch, with the header Content-Type: "
                          "application/merge-patch+json, or application/json.");
    response.headers.emplace_back("Accept-Patch", "application/merge-patch+json, application/json");
    return response;
}

Response malformed(MalformedBody body) {
    return to_response({.type = problem_type::malformed_body,
                        .detail = std::move(body.detail),
                        .errors = std::move(body.errors)});
}

Response takes_no_body() {
    return malformed({"This request takes no body, or an empty JSON object."});
}

Response invalid(InvalidOrder order) {
    return to_response({.type = problem_type::invalid_order,
                        .detail = "See errors for the fields at fault.",
                        .errors = std::move(order.errors)});
}

Response invalid_change(std::vector<FieldError> errors) {
    return to_response({.type = problem_type::invalid_change,
                        .detail = "See errors for the fields at fault. Nothing was changed.",
                        .errors = std::move(errors)});
}

Response invalid_filter(std::vector<FieldError> errors) {
    return to_response({.type = problem_type::invalid_filter,
                        .detail = "See errors for the fields at fault. Nothing was changed.",
                        .errors = std::move(errors)});
}

Response invalid_claim(std::vector<FieldError> errors) {
    return to_response({.type = problem_type::invalid_claim,
                        .detail = "See errors for the fields at fault. Nothing was claimed.",
                        .errors = std::move(errors)});
}

Response invalid_lease_action(std::vector<FieldError> errors) {
    return to_response({.type = problem_type::invalid_lease_action,
                        .detail = "See errors for the fields at fault. The lease is unchanged.",
                        .errors = std::move(errors)});
}

Response no_room_for_worker() {
    return to_response({.type = problem_type::too_many_workers,
                        .detail = "There are as many names of workers as there may be; use one of "
                                  "them, or wait until some are forgotten."});
}

Response lease_lost(const std::optional<OrderStatus>& order_status) {
    http::Problem problem{.type = problem_type::lease_lost,
                          .detail =
                              "Another attempt has taken over, or the order has ended. Drop "
                              "the work; do not repeat this request."};
    if (order_status) {
        problem.members.emplace_back("order_status", std::string(to_string(*order_status)));
    }
    return to_response(problem);
}

Response invalid_kind() {
    return to_response({.type = problem_type::invalid_kind,
                        .detail = "See errors for what a kind may be.",
                        .errors = {{"kind", std::string(field_rule::kind)}}});
}

Response invalid_query(std::vector<FieldError> errors) {
    return to_response({.type = problem_type::invalid_query,
                        .detail = "See errors for the parameters at fault.",
                        .errors = std::move(errors)});
}

Response invalid_idempotency_key() {
    return to_response(
        {.type = problem_type::invalid_idempotency_key,
         .detail = "See errors for what a key may be.",
         .errors = {{"Idempotency-Key", "must be 1 to 255 visible characters without blanks"}}});
}

Response no_room_for_kind() {
    return to_response({.type = problem_type::too_many_kinds,
                        .detail = "Name a kind that is known, or let an operator resume and empty "
                                  "one that is not needed any more.",
                        .errors = {too_many_kinds()}});
}

Response order_not_found() {
    return to_response({.type = problem_type::order_not_found,
                        .detail = "There is no order with this id, or it was deleted."});
}

Response conflict(const http::ProblemType& type, const OrderId& order_id, OrderStatus status) {
    return problem_of(type, "The order that stands is unchanged.", order_id, status);
}

Response id_taken(const OrderId& order_id, OrderStatus status) {
    return problem_of(problem_type::order_exists,
                      "An order is accepted once; the one that stands is unchanged.", order_id,
                      status);
}

Response other_content(const OrderId& order_id, OrderStatus status) {
    return problem_of(problem_type::idempotency_mismatch,
                      "What was sent now is not what was sent first under this id; the order that "
                      "stands is unchanged.",
                      order_id, status);
}

Response not_stored(Refusal refusal) {
    switch (refusal) {
        case Refusal::overloaded:
            return to_response(
                {.type = problem_type::overloaded, .detail = "Nothing was stored; try again."});
        case Refusal::queue_full: {
            // The service is healthy; its clients send more than its workers can handle.
            Response response =
                to_response({.type = problem_type::queue_full,
                             .detail = "Nothing was stored; try again when some have been "
                                       "processed."});
            response.headers.emplace_back("Retry-After", "1");
            return response;
        }
        case Refusal::disk_full:
            return to_response({.type = problem_type::disk_full,
                                .detail = "Nothing was stored; try again when there is room."});
        case Refusal::store_damaged:
            return to_response(
                {.type = problem_type::store_damaged,
                 .detail = "Nothing was stored; the operator has to mend the store first."});
        case Refusal::stopping:
            return to_response(
                {.type = problem_type::stopping, .detail = "Nothing was stored; try again."});
        case Refusal::outcome_unknown:
            return to_response({.type = problem_type::outcome_unknown,
                                .detail = "It is not known whether this was stored. Send it again "
                                          "under the same order_id: it is then stored, or answered "
                                          "with 409."});
    }
    std::abort();  // only a cast can make another value
}

Response not_done(Refusal refusal) {
    if (refusal != Refusal::outcome_unknown) return not_stored(refusal);
    return to_response({.type = problem_type::outcome_unknown,
                        .detail = "It is not known whether this was done. Ask for the order, or "
                                  "send this again."});
}

Response not_readable_for_damage() {
    return to_response(
        {.type = problem_type::store_damaged,
         .detail = "This cannot be read; the operator has to mend the store first."});
}

Response not_ready(std::string detail) {
    return to_response({.type = problem_type::not_ready, .detail = std::move(detail)});
}

}  // namespace orders
