#pragma once

// A BlockingProcessor in which every order stands still until the test says how it ends. An order
// that is told to stop gives up at once, unless the test made it ignore that.
//
// Any thread may call anything. No wait lasts longer than `patience`, so a broken program fails the
// test instead of hanging it.

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "worker/processors/blocking_processor.h"

namespace orders::test {

class ScriptedProcessor final : public BlockingProcessor {
   public:
    using Ending = std::function<std::optional<ProcessingResult>()>;

    // Makes the order end, now or as soon as it begins. An ending may throw.
    void end(const std::string& id, Ending ending) {
        const std::lock_guard lock(mutex_);
        endings_[id] = std::move(ending);
        changed_.notify_all();
    }
    void finish(const std::string& id,
                const std::optional<ProcessingResult>& result = Completed{}) {
        end(id, [result] { return result; });
    }
    // From here on every order that the test says nothing else about is Completed at once.
    void finish_all() {
        const std::lock_guard lock(mutex_);
        finishes_all_ = true;
        changed_.notify_all();
    }
    void ignore_stop(const std::string& id) {
        const std::lock_guard lock(mutex_);
        stubborn_.insert(id);
    }

    void wait_until_begun(const std::string& id, std::ptrdiff_t times = 1) {
        wait_until(id + " has begun", [&] { return std::ranges::count(begun_, id) >= times; });
    }
    void wait_until_told_to_stop(const std::string& id) {
        wait_until(id + " was told to stop", [&] { return told_to_stop_.contains(id); });
    }
    void wait_until_running(std::size_t orders) {
        wait_until(std::to_string(orders) + " run", [&] { return running_ == orders; });
    }

    // In the order in which their processing began.
    [[nodiscard]] std::vector<std::string> begun() const {
        const std::lock_guard lock(mutex_);
        return begun_;
    }
    [[nodiscard]] bool was_told_to_stop(const std::string& id) const {
        const std::lock_guard lock(mutex_);
        return told_to_stop_.contains(id);
    }
    [[nodiscard]] std::size_t running() const {
        const std::lock_guard lock(mutex_);
        return running_;
    }
    // How many there ever were at a time.
    [[nodiscard]] std::size_t most_running() const {
        const std::lock_guard lock(mutex_);
        return most_running_;
    }

    std::optional<ProcessingResult> process(const ClaimedOrder& order,
                                            const std::stop_token& stop) override {
        const std::string& id = order.spec.order_id.text();
        const std::stop_callback note_stop(stop, [&] {
            const std::lock_guard lock(mutex_);
            told_to_stop_.insert(id);
            changed_.notify_all();
        });
        std::unique_lock lock(mutex_);
        begun_.push_back(id);
        most_running_ = std::max(most_running_, ++running_);
        changed_.notify_all();
        changed_.wait_for(lock, patience, [&] { return may_end(id, stop); });
        Ending ending = [] { return std::nullopt; };
        if (const auto scripted = endings_.find(id); scripted != endings_.end()) {
            ending = scripted->second;
        } else if (finishes_all_) {
            ending = [] { return Completed{}; };
        }
        --running_;
        lock.unlock();
        changed_.notify_all();
        return ending();
    }

   private:
    [[nodiscard]] bool may_end(const std::string& id, const std::stop_token& stop) const {
        return finishes_all_ || endings_.contains(id) ||
               (stop.stop_requested() && !stubborn_.contains(id));
    }
    template <typename Predicate>
    void wait_until(const std::string& what, Predicate is_so) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, is_so)) {
            throw std::runtime_error("not in time: " + what);
        }
    }

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Ending> endings_;
    std::set<std::string> stubborn_;
    std::set<std::string> told_to_stop_;
    std::vector<std::string> begun_;
    std::size_t running_ = 0;
    std::size_t most_running_ = 0;
    bool finishes_all_ = false;
};

}  // namespace orders::test
