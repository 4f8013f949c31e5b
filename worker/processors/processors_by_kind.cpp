#include "worker/processors/processors_by_kind.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace orders {

void ProcessorsByKind::add(std::unique_ptr<OrderProcessor> processor) {
    const ClaimShare share = processor->free_capacity();
    capacity_ += share.limit;
    for (const KindLimit& limit : share.kinds) {
        const bool is_new = named_.emplace(limit.kind, processor.get()).second;
        assert(is_new);
    }
    if (share.kinds.empty()) {
        assert(others_ == nullptr);
        others_ = processor.get();
    }
    processors_.push_back(std::move(processor));
}

std::vector<ClaimShare> ProcessorsByKind::free_capacity() const {
    std::vector<ClaimShare> shares;
    shares.reserve(processors_.size());
    for (const auto& processor : processors_) shares.push_back(processor->free_capacity());
    return shares;
}

std::vector<EndpointState> ProcessorsByKind::endpoints() const {
    std::vector<EndpointState> all;
    for (const auto& processor : processors_) {
        std::ranges::move(processor->endpoints(), std::back_inserter(all));
    }
    return all;
}

std::optional<std::vector<Kind>> ProcessorsByKind::kinds() const {
    if (others_ != nullptr) return std::nullopt;
    std::vector<Kind> kinds;
    for (const auto& [kind, processor] : named_) kinds.push_back(kind);
    return kinds;
}

OrderProcessor& ProcessorsByKind::taking(const Kind& kind) const {
    const auto named = named_.find(kind);
    OrderProcessor* const processor = named != named_.end() ? named->second : others_;
    assert(processor != nullptr);
    return *processor;
}

}  // namespace orders
