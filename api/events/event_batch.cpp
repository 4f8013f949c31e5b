#include "api/events/event_batch.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace orders {
namespace {

// Beyond it, choices are not kept for further clients: each may be of all that the page has.
constexpr std::size_t most_chosen_bytes = 8 * 1024 * 1024;

}  // namespace

void ChosenEvents::add(std::int64_t number, std::string_view text) {
    text_.append(text);
    ends_.push_back({number, text_.size()});
}

ChosenEvents::Portion ChosenEvents::behind(std::int64_t number, std::size_t most_bytes) const {
    const auto first = std::ranges::upper_bound(ends_, number, {}, &End::number);
    const std::size_t begin = first == ends_.begin() ? 0 : std::prev(first)->offset;
    const auto beyond =
        std::ranges::upper_bound(first, ends_.end(), begin + most_bytes, {}, &End::offset);
    Portion portion{.text = {}, .last = number, .is_whole = beyond == ends_.end()};
    if (beyond == first) return portion;
    const End& last = *std::prev(beyond);
    portion.text = std::string_view(text_).substr(begin, last.offset - begin);
    portion.last = last.number;
    return portion;
}

EventBatch::EventBatch(ChangePage page, const EventTexts& texts)
    : texts_(texts), page_(std::move(page)), written_(page_.changes.size()) {}

const ChosenEvents& EventBatch::choose(const EventFilter& filter, const std::string& key) {
    const auto known = chosen_.find(key);
    if (known != chosen_.end()) return known->second;
    if (chosen_bytes_ > most_chosen_bytes) {
        chosen_.clear();
        chosen_bytes_ = 0;
    }
    ChosenEvents chosen;
    for (const std::size_t change : candidates(filter)) {
        if (filter.fits(page_.changes[change])) {
            chosen.add(page_.changes[change].id, text_of(change));
        }
    }
    chosen_bytes_ += key.size() + chosen.bytes();
    return chosen_.emplace(key, std::move(chosen)).first->second;
}

const std::string& EventBatch::text_of(std::size_t change) {
    std::string& text = written_[change];
    if (text.empty()) text = texts_.order(page_.changes[change]);
    return text;
}

// Of thousands of clients that each want an order of their own, most want nothing of a page: they
// are not worth a look at all of it.
std::vector<std::size_t> EventBatch::candidates(const EventFilter& filter) {
    std::vector<std::size_t> found;
    if (filter.order_ids.empty()) {
        found.resize(page_.changes.size());
        std::iota(found.begin(), found.end(), std::size_t{0});
        return found;
    }
    if (by_order_.empty()) {
        for (std::size_t at = 0; at < page_.changes.size(); ++at) {
            by_order_[page_.changes[at].order_id.text()].push_back(at);
        }
    }
    for (const OrderId& order_id : filter.order_ids) {
        const auto of_order = by_order_.find(order_id.text());
        if (of_order == by_order_.end()) continue;
        found.insert(found.end(), of_order->second.begin(), of_order->second.end());
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

}  // namespace orders
