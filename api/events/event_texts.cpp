#include "api/events/event_texts.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "shared/domain/utc_time.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;

std::string event(std::string_view name, const Json& data) {
    return "event: " + std::string(name) +
           "\ndata: " + data.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n\n";
}

}  // namespace

std::optional<std::int64_t> EventTexts::number_of(std::string_view id) const {
    if (!id.starts_with(epoch_)) return std::nullopt;
    id.remove_prefix(epoch_.size());
    if (!id.starts_with('-')) return std::nullopt;
    return ascii::parse_whole_number<std::int64_t>(id.substr(1), 0,
                                                   std::numeric_limits<std::int64_t>::max());
}

std::string EventTexts::id_of(std::int64_t number) const {
    return epoch_ + '-' + std::to_string(number);
}

std::string EventTexts::hello(std::int64_t number, bool has_missed_some) const {
    const std::string id = id_of(number);
    const std::string known = has_missed_some ? "" : "id: " + id + '\n';
    return "retry: 2000\n" + known + event("hello", {{"id", id}});
}

std::string EventTexts::order(const Change& change) const {
    return "id: " + id_of(change.id) + '\n' +
           event("order", {{"order_id", change.order_id.text()},
                           {"kind", change.kind.name()},
                           {"priority", to_string(change.priority)},
                           {"status", to_string(change.status)},
                           {"attempt", change.attempt},
                           {"reason", change.reason ? Json(*change.reason) : Json(nullptr)},
                           {"at", to_rfc3339(change.at)}});
}

std::string EventTexts::gap(std::string_view from, std::int64_t to) const {
    const std::string id = id_of(to);
    return "id: " + id + '\n' + event("gap", {{"from", from}, {"to", id}});
}

std::string EventTexts::last_gap(std::int64_t from, std::int64_t to) const {
    return event("gap", {{"from", id_of(from)}, {"to", id_of(to)}});
}

std::string EventTexts::sign_of_life(std::optional<std::int64_t> number) const {
    if (!number) return ":\n\n";
    return ":\nid: " + id_of(*number) + "\n\n";
}

}  // namespace orders
