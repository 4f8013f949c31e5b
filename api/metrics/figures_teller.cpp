#include "api/metrics/figures_teller.h"

#include <algorithm>
#include <utility>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"

namespace orders {

std::string FiguresTeller::take(SteadyTime now) {
    if (now < next_) return {};
    Figures so_far;
    store_work_->add_to(so_far);
    work_.add_to(so_far);
    const Figures news = so_far.less(told_);
    const auto commits = news.seen(metric::store_commit, label::store_roles[0]);
    if (std::ranges::all_of(commits.buckets, [](auto count) { return count == 0; })) return {};
    next_ = now + interval;
    told_ = std::move(so_far);
    return news.as_text();
}

}  // namespace orders
