#pragma once

// Has the orders' work done as the settings say.

#include "worker/processors/processors_by_kind.h"
#include "worker/settings.h"

namespace orders {

// Adds the processors that the settings ask for, and logs which kinds are only simulated.
void add_chosen_processors(ProcessorsByKind& processors, const WorkerSettings& settings);

}  // namespace orders
