#pragma once

// Orders in work, on threads of a scripted processor, used as the dispatcher uses them.

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "tests/unit/worker/scripted_processor.h"
#include "worker/orders_in_work.h"
#include "worker/processors/processors_by_kind.h"
#include "worker/processors/threaded.h"

namespace orders::test {

// Never up in these tests: a deadline passes when a test hands in a later time.
inline constexpr std::chrono::milliseconds long_timeout = std::chrono::hours(1);

[[nodiscard]] inline ClaimedOrder claimed(const std::string& id, std::int64_t sequence,
                                          std::int64_t units = 1) {
    return {.lease = {.order = {sequence}, .token = 1},
            .spec = an_order(id).taking(units).build().spec,
            .attempt = 1,
            .limits = {.timeout = long_timeout}};
}

[[nodiscard]] inline bool is_notified(const WakeSignal& wake,
                                      std::chrono::milliseconds within = {}) {
    pollfd source{wake.fd(), POLLIN, 0};
    return ::poll(&source, 1, static_cast<int>(within.count())) == 1;
}

[[nodiscard]] inline std::vector<std::string> ids_of(const std::vector<FinishedOrder>& finished) {
    std::vector<std::string> ids;
    for (const auto& [order, result, began] : finished) ids.push_back(order.spec.order_id.text());
    return ids;
}

struct InWorkUser {
    explicit InWorkUser(std::size_t threads) {
        processors.add(
            std::make_unique<ThreadedProcessor>(processor, ThreadedOptions{.threads = threads}));
        in_work = std::make_unique<OrdersInWork>(processors, std::chrono::milliseconds(0), wake);
    }

    [[nodiscard]] std::size_t free_threads() const { return in_work->free_capacity().at(0).limit; }
    [[nodiscard]] std::vector<Lease> held() const {
        return in_work->held_after({}, in_work->held());
    }

    // Waits for the wake signal, for each time that something is missing.
    std::vector<FinishedOrder> take(std::size_t count) {
        std::vector<FinishedOrder> finished;
        while (finished.size() < count) {
            if (!is_notified(wake, patience)) throw std::runtime_error("the wake signal is silent");
            wake.clear();
            std::ranges::move(in_work->take_finished(std::chrono::steady_clock::now()),
                              std::back_inserter(finished));
        }
        return finished;
    }
    std::vector<FinishedOrder> take_now() {
        return in_work->take_finished(std::chrono::steady_clock::now());
    }

    ScriptedProcessor processor;
    WakeSignal wake;
    ProcessorsByKind processors;
    std::unique_ptr<OrdersInWork> in_work;
};

}  // namespace orders::test
