#pragma once

// POST /api/v1/orders under load: what most rows need of it.

#include <chrono>
#include <string>

#include "tests/bench/delivery_audit.h"
#include "tests/bench/load_generator.h"
#include "tests/bench/order_ids.h"
#include "tests/bench/service_process.h"
#include "tests/bench/settings.h"

namespace orders::bench {

struct CreateLoad {
    int connections = 64;
    std::chrono::seconds duration{1};
    IdKind ids = IdKind::time_ordered;
    int payload_bytes = 0;  // of each order
};

// Creates at whatever listens there, order-api or the reference.
LoadResult run_creates(int port, const CreateLoad& load);
// The same, and the audit knows of it.
LoadResult run_creates(int port, const CreateLoad& load, DeliveryAudit& audit);

// Starts order-api on the store, loads it, stops it and checks that everything is there. The
// measurement begins after a second of warming up, unless the run is quick.
[[nodiscard]] Figures creates_at(const std::string& location, const CreateLoad& load,
                                 const Settings& settings, const Build& build = this_build(),
                                 const Company& company = nobody());
[[nodiscard]] Figures creates_on_new_store(const CreateLoad& load, const Settings& settings,
                                           const Build& build = this_build(),
                                           const Company& company = nobody());

}  // namespace orders::bench
