#pragma once

// What every program that Prometheus watches tells of itself, by the names that all of them use.
//
// For any thread.

#include "api/metrics/exposition.h"

namespace orders {

// Leaves out what /proc does not say.
void add_process_metrics(Exposition& exposition);

}  // namespace orders
