#pragma once

// What webhooks cost without orders: libcurl's multi interface posts the same bytes, with as many
// calls in flight, on one thread, by epoll and curl_multi_socket_action.

#include <cstdint>
#include <string>

#include "tests/bench/figures.h"

namespace orders::bench {

// Makes so many calls to the URL. Throws BenchFailure if one is not answered with 200.
[[nodiscard]] Figures post_bare_webhooks(const std::string& url, std::int64_t calls, int in_flight);

}  // namespace orders::bench
