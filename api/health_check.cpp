#include "api/health_check.h"

#include <chrono>
#include <cstdio>

#include "api/http/client.h"
#include "api/http/listening_socket.h"
#include "shared/program/run_program.h"

namespace orders {

int check_api_health(const ApiSettings& settings) {
    const auto status = http::get_status(http::local_address_of(settings.host), settings.port,
                                         "/readyz", std::chrono::milliseconds(2'500));
    if (status == 200) return exit_ok;
    std::fprintf(stderr, "order-api: %s\n",
                 status ? "the API is not ready" : "the API does not answer");
    return exit_failure;
}

}  // namespace orders
