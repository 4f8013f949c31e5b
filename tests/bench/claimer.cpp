#include "tests/bench/claimer.h"

#include "shared/storage/open_storage.h"

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
    const auto store = open_storage(location_)->open_worker();
    const WorkerId worker =
        store->enlist({.name = "claimer", .host = "bench", .threads = 1}, lease_time);

    while (!stop.stop_requested()) {
        const auto begin = SteadyClock::now();
        const WorkerOutcomes outcomes =
            store->take_turn({.worker = worker, .lease_time = lease_time, .claim = {.limit = 1}});
        waits_.add(SteadyClock::now() - begin);
        WorkerTurn giving_back;
        for (const ClaimedOrder& order : outcomes.claimed) {
            giving_back.releases.push_back(order.lease);
        }
        (void)store->take_turn(giving_back);
        store->tidy();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }

    store->retire(worker, {});
}

}  // namespace orders::bench
