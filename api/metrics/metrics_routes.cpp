#include "api/metrics/metrics_routes.h"

#include <array>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/metrics/http_metrics.h"
#include "api/metrics/process_metrics.h"
#include "api/metrics/store_metrics.h"
#include "api/metrics/work_metrics.h"
#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {

std::span<const MetricsRoutes::Entry> MetricsRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"GET", "/metrics", http::Scope::read, &MetricsRoutes::get_metrics}};
    return entries;
}

void MetricsRoutes::add_to(http::Server& server, bool are_open) {
    server_ = &server;
    for (const Entry& entry : table()) {
        server.add({.method = entry.method,
                    .pattern = entry.pattern,
                    .access = are_open ? http::Access::open() : entry.access,
                    .handler = [this, handler = entry.handler](const http::Request& request,
                                                               http::Reply reply) {
                        (this->*handler)(request, std::move(reply));
                    }});
    }
}

void MetricsRoutes::get_metrics(const http::Request&, http::Reply reply) {
    Exposition exposition;
    add_store(exposition);
    add_intake(exposition);
    add_http_metrics(server_->traffic(), exposition);
    add_events(exposition);
    add_process_metrics(exposition);
    std::move(reply).send({.status = 200,
                           .content_type = std::string(Exposition::content_type),
                           .body = exposition.text()});
}

void MetricsRoutes::add_store(Exposition& exposition) const {
    const auto read = sources_.reads.read([](OrderReader& reader) { return reader.figures(); });
    const auto* const figures = std::get_if<StoreFigures>(&read);
    if (figures == nullptr) return;
    add_store_metrics(*figures, exposition);
    std::vector<std::string> kinds;
    for (const KindFigures& kind : figures->kinds) kinds.push_back(kind.kind.name());
    add_work_metrics(figures->measured, kinds, exposition);
    exposition.add(metric::build_info,
                   {"order-api", sources_.version, figures->software, figures->software_version},
                   1);
}

void MetricsRoutes::add_events(Exposition& exposition) const {
    EventDesk::Figures figures;
    if (sources_.events != nullptr) figures = sources_.events->figures();
    exposition.add(metric::events_clients, static_cast<double>(figures.clients));
    exposition.add(metric::events_dropped, static_cast<double>(figures.dropped_clients));
}

void MetricsRoutes::add_intake(Exposition& exposition) const {
    for (std::size_t at = 0; at < RefusedOrders::reasons; ++at) {
        exposition.add(metric::refused, {label::refusals.at(at)},
                       static_cast<double>(sources_.refused.counters().at(at).value()));
    }
    const bool is_writable = sources_.commits.was_last_write_good();
    exposition.add(metric::writable, is_writable ? 1 : 0);
    // While nobody sends anything, nothing else would find out that it has become so again.
    if (!is_writable) sources_.intake.probe([](bool) {});
}

}  // namespace orders
