#include "api/metrics/store_metrics.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "shared/domain/order.h"
#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {
namespace {

constexpr std::array statuses{OrderStatus::pending, OrderStatus::processing, OrderStatus::processed,
                              OrderStatus::failed, OrderStatus::cancelled};

static_assert(std::tuple_size_v<decltype(KindFigures::failed)> == label::failure_reasons.size());
static_assert(std::tuple_size_v<decltype(KindFigures::attempts)> == label::attempt_outcomes.size());

constexpr std::array ends{OrderStatus::processed, OrderStatus::failed, OrderStatus::cancelled};

double waited(const std::optional<UtcTime>& since, UtcTime now) {
    if (!since) return 0;
    return std::max(std::chrono::duration<double>(now - *since).count(), 0.0);
}

void add_line(const std::string& kind, std::string_view priority, const LineFigures& line,
              UtcTime now, Exposition& exposition) {
    for (const OrderStatus status : statuses) {
        exposition.add(metric::current, {kind, priority, to_string(status)},
                       static_cast<double>(line.counts[status]));
    }
    exposition.add(metric::scheduled, {kind, priority}, static_cast<double>(line.waiting_for_time));
    exposition.add(metric::oldest_pending_age, {kind, priority}, waited(line.oldest, now));
    exposition.add(metric::created, {kind, priority}, static_cast<double>(line.created));
    for (const OrderStatus end : ends) {
        exposition.add(metric::finished, {kind, priority, to_string(end)},
                       static_cast<double>(line.finished[end]));
    }
}

void add_kind(const KindFigures& kind, UtcTime now, Exposition& exposition) {
    const std::string& name = kind.kind.name();
    add_line(name, label::priorities[0], kind.high, now, exposition);
    add_line(name, label::priorities[1], kind.normal, now, exposition);
    for (std::size_t at = 0; at < kind.failed.size(); ++at) {
        exposition.add(metric::failed, {name, label::failure_reasons.at(at)},
                       static_cast<double>(kind.failed.at(at)));
    }
    for (std::size_t at = 0; at < kind.attempts.size(); ++at) {
        exposition.add(metric::attempts, {name, label::attempt_outcomes.at(at)},
                       static_cast<double>(kind.attempts.at(at)));
    }
}

void add_actions(const ActionTotals& actions, Exposition& exposition) {
    exposition.add(metric::operator_actions, {"cancel"}, static_cast<double>(actions.cancelled));
    exposition.add(metric::operator_actions, {"retry"}, static_cast<double>(actions.retried));
    exposition.add(metric::deleted, static_cast<double>(actions.deleted));
}

void add_workers(const OrderReport& report, Exposition& exposition) {
    std::int64_t threads = 0;
    for (const LiveWorker& worker : report.workers) threads += worker.threads;
    exposition.add(metric::workers_live, static_cast<double>(report.workers.size()));
    exposition.add(metric::worker_threads, static_cast<double>(threads));
    exposition.add(metric::leases_current, static_cast<double>(report.total().processing));
    for (const EndpointState& endpoint : report.endpoints) {
        exposition.add(metric::webhook_in_flight, {endpoint.kind.name()},
                       static_cast<double>(endpoint.in_flight));
        exposition.add(metric::webhook_breaker_open, {endpoint.kind.name()},
                       endpoint.is_breaker_open ? 1 : 0);
    }
}

void add_space(const StoreSpace& space, Exposition& exposition) {
    const auto add = [&](const Metric& metric, const std::optional<std::int64_t>& bytes) {
        if (bytes) exposition.add(metric, static_cast<double>(*bytes));
    };
    add(metric::database_bytes, space.database_bytes);
    add(metric::wal_bytes, space.log_bytes);
    add(metric::disk_free_bytes, space.free_bytes);
}

}  // namespace

void add_store_metrics(const StoreFigures& figures, Exposition& exposition) {
    const OrderReport& report = figures.report;
    for (const KindFigures& kind : figures.kinds) add_kind(kind, report.taken_at, exposition);
    add_actions(figures.actions, exposition);
    add_workers(report, exposition);
    add_space(figures.space, exposition);
}

}  // namespace orders
