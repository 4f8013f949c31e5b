#include "shared/storage/decisions/column_values.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace orders {

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

UtcTime time_from_column(std::int64_t milliseconds) noexcept {
    return UtcTime(std::chrono::milliseconds(milliseconds));
}

std::optional<UtcTime> time_from_column(std::optional<std::int64_t> milliseconds) {
    if (!milliseconds) return std::nullopt;
    return time_from_column(*milliseconds);
}

JsonText json_from_column(const std::optional<std::string>& text) {
    return text ? json_text(*text) : nullptr;
}

std::optional<std::string> to_column(const Trace& trace) {
    if (!trace) return std::nullopt;
    return trace->state.empty() ? trace->parent : trace->parent + ' ' + trace->state;
}

Trace trace_from_column(const std::optional<std::string>& text) {
    if (!text) return nullptr;
    const std::string_view parent = std::string_view(*text).substr(0, TraceContext::parent_length);
    const std::size_t state = std::min(text->size(), parent.size() + 1);
    auto trace = trace_context(parent, std::string_view(*text).substr(state));
    return trace ? std::make_shared<const TraceContext>(*std::move(trace)) : nullptr;
}

}  // namespace orders
