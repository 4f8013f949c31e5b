#pragma once

// One turn of those rows that are measured in both ways, against a reference and beside another
// build (creates: create_load.h). A turn starts the programs of one build on a store of its own,
// loads and stops them, and looks at what they left: it throws BenchFailure if an order was lost,
// refused or processed twice, or if the store is not sound.

#include <chrono>
#include <cstdint>

#include "tests/bench/drain.h"
#include "tests/bench/figures.h"
#include "tests/bench/order_ids.h"
#include "tests/bench/service_process.h"
#include "tests/bench/settings.h"

namespace orders::bench {

// The rate is of orders, the latencies are of batches of 1,000.
[[nodiscard]] Figures batches_at(const std::string& new_store, const Settings& settings,
                                 const Build& build = this_build());
[[nodiscard]] Figures batches_on_new_store(const Settings& settings,
                                           const Build& build = this_build());

struct Drained {
    double rate = 0;         // from the start of the process
    double stored_rate = 0;  // from the first start to the last end that the orders have
};
[[nodiscard]] Drained drain_at(const std::string& new_store, std::int64_t orders,
                               const Build& build = this_build(), const Extras& extras = {});
[[nodiscard]] Drained drain_new_store(std::int64_t orders, const Build& build = this_build(),
                                      const Extras& extras = {});

// How long orders that come one at a time are stored before an idle worker starts them. What the
// orders say is in whole milliseconds, so the percentiles are, too; `fine_p50` is between them, as
// the median of grouped values is: as if those of one millisecond were spread evenly over it.
struct PickupTimes {
    Figures whole;
    Microseconds fine_p50{0};
};
// One order every 20 ms for this long. The first 20 orders are not timed; there must be more.
[[nodiscard]] PickupTimes pick_up_at(const std::string& new_store,
                                     std::chrono::milliseconds duration,
                                     const Build& build = this_build(),
                                     const Company& company = nobody());
[[nodiscard]] PickupTimes pick_up_on_new_store(std::chrono::milliseconds duration,
                                               const Build& build = this_build());

// A store with orders to be read at random, for any number of turns.
class OrdersToRead {
   public:
    explicit OrdersToRead(const Settings& settings, const Build& build = this_build());

    // One turn: order-api on these orders, under load after a second of warming up.
    [[nodiscard]] Figures read() const;
    // The same load on whatever listens there.
    [[nodiscard]] Figures read_at(int port, std::chrono::seconds duration) const;

   private:
    Settings settings_;
    Build build_;
    int orders_;
    IdRun ids_ = new_id_run(IdKind::time_ordered);
    StoreDirectory directory_;
};

}  // namespace orders::bench
