#pragma once

// Which trace a request belongs to, as it says in the headers `traceparent` and `tracestate` (W3C
// Trace Context, version 00): kept as text, and passed on. Pure functions, for any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orders {

struct TraceContext {
    static constexpr std::size_t parent_length = 55;
    static constexpr std::size_t max_state_bytes = 512;

    std::string parent;      // 00-TRACE_ID-SPAN_ID-FLAGS
    std::string state = {};  // what other systems say of it; may be empty

    friend bool operator==(const TraceContext&, const TraceContext&) = default;

    // Which trace it is: 32 hexadecimal digits.
    [[nodiscard]] std::string_view trace_id() const noexcept {
        return std::string_view(parent).substr(3, 32);
    }
};

// Whether it is a `traceparent` of version 00 whose ids are not all zeros.
[[nodiscard]] bool is_trace_parent(std::string_view text) noexcept;
// Whether it is a `tracestate` that is not empty and not too long.
[[nodiscard]] bool is_trace_state(std::string_view text) noexcept;

// What the two headers say. What is not valid is ignored, as the standard asks for: without a valid
// parent there is no trace, whatever the state is.
[[nodiscard]] std::optional<TraceContext> trace_context(std::string_view parent,
                                                        std::string_view state);

// The same trace, in a span of its own: what a call carries that is made for the one who said
// `context`. `span` is the number of the new span, and not 0.
[[nodiscard]] TraceContext in_new_span(const TraceContext& context, std::uint64_t span);

}  // namespace orders
