#include "worker/processors/simulated.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "shared/domain/backoff.h"
#include "shared/os/sleep.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;

// The object under `simulate`; empty if there is none.
Json script_of(const JsonText& payload) {
    if (!payload || payload->find("simulate") == std::string::npos) return Json::object();
    const Json parsed = Json::parse(*payload, nullptr, false);
    if (!parsed.is_object()) return Json::object();
    const auto script = parsed.find("simulate");
    return script != parsed.end() && script->is_object() ? *script : Json::object();
}

std::string text(const Json& script, const char* name, const char* otherwise) {
    const auto value = script.find(name);
    return value != script.end() && value->is_string() ? value->get<std::string>() : otherwise;
}

std::int64_t number(const Json& script, const char* name, std::int64_t otherwise) {
    const auto value = script.find(name);
    return value != script.end() && value->is_number_integer() ? value->get<std::int64_t>()
                                                               : otherwise;
}

ProcessingResult result_of(const Json& script, int attempt) {
    const std::string outcome = text(script, "outcome", "complete");
    if (outcome == "fail")
        return Failure{text(script, "reason", "simulated"), text(script, "detail", "")};
    if (outcome == "retry" &&
        attempt <= number(script, "times", std::numeric_limits<std::int64_t>::max())) {
        Retry retry{text(script, "reason", "simulated"), text(script, "detail", "")};
        constexpr auto longest =
            std::chrono::duration_cast<std::chrono::seconds>(longest_asked_wait).count();
        const std::int64_t seconds = number(script, "after_seconds", 0);
        if (seconds > 0)
            retry.after = std::chrono::seconds(std::min<std::int64_t>(seconds, longest));
        return retry;
    }
    const auto result = script.find("result");
    return Completed{result != script.end() ? json_text(result->dump()) : nullptr};
}

}  // namespace

std::optional<ProcessingResult> SimulatedProcessor::process(const ClaimedOrder& order,
                                                            const std::stop_token& stop) {
    const auto duration = time_unit_ * order.spec.processing_time.units();
    if (duration > duration.zero()) {
        sleep_until(stop, std::chrono::steady_clock::now() + duration);
        if (stop.stop_requested()) return std::nullopt;
    }
    if (!order.spec.payload) return Completed{};
    return result_of(script_of(order.spec.payload), order.attempt);
}

}  // namespace orders
