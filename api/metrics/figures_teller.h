#pragma once

// What this API has measured since it was last told to the store, which adds it to the sums of all
// processes: so they are the same from every API, and go on when one is started again.
//
// Belongs to one thread, but for what it tells of.

#include <chrono>
#include <memory>
#include <string>

#include "shared/metrics/figures.h"
#include "shared/metrics/work_figures.h"
#include "shared/os/steady_time.h"

namespace orders {

class FiguresTeller {
   public:
    static constexpr std::chrono::seconds interval{5};

    // The work must outlive this.
    FiguresTeller(std::shared_ptr<const StoreWork> store_work, const WorkFigures& work)
        : store_work_(std::move(store_work)), work_(work) {}

    // As Figures::as_text(); empty if less than the interval has passed, or if no request was
    // stored: what the telling itself takes is not worth telling.
    [[nodiscard]] std::string take(SteadyTime now);

   private:
    const std::shared_ptr<const StoreWork> store_work_;
    const WorkFigures& work_;
    Figures told_;
    SteadyTime next_{};
};

}  // namespace orders
