#pragma once

// What an order is, and the life it leads:
//
//     submit            claim                 settle
//    --------> Pending -------> Processing ----------> Processed | Failed
//                 ^                 |  |
//                 +-----------------+  +-- its worker died or hung on the last attempt --> Failed
//        released by a stopping worker, or the machine was restarted (attempt not charged),
//        or its worker died or hung (attempt charged)
//
// Every type here is a plain value without locks; a value that exists is valid. Text that came from
// outside becomes an OrderId, a Priority or a ProcessingTime only through its parse function.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/domain/utc_time.h"

namespace orders {

// The name that the client gave the order, unique among all orders that are kept: a letter or
// digit, then up to 63 of letters, digits and `. _ : ~ -`, so that it is safe in a URL as it
// stands.
class OrderId {
   public:
    static constexpr std::size_t max_length = 64;

    // Empty if the text breaks the rule above.
    [[nodiscard]] static std::optional<OrderId> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    friend bool operator==(const OrderId&, const OrderId&) = default;

   private:
    explicit OrderId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

// High goes before Normal; within one priority the order that was submitted first goes first.
enum class Priority { high, normal };
inline constexpr Priority all_priorities[] = {Priority::high, Priority::normal};

enum class OrderStatus { pending, processing, processed, failed };
inline constexpr OrderStatus all_statuses[] = {OrderStatus::pending, OrderStatus::processing,
                                               OrderStatus::processed, OrderStatus::failed};

// The spelling that clients, logs and this documentation share: "High", "Pending", ...
[[nodiscard]] std::string_view to_string(Priority priority) noexcept;
[[nodiscard]] std::string_view to_string(OrderStatus status) noexcept;

// The exact spelling only; empty for anything else.
[[nodiscard]] std::optional<Priority> parse_priority(std::string_view text) noexcept;
[[nodiscard]] std::optional<OrderStatus> parse_status(std::string_view text) noexcept;

// How long the order's work takes, in whole units (seconds, unless a worker was told otherwise):
// 1 to 86,400.
class ProcessingTime {
   public:
    static constexpr std::int64_t min_units = 1;
    static constexpr std::int64_t max_units = 86'400;

    // Empty if the number is out of range.
    [[nodiscard]] static std::optional<ProcessingTime> parse(std::int64_t units) noexcept;

    [[nodiscard]] std::int64_t units() const noexcept { return units_; }
    friend bool operator==(ProcessingTime, ProcessingTime) = default;

   private:
    explicit ProcessingTime(std::int64_t units) : units_(units) {}
    std::int64_t units_;
};

// What an order is about: all that its client says of it, which goes with it from the request
// through the store to its processor.
struct OrderSpec {
    OrderId order_id;
    Priority priority;
    ProcessingTime processing_time;
};

// An order that a client asks for. Not stored yet, and valid by construction.
struct NewOrder {
    OrderSpec spec;

    // About what it takes in memory: itself and its texts.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return sizeof *this + spec.order_id.text().size();
    }
};

// An order as the store knows it. `started_at` and `worker` speak of the current or last attempt
// and are empty while the order is Pending; `failure` says why a Failed order failed.
struct Order {
    OrderSpec spec;
    OrderStatus status = OrderStatus::pending;
    int attempts = 0;
    UtcTime created_at;
    std::optional<UtcTime> started_at = {};
    std::optional<UtcTime> finished_at = {};
    std::optional<std::string> worker = {};
    std::optional<std::string> failure = {};
};

}  // namespace orders
