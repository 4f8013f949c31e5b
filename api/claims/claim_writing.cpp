#include "api/claims/claim_writing.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "api/claims/lease_text.h"
#include "api/http/field_errors_json.h"
#include "api/orders/order_writing.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;
using State = LeaseOutcome::State;

// A whole number if it is one.
Json seconds_of(std::chrono::milliseconds time) {
    constexpr int thousand = 1'000;
    if (time.count() % thousand == 0) return time.count() / thousand;
    return static_cast<double>(time.count()) / thousand;
}

void append_order(std::string& text, const PulledOrder& pulled, std::string_view incarnation) {
    text += to_json(pulled.order);
    text.pop_back();
    const JsonText& payload = pulled.order.spec.payload;
    text.append(R"(,"payload":)").append(payload ? std::string_view(*payload) : "null");
    append_trace(text, pulled.order.spec.trace);
    text.append(R"(,"attempt":)").append(std::to_string(pulled.order.attempts));
    text.append(R"(,"lease":")").append(lease_text(pulled.lease, incarnation));
    text.append(R"(","token":)").append(std::to_string(pulled.lease.token));
    text.append(R"(,"lease_expires_in_seconds":)").append(seconds_of(pulled.lease_left).dump());
    text.append(R"(,"deadline_in_seconds":)").append(seconds_of(pulled.time_left).dump());
    text += '}';
}

std::string_view to_string(State state) {
    switch (state) {
        case State::settled:
            return "settled";
        case State::already_settled:
            return "already_settled";
        case State::released:
            return "released";
        case State::renewed:
            return "renewed";
        case State::lost:
            break;
    }
    return "lease_lost";
}

Json object_of(const LeaseOutcome& outcome) {
    Json object{{"status", to_string(outcome.state)}};
    if (outcome.state == State::lost) {
        object["order_status"] =
            outcome.order_status ? Json(orders::to_string(*outcome.order_status)) : Json();
    } else if (outcome.state == State::renewed) {
        object["lease_expires_in_seconds"] = seconds_of(outcome.lease_left);
        object["deadline_in_seconds"] = seconds_of(outcome.time_left);
    }
    return object;
}

Json object_of(const std::vector<FieldError>& errors) {
    return {{"status", "invalid"}, {"errors", list_of(errors)}};
}

}  // namespace

std::string to_json(const Pulled& pulled, std::string_view incarnation) {
    std::string text = R"({"orders":[)";
    for (const PulledOrder& order : pulled.orders) {
        if (&order != pulled.orders.data()) text += ',';
        append_order(text, order, incarnation);
    }
    return text.append("]}");
}

std::string to_json_of_settled(const LeaseOutcome& outcome) {
    const Order& order = outcome.order.value();
    std::string text = to_json(order);
    text.pop_back();
    text.append(R"(,"result":)").append(order.result ? std::string_view(*order.result) : "null");
    if (outcome.state == State::already_settled) text += R"(,"already_settled":true)";
    return text.append("}");
}

std::string to_json_of_renewed(const LeaseOutcome& outcome) {
    return Json{{"lease_expires_in_seconds", seconds_of(outcome.lease_left)},
                {"deadline_in_seconds", seconds_of(outcome.time_left)}}
        .dump();
}

std::string to_json(const std::vector<LeaseResult>& results) {
    Json list = Json::array();
    for (const auto& [lease, outcome] : results) {
        Json object{{"lease", lease}};
        object.update(std::visit([](const auto& one) { return object_of(one); }, outcome));
        list.push_back(std::move(object));
    }
    return Json{{"results", std::move(list)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace orders
