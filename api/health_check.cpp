#include "api/health_check.h"

#include <chrono>
#include <cstdio>
#include <string>

#include "api/http/client.h"
#include "api/http/listening_socket.h"
#include "shared/program/run_program.h"

namespace orders {

int check_api_health(const ApiSettings& settings) {
    const std::string address = http::local_address_of(settings.host);
    const auto status =
        http::get_status(address, settings.port, "/readyz", std::chrono::milliseconds(2'500));
    if (status == 200) return exit_ok;
    const std::string problem =
        status ? "is not ready: its log and the body of GET /readyz say why"
               : "does not answer: is it running, with this --host and --port?";
    std::fprintf(stderr, "order-api: the API on host %s port %d %s\n", address.c_str(),
                 settings.port, problem.c_str());
    return exit_failure;
}

}  // namespace orders
