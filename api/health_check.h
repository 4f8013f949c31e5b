#pragma once

// `order-api healthcheck`: asks the API that runs with the same settings.

#include "api/settings.h"

namespace orders {

// The command's exit status: exit_ok if that API is ready, else exit_failure, with one line on
// standard error.
[[nodiscard]] int check_api_health(const ApiSettings& settings);

}  // namespace orders
