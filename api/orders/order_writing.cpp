#include "api/orders/order_writing.h"

#include <cassert>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "api/http/field_errors_json.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;

Json optional_time(const std::optional<UtcTime>& time) {
    return time ? Json(to_rfc3339(*time)) : Json(nullptr);
}

Json optional_text(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

template <typename Number>
Json optional_number(const std::optional<Number>& number) {
    return number ? Json(*number) : Json(nullptr);
}

Json optional_seconds(const std::optional<std::chrono::seconds>& time) {
    return time ? Json(time->count()) : Json(nullptr);
}

// What a list shows of an order, and what it begins with everywhere.
Json object_of(const Order& order) {
    return {{"order_id", order.spec.order_id.text()},
            {"priority", to_string(order.spec.priority)},
            {"processing_time", order.spec.processing_time.units()},
            {"status", to_string(order.status)},
            {"attempts", order.attempts},
            {"created_at", to_rfc3339(order.created_at)},
            {"started_at", optional_time(order.started_at)},
            {"finished_at", optional_time(order.finished_at)},
            {"worker", optional_text(order.worker)},
            {"failure", optional_text(order.failure)},
            {"kind", order.spec.kind.name()},
            {"due_at", optional_time(order.due_at)},
            {"waiting_for", order.is_waiting_for_time ? Json("time") : Json(nullptr)},
            {"failure_detail", optional_text(order.failure_detail)}};
}

Json object_of(const PastAttempt& attempt) {
    return {{"worker", attempt.worker},
            {"started_at", to_rfc3339(attempt.started_at)},
            {"ended_at", to_rfc3339(attempt.ended_at)},
            {"outcome", to_string(attempt.outcome)},
            {"reason", optional_text(attempt.reason)},
            {"detail", optional_text(attempt.detail)}};
}

Json object_of(const PastAction& action) {
    return {{"at", to_rfc3339(action.at)},
            {"action", to_string(action.what)},
            {"token_name", action.name}};
}

template <typename Each>
Json list_of_objects(const std::vector<Each>& list) {
    Json json = Json::array();
    for (const Each& one : list) json.push_back(object_of(one));
    return json;
}

Json object_of(const StatusCounts& counts) {
    Json object;
    for (const OrderStatus status : all_statuses) {
        object[std::string(to_string(status))] = counts[status];
    }
    return object;
}

Json batch_result(const InvalidOrder& order) {
    return {{"order_id", optional_text(order.order_id)},
            {"status", "invalid"},
            {"errors", list_of(order.errors)}};
}

Json batch_result(const NewOrder& order, const SubmitOutcome& outcome) {
    const std::string& id = order.spec.order_id.text();
    if (const auto* created = std::get_if<Created>(&outcome)) {
        return {{"order_id", id},
                {"status", "created"},
                {"created_at", to_rfc3339(created->created_at)}};
    }
    if (std::holds_alternative<TooManyKinds>(outcome)) {
        return batch_result(InvalidOrder{{too_many_kinds()}, id});
    }
    const auto& taken = std::get<IdTaken>(outcome);
    Json result{
        {"order_id", id}, {"status", "duplicate"}, {"order_status", to_string(taken.status)}};
    if (order.fingerprint) result["same_content"] = optional_number(taken.is_same_content);
    return result;
}

// A host's name or a failure's reason need not be UTF-8.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

FieldError too_many_kinds() {
    return {"kind", "must be one of the " + std::to_string(Kind::max_named) +
                        " that are known, or default: there is no room for another"};
}

std::string to_json(const Order& order) {
    return text_of(object_of(order));
}

std::string to_json_with(const Order& order, std::string_view member) {
    Json object = object_of(order);
    object[std::string(member)] = true;
    return text_of(object);
}

void append_trace(std::string& json, const Trace& trace) {
    const bool has_state = trace && !trace->state.empty();
    json.append(R"(,"traceparent":)").append(trace ? Json(trace->parent).dump() : "null");
    json.append(R"(,"tracestate":)").append(has_state ? Json(trace->state).dump() : "null");
}

std::string to_json_in_full(const Order& order) {
    Json object = object_of(order);
    const AttemptOptions& options = order.spec.options;
    object["start_before"] = optional_time(order.spec.start_before);
    object["timeout_seconds"] = optional_seconds(options.timeout);
    object["max_attempts"] = optional_number(options.max_attempts);
    object["backoff_seconds"] = optional_seconds(options.backoff);
    // Payload and result as the bytes that they are.
    const auto bytes_of = [](const JsonText& text) -> std::string_view {
        return text ? *text : std::string_view("null");
    };
    std::string text = text_of(object);
    text.pop_back();
    text.append(R"(,"payload":)").append(bytes_of(order.spec.payload));
    text.append(R"(,"result":)").append(bytes_of(order.result));
    text.append(R"(,"attempt_history":)").append(text_of(list_of_objects(order.history)));
    text.append(R"(,"actions":)").append(text_of(list_of_objects(order.actions)));
    append_trace(text, order.spec.trace);
    return text.append("}");
}

std::string to_json(const OrderPage& page) {
    Json list = Json::array();
    for (const Order& order : page.orders) list.push_back(object_of(order));
    const Json next = page.next_before ? Json(std::to_string(page.next_before->value)) : Json();
    return text_of({{"orders", std::move(list)}, {"next_cursor", next}});
}

std::string to_json(const OrderReport& report) {
    Json workers = Json::array();
    for (const LiveWorker& worker : report.workers) {
        workers.push_back({{"worker", worker.name},
                           {"host", worker.host},
                           {"threads", worker.threads},
                           {"processing", worker.processing},
                           {"started_at", to_rfc3339(worker.started_at)},
                           {"last_seen_at", optional_time(worker.last_seen_at)},
                           {"lease_ends_at", optional_time(worker.lease_ends_at)}});
    }
    Json kinds = Json::array();
    for (const KindReport& kind : report.kinds) {
        kinds.push_back({{"kind", kind.kind.name()},
                         {"counts", object_of(kind.counts)},
                         {"waiting_for_time", kind.waiting_for_time},
                         {"paused", kind.is_paused},
                         {"unattended", kind.is_unattended}});
    }
    Json endpoints = Json::array();
    for (const EndpointState& endpoint : report.endpoints) {
        endpoints.push_back({{"kind", endpoint.kind.name()},
                             {"in_flight", endpoint.in_flight},
                             {"breaker", endpoint.is_breaker_open ? "open" : "closed"}});
    }
    const auto waited = [&](Priority priority) {
        return optional_number(report.oldest_pending_seconds(priority));
    };
    return text_of(
        {{"counts", object_of(report.total())},
         {"by_priority", {{"High", object_of(report.high)}, {"Normal", object_of(report.normal)}}},
         {"oldest_pending_seconds", optional_number(report.oldest_pending_seconds())},
         {"workers", std::move(workers)},
         {"waiting_for_time", report.waiting_for_time},
         {"next_due_at", optional_time(report.next_due_at)},
         {"oldest_pending_seconds_by_priority",
          {{"High", waited(Priority::high)}, {"Normal", waited(Priority::normal)}}},
         {"kinds", std::move(kinds)},
         {"endpoints", std::move(endpoints)}});
}

std::string to_json(const std::vector<ParsedOrder>& parsed,
                    const std::vector<SubmitOutcome>& outcomes) {
    Json results = Json::array();
    auto outcome = outcomes.begin();
    for (const ParsedOrder& order : parsed) {
        if (const auto* invalid = std::get_if<InvalidOrder>(&order)) {
            results.push_back(batch_result(*invalid));
        } else {
            assert(outcome != outcomes.end());
            results.push_back(batch_result(std::get<NewOrder>(order), *outcome++));
        }
    }
    return text_of({{"results", std::move(results)}});
}

}  // namespace orders
