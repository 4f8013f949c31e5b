#include "shared/metrics/work_figures.h"

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {

void StoreWork::add_to(Figures& figures) const {
    const std::array roles{&intake, &dispatcher, &maintenance};
    for (std::size_t at = 0; at < roles.size(); ++at) {
        const std::string_view role = label::store_roles.at(at);
        figures.add(metric::store_commit, role, roles.at(at)->commits.seen());
        figures.add(metric::store_group, role, roles.at(at)->groups.seen());
        figures.add(metric::store_turn_wait, role, roles.at(at)->turn_waits.seen());
    }
}

std::array<std::string, 2> beginnings_of_kind(std::string_view kind) {
    return {Figures::beginning_of(metric::processing, std::string(kind) + '|'),
            Figures::beginning_of(metric::webhook_requests, std::string(kind) + ',')};
}

void WorkFigures::note_settled(const std::string& kind, SteadyTime::duration in_work) {
    const MutexLock lock(mutex_);
    in_work_.try_emplace(kind, metric::waiting_bounds).first->second.observe(in_work);
}

void WorkFigures::note_webhook(const std::string& kind, WebhookResult result) {
    const MutexLock lock(mutex_);
    webhooks_[kind].at(static_cast<std::size_t>(result)).add();
}

void WorkFigures::add_to(Figures& figures) const {
    for (std::size_t at = 0; at < queue_waits_.size(); ++at) {
        figures.add(metric::queue_wait, label::priorities.at(at), queue_waits_.at(at).seen());
    }
    figures.add(metric::late_results, "", static_cast<double>(late_results_.value()));
    const MutexLock lock(mutex_);
    for (const auto& [kind, times] : in_work_) {
        figures.add(metric::processing, kind, times.seen());
    }
    for (const auto& [kind, results] : webhooks_) {
        for (std::size_t at = 0; at < results.size(); ++at) {
            figures.add(metric::webhook_requests,
                        kind + ',' + std::string(label::webhook_results.at(at)),
                        static_cast<double>(results.at(at).value()));
        }
    }
}

}  // namespace orders
