#pragma once

// The samples of a store (shared/storage/samples.h): statements, and what they give.

#include <cstdint>

#include "shared/storage/postgres/connection.h"
#include "shared/storage/samples.h"

namespace orders::postgres {

// One statement. It also deletes those that are a day old, and those that were taken while the
// clock was ahead.
void send_sample(Connection& connection, const Sample& sample);

// Those of the last `count` intervals. Throws ServerError.
[[nodiscard]] SampleHistory read_samples(Connection& connection, std::int64_t count);

}  // namespace orders::postgres
