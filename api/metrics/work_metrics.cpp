#include "api/metrics/work_metrics.h"

#include <algorithm>
#include <string_view>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {
namespace {

// None for a kind that has never had a webhook.
void add_webhooks(const Figures& figures, const std::string& kind, Exposition& exposition) {
    const auto number = [&](std::string_view result) {
        return figures.number(metric::webhook_requests, kind + ',' + std::string(result));
    };
    if (std::ranges::all_of(label::webhook_results,
                            [&](std::string_view result) { return number(result) == 0; })) {
        return;
    }
    for (const std::string_view result : label::webhook_results) {
        exposition.add(metric::webhook_requests, {kind, result}, number(result));
    }
}

}  // namespace

void add_work_metrics(const Figures& figures, const std::vector<std::string>& kinds,
                      Exposition& exposition) {
    exposition.add(metric::late_results, figures.number(metric::late_results, ""));
    for (const std::string_view priority : label::priorities) {
        exposition.add(metric::queue_wait, {priority}, figures.seen(metric::queue_wait, priority));
    }
    for (const std::string& kind : kinds) {
        exposition.add(metric::processing, {kind}, figures.seen(metric::processing, kind));
    }
    for (const std::string_view role : label::store_roles) {
        exposition.add(metric::store_commit, {role}, figures.seen(metric::store_commit, role));
        exposition.add(metric::store_group, {role}, figures.seen(metric::store_group, role));
        exposition.add(metric::store_turn_wait, {role},
                       figures.seen(metric::store_turn_wait, role));
    }
    for (const std::string& kind : kinds) add_webhooks(figures, kind, exposition);
}

}  // namespace orders
