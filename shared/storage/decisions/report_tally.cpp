#include "shared/storage/decisions/report_tally.h"

#include <algorithm>
#include <utility>

namespace orders {

void ReportTally::add_kind(std::int64_t id, const Kind& kind, bool is_paused) {
    kinds_.push_back({.id = id, .report = {.kind = kind, .is_paused = is_paused}});
}

bool ReportTally::count(std::int64_t kind, Priority priority, StoredStatus status,
                        std::int64_t orders) {
    const auto of = std::ranges::find(kinds_, kind, &OfKind::id);
    if (of == kinds_.end()) return false;
    if (orders == 0) return true;
    of->has_orders = true;
    of->report.counts[to_status(status)] += orders;
    (priority == Priority::high ? report_.high : report_.normal)[to_status(status)] += orders;
    if (status == StoredStatus::waiting) {
        of->report.waiting_for_time += orders;
        report_.waiting_for_time += orders;
    }
    of->has_queued |= status == StoredStatus::queued;
    return true;
}

void ReportTally::note_oldest(Priority priority, std::optional<UtcTime> since) {
    if (!since) return;
    auto& oldest = priority == Priority::high ? report_.oldest_high : report_.oldest_normal;
    oldest = std::min(*since, oldest.value_or(*since));
}

void ReportTally::finish(const std::function<bool(const Kind&)>& is_attended) {
    for (OfKind& of : kinds_) {
        KindReport& kind = of.report;
        if (!kind.kind.is_default() && !of.has_orders && !kind.is_paused) continue;
        kind.is_unattended = !kind.is_paused && of.has_queued && !is_attended(kind.kind);
        report_.kinds.push_back(std::move(kind));
    }
    std::ranges::sort(report_.kinds, {}, [](const KindReport& kind) {
        return std::pair(!kind.kind.is_default(), kind.kind.name());
    });
}

bool takes(const WorkerDescription& worker, const Kind& kind) {
    return !worker.kinds || std::ranges::find(*worker.kinds, kind) != worker.kinds->end();
}

}  // namespace orders
