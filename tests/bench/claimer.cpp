#include "tests/bench/claimer.h"

#include <vector>

#include "shared/os/system_clock.h"
#include "shared/storage/open_store.h"

namespace orders::bench {
namespace {

constexpr std::chrono::hours lease_time{1};

}  // namespace

Claimer::Claimer(const std::string& location)
    : location_(location), thread_([this](const std::stop_token& stop) {
          try {
              run(stop);
          } catch (...) {
              failure_ = std::current_exception();
          }
      }) {}

Figures Claimer::stop() {
    thread_.request_stop();
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
    return waits_.figures();
}

void Claimer::run(const std::stop_token& stop) {
    const SystemClock clock;
    const auto store = open_order_store(location_);
    auto enlisting = store->begin();
    const WorkerId worker = enlisting->enlist({.name = "claimer", .host = "bench", .threads = 1},
                                              clock.now(), lease_time);
    enlisting->commit();
    enlisting.reset();

    while (!stop.stop_requested()) {
        const auto begin = SteadyClock::now();
        const auto work = store->begin();
        const auto claimed = work->claim(worker, 1, clock.now(), lease_time);
        waits_.add(SteadyClock::now() - begin);
        std::vector<Lease> leases;
        for (const ClaimedOrder& order : claimed) leases.push_back(order.lease);
        work->release(leases);
        work->commit();
        store->tidy();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }

    const auto retiring = store->begin();
    retiring->retire(worker);
    retiring->commit();
}

}  // namespace orders::bench
