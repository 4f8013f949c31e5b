#include "api/metrics/http_metrics.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {
namespace {

using http::RouteTraffic;
using http::Traffic;

// Which rates are looked at whether or not there was one.
constexpr std::array always_shown{200, 500, 503};

void add_route(const RouteTraffic& route, Exposition& exposition) {
    for (std::size_t at = 0; at < route.by_status.size(); ++at) {
        const int status = static_cast<int>(at) + RouteTraffic::least_status;
        const auto answers = route.by_status[at].value();
        if (answers == 0 && std::ranges::find(always_shown, status) == always_shown.end()) continue;
        exposition.add(metric::http_requests, {route.name, std::to_string(status)},
                       static_cast<double>(answers));
    }
    exposition.add(metric::http_request_duration, {route.name}, route.durations.seen());
}

}  // namespace

void add_http_metrics(const Traffic& traffic, Exposition& exposition) {
    for (const RouteTraffic& route : traffic.routes()) add_route(route, exposition);
    exposition.add(metric::http_in_flight, static_cast<double>(traffic.in_flight.value()));
    for (std::size_t at = 0; at < traffic.connections.size(); ++at) {
        exposition.add(metric::http_connections, {label::connection_states.at(at)},
                       static_cast<double>(traffic.connections[at].value()));
    }
    exposition.add(metric::http_received_bytes,
                   static_cast<double>(traffic.received_bytes.value()));
    exposition.add(metric::http_sent_bytes, static_cast<double>(traffic.sent_bytes.value()));
    for (std::size_t at = 0; at < traffic.turned_away.size(); ++at) {
        exposition.add(metric::http_refused, {label::http_refusals.at(at)},
                       static_cast<double>(traffic.turned_away[at].value()));
    }
}

}  // namespace orders
