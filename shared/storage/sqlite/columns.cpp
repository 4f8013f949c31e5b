#include "shared/storage/sqlite/columns.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

// Calls `take` with each part of the text.
template <typename Take>
void for_each_part(std::string_view text, char separator, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

EndpointState endpoint_from_part(std::string_view part) {
    const std::size_t name_ends = std::min(part.find(':'), part.size());
    auto kind = Kind::parse(part.substr(0, name_ends));
    EndpointState endpoint;
    const char* const end = part.data() + part.size();
    const char* const number = part.data() + std::min(name_ends + 1, part.size());
    const auto [after, error] = std::from_chars(number, end, endpoint.in_flight);
    const std::string_view rest(after, end);
    if (!kind || error != std::errc{} || (rest != ":0" && rest != ":1")) {
        throw damaged("read what a worker sends orders to", "one is not valid");
    }
    endpoint.kind = *std::move(kind);
    endpoint.is_breaker_open = rest == ":1";
    return endpoint;
}

}  // namespace

std::int64_t to_column(Priority priority) noexcept {
    return priority == Priority::high ? 0 : 1;
}

std::int64_t to_column(StoredStatus status) noexcept {
    return static_cast<std::int64_t>(status);
}

std::int64_t to_column(UtcTime time) noexcept {
    return time.time_since_epoch().count();
}

std::optional<std::int64_t> to_column(const std::optional<UtcTime>& time) noexcept {
    if (!time) return std::nullopt;
    return to_column(*time);
}

Priority priority_from_column(std::int64_t value) {
    return value == 0 ? Priority::high : Priority::normal;
}

StoredStatus status_from_column(std::int64_t value) {
    if (value < 0 || value > 5) throw damaged("read an order", "its status is out of range");
    return static_cast<StoredStatus>(value);
}

UtcTime time_from_column(std::int64_t milliseconds) noexcept {
    return UtcTime(std::chrono::milliseconds(milliseconds));
}

std::optional<UtcTime> time_from_column(std::optional<std::int64_t> milliseconds) {
    if (!milliseconds) return std::nullopt;
    return time_from_column(*milliseconds);
}

OrderSpec spec_from_row(const Cursor& row, int first) {
    auto order_id = OrderId::parse(row.get<std::string>(first));
    const auto processing_time = ProcessingTime::parse(row.get<std::int64_t>(first + 2));
    if (!order_id || !processing_time) {
        throw damaged("read an order", "its id or its processing time is out of range");
    }
    return {.order_id = *std::move(order_id),
            .priority = priority_from_column(row.get<std::int64_t>(first + 1)),
            .processing_time = *processing_time};
}

AttemptOptions options_from_row(const Cursor& row, int first) {
    const auto seconds = [&](int column) -> std::optional<std::chrono::seconds> {
        const auto value = row.get<std::optional<std::int64_t>>(column);
        if (!value) return std::nullopt;
        return std::chrono::seconds(*value);
    };
    AttemptOptions options{.timeout = seconds(first), .backoff = seconds(first + 2)};
    if (const auto attempts = row.get<std::optional<std::int64_t>>(first + 1)) {
        options.max_attempts = static_cast<int>(*attempts);
    }
    return options;
}

JsonText json_from_column(const std::optional<std::string>& text) {
    return text ? json_text(*text) : nullptr;
}

std::optional<std::string> kinds_to_column(const std::optional<std::vector<Kind>>& kinds) {
    if (!kinds) return std::nullopt;
    std::string text;
    for (const Kind& kind : *kinds) {
        if (!text.empty()) text += ',';
        text += kind.name();
    }
    return text;
}

std::optional<std::vector<Kind>> kinds_from_column(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    std::vector<Kind> kinds;
    for_each_part(*text, ',', [&](std::string_view name) {
        auto kind = Kind::parse(name);
        if (!kind) throw damaged("read the kinds that a worker takes", "one is not valid");
        kinds.push_back(*std::move(kind));
    });
    return kinds;
}

std::optional<std::string> endpoints_to_column(const std::vector<EndpointState>& endpoints) {
    if (endpoints.empty()) return std::nullopt;
    std::string text;
    for (const EndpointState& endpoint : endpoints) {
        if (!text.empty()) text += ',';
        text += endpoint.kind.name();
        text += ':' + std::to_string(endpoint.in_flight);
        text += endpoint.is_breaker_open ? ":1" : ":0";
    }
    return text;
}

std::vector<EndpointState> endpoints_from_column(const std::optional<std::string>& text) {
    std::vector<EndpointState> endpoints;
    for_each_part(text.value_or(""), ',',
                  [&](std::string_view part) { endpoints.push_back(endpoint_from_part(part)); });
    return endpoints;
}

}  // namespace orders::sqlite
