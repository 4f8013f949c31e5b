#pragma once

// How a row of samples (shared/storage/samples.h) is read, whatever store has it.

#include <chrono>

#include "shared/storage/samples.h"

#define SAMPLE_COLUMNS                                                             \
    "number, created, processed, failed, cancelled, pending_high, pending_normal," \
    " processing, oldest_high, oldest_normal"

namespace orders {

// `value` gives the integer in a column, by its place among SAMPLE_COLUMNS.
template <typename Value>
[[nodiscard]] Sample sample_from(const Value& value) {
    return {.number = value(0),
            .created = value(1),
            .processed = value(2),
            .failed = value(3),
            .cancelled = value(4),
            .pending_high = value(5),
            .pending_normal = value(6),
            .processing = value(7),
            .oldest_high = std::chrono::milliseconds(value(8)),
            .oldest_normal = std::chrono::milliseconds(value(9))};
}

}  // namespace orders
