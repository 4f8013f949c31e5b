#pragma once

// Which events a client wants, and where it left off: what its request says.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "shared/storage/change_log.h"

namespace orders {

// What is empty says nothing.
struct EventFilter {
    std::vector<OrderId> order_ids = {};
    std::vector<Kind> kinds = {};
    std::vector<Priority> priorities = {};
    std::vector<OrderStatus> statuses = {};

    [[nodiscard]] bool fits(const Change& change) const noexcept;
    // The same for filters that say the same, if the values of each list are sorted and stand there
    // once, as those of a request are.
    [[nodiscard]] std::string key() const;
};

struct EventRequest {
    EventFilter filter = {};
    // The id of the last event that the client has; empty if it wants only what is to come.
    std::optional<std::string> after = {};
};

// Parameters may be repeated, but for `after`; one whose value is empty counts as not given. What
// the header Last-Event-ID says (empty: nothing) goes before `after`, which a client that comes
// back sends again as it was. Every parameter at fault is named.
[[nodiscard]] std::variant<EventRequest, std::vector<FieldError>> parse_event_request(
    const std::vector<std::pair<std::string, std::string>>& given, std::string_view last_event_id);

}  // namespace orders
