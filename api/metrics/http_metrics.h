#pragma once

// What the server has counted of its traffic, as metrics.
//
// For any thread.

#include "api/http/traffic.h"
#include "api/metrics/exposition.h"

namespace orders {

void add_http_metrics(const http::Traffic& traffic, Exposition& exposition);

}  // namespace orders
