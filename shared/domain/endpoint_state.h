#pragma once

// How something that a worker sends orders to is doing, for the report: of one kind of orders.

#include <cstddef>

#include "shared/domain/kind.h"

namespace orders {

struct EndpointState {
    Kind kind;
    std::size_t in_flight = 0;  // orders that it has been sent and has not answered
    // It is out of order: only one order at a time is tried with it.
    bool is_breaker_open = false;

    friend bool operator==(const EndpointState&, const EndpointState&) = default;
};

}  // namespace orders
