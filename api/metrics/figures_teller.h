#pragma once

// What this API has measured since it was last told to the store, which adds it to the sums of all
// processes: so they are the same from every API, and go on when one is started again.
//
// Belongs to one thread, but for what it tells of.

#include <chrono>
#include <functional>
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

    // Calls `add` with it, as Figures::as_text(), unless no request was stored: what the telling
    // itself takes is not worth telling. Once in an interval, and after a failure too; the last
    // time at once. What `add` throws goes on, and is told again, unless it may have been stored.
    void tell(SteadyTime now, bool is_last, const std::function<void(const std::string&)>& add);

   private:
    const std::shared_ptr<const StoreWork> store_work_;
    const WorkFigures& work_;
    Figures told_;
    SteadyTime next_{};
};

}  // namespace orders
