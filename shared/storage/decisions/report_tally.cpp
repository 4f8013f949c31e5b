#include "shared/storage/decisions/report_tally.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace orders {
namespace {

// Places of KindFigures::attempts.
enum Outcome : std::size_t { processed, failed, retry, lease_expired, released, cancelled };

template <typename OfOneKind>
auto rank_of(const OfOneKind& of) {
    return std::pair(!of.kind.is_default(), of.kind.name());
}

LineFigures& line_of(KindFigures& figures, Priority priority) {
    return priority == Priority::high ? figures.high : figures.normal;
}

// A total that the whole of a kind has; null if there is no such total.
std::int64_t* counter_of(KindFigures& figures, Total total) {
    switch (total) {
        case Total::attempts_failed:
            return &figures.attempts[failed];
        case Total::attempts_to_retry:
            return &figures.attempts[retry];
        case Total::attempts_expired:
            return &figures.attempts[lease_expired];
        case Total::attempts_released:
            return &figures.attempts[released];
        case Total::attempts_cancelled:
            return &figures.attempts[cancelled];
        default:
            break;
    }
    if (total < Total::failed_for_first || total > Total::failed_for_last) return nullptr;
    const auto place =
        static_cast<std::int64_t>(total) - static_cast<std::int64_t>(Total::failed_for_first);
    return &figures.failed.at(static_cast<std::size_t>(place));
}

}  // namespace

ReportTally::OfKind* ReportTally::find(std::int64_t kind) {
    const auto of = std::ranges::find(kinds_, kind, &OfKind::id);
    return of == kinds_.end() ? nullptr : &*of;
}

void ReportTally::add_kind(std::int64_t id, const Kind& kind, bool is_paused) {
    kinds_.push_back(
        {.id = id, .report = {.kind = kind, .is_paused = is_paused}, .figures = {.kind = kind}});
}

bool ReportTally::count(std::int64_t kind, Priority priority, StoredStatus status,
                        std::int64_t orders) {
    OfKind* const of = find(kind);
    if (of == nullptr) return false;
    if (orders == 0) return true;
    of->has_orders = true;
    of->report.counts[to_status(status)] += orders;
    (priority == Priority::high ? report_.high : report_.normal)[to_status(status)] += orders;
    LineFigures& line = line_of(of->figures, priority);
    line.counts[to_status(status)] += orders;
    if (status == StoredStatus::waiting) {
        line.waiting_for_time += orders;
        of->report.waiting_for_time += orders;
        report_.waiting_for_time += orders;
    }
    of->has_queued |= status == StoredStatus::queued;
    return true;
}

void ReportTally::note_oldest(std::int64_t kind, Priority priority, std::optional<UtcTime> since) {
    OfKind* const of = find(kind);
    if (!since || of == nullptr) return;
    line_of(of->figures, priority).oldest = since;
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
    std::ranges::sort(report_.kinds, {}, rank_of<KindReport>);
}

bool ReportTally::add_total(Total total, std::int64_t kind, Priority priority,
                            std::int64_t number) {
    OfKind* const of = find(kind);
    if (of == nullptr) return false;
    LineFigures& line = line_of(of->figures, priority);
    switch (total) {
        case Total::deleted_processed:
            line.created += number;
            line.finished.processed += number;
            break;
        case Total::deleted_failed:
            line.created += number;
            line.finished.failed += number;
            break;
        case Total::deleted_cancelled:
            line.created += number;
            line.finished.cancelled += number;
            break;
        case Total::retried_failed:
            line.finished.failed += number;
            break;
        case Total::retried_cancelled:
            line.finished.cancelled += number;
            break;
        case Total::reprioritised:
            line.created -= number;
            break;
        case Total::deleted:
            actions_.deleted += number;
            break;
        case Total::cancels:
            actions_.cancelled += number;
            break;
        case Total::retries:
            actions_.retried += number;
            break;
        default: {
            std::int64_t* const counter = counter_of(of->figures, total);
            if (counter == nullptr) return false;
            *counter += number;
        }
    }
    return true;
}

// What is there belongs to what ever came; and what ended stays where it ended until it leaves.
std::vector<KindFigures> ReportTally::kinds() const {
    std::vector<KindFigures> all;
    for (const OfKind& of : kinds_) {
        KindFigures& figures = all.emplace_back(of.figures);
        for (LineFigures* const line : {&figures.high, &figures.normal}) {
            const StatusCounts& now = line->counts;
            line->created +=
                now.pending + now.processing + now.processed + now.failed + now.cancelled;
            line->finished.processed += now.processed;
            line->finished.failed += now.failed;
            line->finished.cancelled += now.cancelled;
            figures.attempts[processed] += line->finished.processed;
        }
    }
    std::ranges::sort(all, {}, rank_of<KindFigures>);
    return all;
}

bool takes(const WorkerDescription& worker, const Kind& kind) {
    return !worker.kinds || std::ranges::find(*worker.kinds, kind) != worker.kinds->end();
}

}  // namespace orders
