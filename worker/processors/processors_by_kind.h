#pragma once

// Which processor takes which kinds of orders. Belongs to the dispatcher's thread once all
// processors are there.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/kind.h"
#include "worker/processors/order_processor.h"

namespace orders {

class ProcessorsByKind {
   public:
    // It takes the kinds that its free_capacity() names, which no other may take; or all that no
    // other takes, which only one may do.
    void add(std::unique_ptr<OrderProcessor> processor);

    // One share for each processor.
    [[nodiscard]] std::vector<ClaimShare> free_capacity() const;

    // What they send orders to.
    [[nodiscard]] std::vector<EndpointState> endpoints() const;

    // For an order of one of the shares.
    [[nodiscard]] OrderProcessor& taking(const Kind& kind) const;

    // The kinds of orders that one of them takes; empty for all.
    [[nodiscard]] std::optional<std::vector<Kind>> kinds() const;

    // How many orders all of them would begin while they had none.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

   private:
    std::vector<std::unique_ptr<OrderProcessor>> processors_;
    std::map<Kind, OrderProcessor*> named_;
    OrderProcessor* others_ = nullptr;  // takes all that no other takes
    std::size_t capacity_ = 0;
};

}  // namespace orders
