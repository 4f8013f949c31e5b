#include "api/orders/action_routes.h"

#include <array>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/orders/action_answers.h"
#include "api/orders/action_parsing.h"
#include "api/orders/actor.h"
#include "api/orders/json_messages.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_writing.h"

namespace orders {
namespace {

using http::Reply;
using http::Request;
using http::Response;
using http::Scope;

constexpr const char* merge_patch = "application/merge-patch+json";

const http::ProblemType& conflict_of_cancel(OrderStatus) {
    return problem_type::already_ended;
}
const http::ProblemType& conflict_of_retry(OrderStatus status) {
    return status == OrderStatus::processed ? problem_type::already_processed
                                            : problem_type::not_ended;
}
const http::ProblemType& conflict_of_change(OrderStatus status) {
    return is_end(status) ? problem_type::already_ended : problem_type::already_started;
}

// The answer to an action on the order of that id.
Response answer_for(const OrderId& order_id, const ActionOutcome& outcome, ConflictOf conflict_of,
                    std::string (*write)(const Order&)) {
    if (const auto* order = std::get_if<Order>(&outcome)) return ok(write(*order));
    if (const auto* refused = std::get_if<NotAllowed>(&outcome)) {
        return conflict(conflict_of(refused->status), order_id, refused->status);
    }
    if (const auto* invalid = std::get_if<InvalidChange>(&outcome)) {
        return invalid_change({{invalid->field, invalid->detail}});
    }
    return order_not_found();
}

void log_if_done(std::string_view done, const OrderId& order_id, const ActionOutcome& outcome,
                 const Actor& actor) {
    if (!std::holds_alternative<Order>(outcome)) return;
    log_action(done, {"order_id", order_id.text()}, actor);
}

}  // namespace

std::span<const ActionRoutes::Entry> ActionRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"POST", "/api/v1/orders/{order_id}/cancel", Scope::operate,
              &ActionRoutes::cancel_order},
        Entry{"POST", "/api/v1/orders/{order_id}/retry", Scope::operate,
              &ActionRoutes::retry_order},
        Entry{"PATCH", "/api/v1/orders/{order_id}", Scope::operate, &ActionRoutes::change_order},
        // These are order ids as good as any others.
        Entry{"PATCH", "/api/v1/orders/batch", Scope::operate, &ActionRoutes::change_order},
        Entry{"PATCH", "/api/v1/orders/cancel", Scope::operate, &ActionRoutes::change_order},
        Entry{"PATCH", "/api/v1/orders/retry", Scope::operate, &ActionRoutes::change_order},
        Entry{"POST", "/api/v1/orders/cancel", Scope::operate, &ActionRoutes::cancel_orders},
        Entry{"POST", "/api/v1/orders/retry", Scope::operate, &ActionRoutes::retry_orders},
        Entry{"POST", "/api/v1/kinds/{kind}/pause", Scope::operate, &ActionRoutes::pause_kind},
        Entry{"POST", "/api/v1/kinds/{kind}/resume", Scope::operate, &ActionRoutes::resume_kind},
    };
    return entries;
}

void ActionRoutes::add_to(http::Server& server) {
    add_actions(server, *this, reads_);
}

template <typename Action>
void ActionRoutes::act_on_order(const Request& request, Reply reply, std::string_view done,
                                ConflictOf conflict_of) {
    if (!says_nothing(request.body)) return std::move(reply).send(takes_no_body());
    const auto id = OrderId::parse(request.path_parameters.at(0));
    if (!id) return std::move(reply).send(order_not_found());
    act(acts_, Action{*id, std::string(request.caller)}, std::move(reply),
        [id = *id, done, conflict_of, actor = actor_of(request)](const ActionOutcome& outcome) {
            log_if_done(done, id, outcome, actor);
            return answer_for(id, outcome, conflict_of, to_json);
        });
}

void ActionRoutes::cancel_order(const Request& request, Reply reply) {
    act_on_order<CancelOrder>(request, std::move(reply), "order cancelled", conflict_of_cancel);
}

void ActionRoutes::retry_order(const Request& request, Reply reply) {
    act_on_order<RetryOrder>(request, std::move(reply), "order retried", conflict_of_retry);
}

void ActionRoutes::change_order(const Request& request, Reply reply) {
    if (!is_sent_as(request, merge_patch) && !is_json(request)) {
        return std::move(reply).send(no_merge_patch());
    }
    auto parsed = parse_change(request.body);
    if (auto refusal = refusal_of(parsed, invalid_change)) {
        return std::move(reply).send(*std::move(refusal));
    }
    const auto id = OrderId::parse(request.path.substr(request.path.rfind('/') + 1));
    if (!id) return std::move(reply).send(order_not_found());
    act(acts_,
        ChangeOrder{*id, std::get<OrderChange>(std::move(parsed)), std::string(request.caller)},
        std::move(reply), [id = *id, actor = actor_of(request)](const ActionOutcome& outcome) {
            log_if_done("order changed", id, outcome, actor);
            return answer_for(id, outcome, conflict_of_change, to_json_in_full);
        });
}

void ActionRoutes::cancel_orders(const Request& request, Reply reply) {
    submit_bulk(BulkAction::What::cancel, request, std::move(reply));
}

void ActionRoutes::retry_orders(const Request& request, Reply reply) {
    submit_bulk(BulkAction::What::retry, request, std::move(reply));
}

void ActionRoutes::submit_bulk(BulkAction::What what, const Request& request, Reply reply) {
    if (!is_json(request)) return std::move(reply).send(not_json());
    auto parsed = parse_bulk(what, request.body);
    if (auto refusal = refusal_of(parsed, invalid_filter)) {
        return std::move(reply).send(*std::move(refusal));
    }
    bulk_.submit(std::get<BulkRequest>(std::move(parsed)), actor_of(request), std::move(reply));
}

void ActionRoutes::pause_kind(const Request& request, Reply reply) {
    set_paused(true, request, std::move(reply));
}

void ActionRoutes::resume_kind(const Request& request, Reply reply) {
    set_paused(false, request, std::move(reply));
}

void ActionRoutes::set_paused(bool is_paused, const Request& request, Reply reply) {
    if (!says_nothing(request.body)) return std::move(reply).send(takes_no_body());
    const auto kind = Kind::parse(request.path_parameters.at(0));
    if (!kind) return std::move(reply).send(invalid_kind());
    act(acts_, PauseKind{*kind, is_paused}, std::move(reply),
        [name = kind->name(), is_paused, actor = actor_of(request)](const ActionOutcome& outcome) {
            if (std::holds_alternative<TooManyKinds>(outcome)) return no_room_for_kind();
            log_action(is_paused ? "kind paused" : "kind resumed", {"kind", name}, actor);
            return ok(R"({"kind":")" + name + R"(","paused":)" + (is_paused ? "true}" : "false}"));
        });
}

}  // namespace orders
