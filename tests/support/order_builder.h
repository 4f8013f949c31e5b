#pragma once

// Orders for tests, written as sentences: `an_order("A-1").high().taking(3)` is a NewOrder. What a
// test does not say is Normal and takes one unit. Text that is not a valid order fails the test.

#include <cstdint>
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

class OrderBuilder {
   public:
    explicit OrderBuilder(std::string_view id) : id_(order_id(id)) {}

    OrderBuilder& high() {
        priority_ = Priority::high;
        return *this;
    }
    OrderBuilder& normal() {
        priority_ = Priority::normal;
        return *this;
    }
    OrderBuilder& taking(std::int64_t units) {
        units_ = units;
        return *this;
    }

    [[nodiscard]] NewOrder build() const {
        const auto time = ProcessingTime::parse(units_);
        if (!time) {
            throw std::invalid_argument("not a processing time: " + std::to_string(units_));
        }
        return NewOrder{{id_, priority_, *time}};
    }
    // So that a builder can stand where a NewOrder is asked for.
    operator NewOrder() const { return build(); }  // NOLINT(google-explicit-constructor)

   private:
    OrderId id_;
    Priority priority_ = Priority::normal;
    std::int64_t units_ = 1;
};

[[nodiscard]] inline OrderBuilder an_order(std::string_view id) {
    return OrderBuilder(id);
}

}  // namespace orders::test
