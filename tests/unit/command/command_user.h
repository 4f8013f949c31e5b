#pragma once

// A command processor, used as the dispatcher uses it. The test's main thread owns it, and makes it
// while it is the only one.

#include <signal.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "tests/unit/command/process_user.h"
#include "worker/processors/command/command_processor.h"

namespace orders::test {

class CommandUser {
   public:
    // Of the kind `default`.
    explicit CommandUser(const Program& program)
        : CommandUser(CommandOptions{{{Kind(), program}}}) {}
    explicit CommandUser(const CommandOptions& options)
        : processor_(std::make_unique<CommandProcessor>(options, world_.watcher,
                                                        [this] { note_capacity(); })) {}

    // An order of the kind `default` with a payload of its own, if it is not empty.
    void start(const std::string& id, const std::string& payload = {},
               std::chrono::milliseconds timeout = std::chrono::hours(1)) {
        OrderBuilder order = an_order(id);
        if (!payload.empty()) order.carrying(payload);
        start(order, timeout);
    }
    void start(const OrderBuilder& order,
               std::chrono::milliseconds timeout = std::chrono::hours(1)) {
        const OrderSpec spec = order.build().spec;
        const std::string id = spec.order_id.text();
        Attempt attempt{.order = {.lease = {.order = {++last_order_}, .token = 1},
                                  .spec = spec,
                                  .attempt = 1,
                                  .limits = {.timeout = timeout}},
                        .deadline = std::chrono::steady_clock::now() + timeout};
        processor_->start(std::move(attempt), stops_[id].get_token(),
                          [this, id](const std::optional<ProcessingResult>& result) {
                              const std::lock_guard lock(mutex_);
                              if (!ended_.try_emplace(id, result).second) ++ended_twice_;
                              changed_.notify_all();
                          });
    }
    void stop(const std::string& id) { stops_[id].request_stop(); }

    // Empty if it was given up.
    std::optional<ProcessingResult> result(const std::string& id) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return ended_.contains(id); })) {
            throw std::runtime_error(id + " does not end");
        }
        if (ended_twice_ > 0) throw std::runtime_error("an order has ended twice");
        return ended_.at(id);
    }
    std::optional<ProcessingResult> run(const std::string& id, const std::string& payload = {}) {
        start(id, payload);
        return result(id);
    }
    [[nodiscard]] bool has_ended(const std::string& id) {
        const std::lock_guard lock(mutex_);
        return ended_.contains(id);
    }

    [[nodiscard]] ClaimShare free() { return processor_->free_capacity(); }
    void wait_for_capacity() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return capacity_calls_ > 0; })) {
            throw std::runtime_error("nobody told of capacity");
        }
        capacity_calls_ = 0;
    }
    void end_processor() { processor_.reset(); }

   private:
    void note_capacity() {
        const std::lock_guard lock(mutex_);
        ++capacity_calls_;
        changed_.notify_all();
    }

    const Watched world_;
    std::int64_t last_order_ = 0;
    std::map<std::string, std::stop_source> stops_;

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::optional<ProcessingResult>> ended_;
    int ended_twice_ = 0;
    int capacity_calls_ = 0;

    std::unique_ptr<CommandProcessor> processor_;  // last: its thread uses the above
};

[[nodiscard]] inline std::optional<ProcessingResult> completed(const std::string& result) {
    return Completed{json_text(result)};
}

}  // namespace orders::test
