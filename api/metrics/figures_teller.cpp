#include "api/metrics/figures_teller.h"

#include <algorithm>
#include <utility>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"
#include "shared/storage/store_error.h"

namespace orders {

void FiguresTeller::tell(SteadyTime now, bool is_last,
                         const std::function<void(const std::string&)>& add) {
    if (now < next_ && !is_last) return;
    Figures so_far;
    store_work_->add_to(so_far);
    work_.add_to(so_far);
    const Figures news = so_far.less(told_);
    const auto commits = news.seen(metric::store_commit, label::store_roles[0]);
    if (std::ranges::all_of(commits.buckets, [](auto count) { return count == 0; })) return;
    next_ = now + interval;
    try {
        add(news.as_text());
    } catch (const StoreError& error) {
        // Rather lost than counted twice.
        if (error.kind() == StoreError::Kind::outcome_unknown) told_ = std::move(so_far);
        throw;
    }
    told_ = std::move(so_far);
}

}  // namespace orders
