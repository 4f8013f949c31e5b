#pragma once

// What the store says of its orders and workers, as metrics.
//
// For any thread.

#include "api/metrics/exposition.h"
#include "shared/storage/order_reader.h"

namespace orders {

void add_store_metrics(const StoreFigures& figures, Exposition& exposition);

}  // namespace orders
