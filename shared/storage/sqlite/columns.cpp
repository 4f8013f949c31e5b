#include "shared/storage/sqlite/columns.h"

#include <chrono>
#include <utility>

#include "shared/storage/decisions/worker_texts.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {

StoredStatus status_from_column(std::int64_t value) {
    if (value < 0 || value > 5) throw damaged("read an order", "its status is out of range");
    return static_cast<StoredStatus>(value);
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

std::optional<std::string> kinds_to_column(const std::optional<std::vector<Kind>>& kinds) {
    if (!kinds) return std::nullopt;
    return kinds_as_text(*kinds);
}

std::optional<std::vector<Kind>> kinds_from_column(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    auto kinds = kinds_from_text(*text);
    if (!kinds) throw damaged("read the kinds that a worker takes", "one is not valid");
    return kinds;
}

std::optional<std::string> endpoints_to_column(const std::vector<EndpointState>& endpoints) {
    if (endpoints.empty()) return std::nullopt;
    return endpoints_as_text(endpoints);
}

std::vector<EndpointState> endpoints_from_column(const std::optional<std::string>& text) {
    auto endpoints = endpoints_from_text(text.value_or(""));
    if (!endpoints) throw damaged("read what a worker sends orders to", "one is not valid");
    return *std::move(endpoints);
}

}  // namespace orders::sqlite
