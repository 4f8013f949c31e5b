#pragma once

// Orders for tests, written as sentences: `an_order("A-1").high().taking(3)` is a NewOrder. What a
// test does not say is Normal, takes one unit, and is due at once. Text that is not a valid order
// fails the test.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "shared/domain/order.h"

namespace orders::test {

[[nodiscard]] inline OrderId order_id(std::string_view text) {
    auto id = OrderId::parse(text);
    if (!id) throw std::invalid_argument("not an order id: " + std::string(text));
    return *std::move(id);
}

[[nodiscard]] inline Kind a_kind(std::string_view name) {
    auto kind = Kind::parse(name);
    if (!kind) throw std::invalid_argument("not a kind: " + std::string(name));
    return *std::move(kind);
}

class OrderBuilder {
   public:
    explicit OrderBuilder(std::string_view id)
        : order_{.spec = {.order_id = order_id(id), .priority = Priority::normal}} {}

    OrderBuilder& high() {
        order_.spec.priority = Priority::high;
        return *this;
    }
    OrderBuilder& normal() {
        order_.spec.priority = Priority::normal;
        return *this;
    }
    OrderBuilder& taking(std::int64_t units) {
        const auto time = ProcessingTime::parse(units);
        if (!time) throw std::invalid_argument("not a processing time: " + std::to_string(units));
        order_.spec.processing_time = *time;
        return *this;
    }
    OrderBuilder& of_kind(std::string_view name) {
        order_.spec.kind = a_kind(name);
        return *this;
    }
    OrderBuilder& carrying(std::string_view payload) {
        order_.spec.payload = json_text(payload);
        return *this;
    }
    OrderBuilder& traced(const TraceContext& trace) {
        order_.spec.trace = std::make_shared<const TraceContext>(trace);
        return *this;
    }
    OrderBuilder& with(const AttemptOptions& options) {
        order_.spec.options = options;
        return *this;
    }
    OrderBuilder& due(DueTime time) {
        order_.due = time;
        return *this;
    }
    OrderBuilder& to_begin_before(UtcTime time) {
        order_.spec.start_before = time;
        return *this;
    }
    // Contents that are to pass for the same have the same mark.
    OrderBuilder& fingerprinted(unsigned char mark) {
        order_.fingerprint = Fingerprint{mark};
        return *this;
    }

    [[nodiscard]] NewOrder build() const { return order_; }
    // So that a builder can stand where a NewOrder is asked for.
    operator NewOrder() const { return build(); }  // NOLINT(google-explicit-constructor)

   private:
    NewOrder order_;
};

[[nodiscard]] inline OrderBuilder an_order(std::string_view id) {
    return OrderBuilder(id);
}

}  // namespace orders::test
