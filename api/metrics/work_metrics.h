#pragma once

// What all processes over one store have measured of their work, as metrics.
//
// For any thread.

#include <string>
#include <vector>

#include "api/metrics/exposition.h"
#include "shared/metrics/figures.h"

namespace orders {

// For all of these kinds, and those that the figures have besides.
void add_work_metrics(const Figures& figures, const std::vector<std::string>& kinds,
                      Exposition& exposition);

}  // namespace orders
