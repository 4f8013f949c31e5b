#include "api/metrics/work_metrics.h"

#include <set>
#include <string_view>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {
namespace {

void add_webhooks(const Figures& figures, Exposition& exposition) {
    std::set<std::string> kinds;
    for (const std::string& label : figures.labels(metric::webhook_requests)) {
        kinds.insert(label.substr(0, label.find(',')));
    }
    for (const std::string& kind : kinds) {
        for (const std::string_view result : label::webhook_results) {
            exposition.add(
                metric::webhook_requests, {kind, result},
                figures.number(metric::webhook_requests, kind + ',' + std::string(result)));
        }
    }
}

}  // namespace

void add_work_metrics(const Figures& figures, const std::vector<std::string>& kinds,
                      Exposition& exposition) {
    exposition.add(metric::late_results, figures.number(metric::late_results, ""));
    for (const std::string_view priority : label::priorities) {
        exposition.add(metric::queue_wait, {priority}, figures.seen(metric::queue_wait, priority));
    }
    std::set<std::string> all_kinds(kinds.begin(), kinds.end());
    for (std::string& kind : figures.labels(metric::processing)) all_kinds.insert(std::move(kind));
    for (const std::string& kind : all_kinds) {
        exposition.add(metric::processing, {kind}, figures.seen(metric::processing, kind));
    }
    for (const std::string_view role : label::store_roles) {
        exposition.add(metric::store_commit, {role}, figures.seen(metric::store_commit, role));
        exposition.add(metric::store_group, {role}, figures.seen(metric::store_group, role));
        exposition.add(metric::store_turn_wait, {role},
                       figures.seen(metric::store_turn_wait, role));
    }
    add_webhooks(figures, exposition);
}

}  // namespace orders
