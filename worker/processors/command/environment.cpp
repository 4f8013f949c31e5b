#include "worker/processors/command/environment.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "shared/text/ascii.h"

namespace orders {
namespace {

constexpr std::string_view own_prefix = "ORDER_";
constexpr std::string_view trace_parent = "TRACEPARENT";
constexpr std::string_view trace_state = "TRACESTATE";

std::string variable(std::string_view name, std::string_view value) {
    return std::string(name) + "=" + std::string(value);
}

std::string variable_or(const char* name, const char* otherwise) {
    const char* const value = std::getenv(name);
    return variable(name, value != nullptr && *value != '\0' ? value : otherwise);
}

bool has_variable(const std::vector<std::string>& variables, const std::string& name) {
    return std::ranges::any_of(variables, [beginning = name + "="](const std::string& entry) {
        return entry.starts_with(beginning);
    });
}

}  // namespace

CommandEnvironment::CommandEnvironment(const std::vector<std::string>& passed_through)
    : common_{variable_or("PATH", "/usr/local/bin:/usr/bin:/bin"), variable_or("LANG", "C.UTF-8")} {
    for (const std::string& name : passed_through) {
        if (has_variable(common_, name)) continue;
        if (const char* const value = std::getenv(name.c_str())) {
            common_.push_back(variable(name, value));
        } else {
            missing_.push_back(name);
        }
    }
}

std::vector<std::string> CommandEnvironment::for_order(const ClaimedOrder& order,
                                                       std::string_view idempotency_key) const {
    const auto timeout = std::chrono::ceil<std::chrono::seconds>(order.limits.timeout);
    std::vector<std::string> environment = common_;
    const auto add = [&](std::string_view name, std::string_view value) {
        environment.push_back(variable(std::string(own_prefix) + std::string(name), value));
    };
    add("ID", order.spec.order_id.text());
    add("KIND", order.spec.kind.name());
    add("PRIORITY", to_string(order.spec.priority));
    add("ATTEMPT", std::to_string(order.attempt));
    add("TOKEN", std::to_string(order.lease.token));
    add("TIMEOUT_SECONDS", std::to_string(timeout.count()));
    add("IDEMPOTENCY_KEY", idempotency_key);
    if (const Trace& trace = order.spec.trace) {
        environment.push_back(variable(trace_parent, trace->parent));
        if (!trace->state.empty()) environment.push_back(variable(trace_state, trace->state));
    }
    return environment;
}

std::string fault_in_variable_name(std::string_view name) {
    const auto is_fit = [](char c) { return ascii::is_letter_or_digit(c) || c == '_'; };
    if (name.empty() || ascii::is_digit(name.front()) || !std::ranges::all_of(name, is_fit)) {
        return "is not the name of a variable: letters, digits and _, not beginning with a digit";
    }
    if (name.starts_with(own_prefix)) return "begins with ORDER_, which is for the order's own";
    if (name == trace_parent || name == trace_state) return "is for the order's trace";
    return {};
}

}  // namespace orders
