#pragma once

// What all processes over one store have measured of their work, as metrics.
//
// For any thread.

#include <string>
#include <vector>

#include "api/metrics/exposition.h"
#include "shared/metrics/figures.h"

namespace orders {

// For these kinds and no others: a worker may tell for long of one that the store has forgotten.
void add_work_metrics(const Figures& figures, const std::vector<std::string>& kinds,
                      Exposition& exposition);

}  // namespace orders
