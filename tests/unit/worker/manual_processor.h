#pragma once

// An OrderProcessor without threads: an order ends when the test says so, on the thread that says
// it. Belongs to the test's main thread.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "worker/processors/order_processor.h"

namespace orders::test {

class ManualProcessor final : public OrderProcessor {
   public:
    struct Started {
        Attempt attempt;
        std::stop_token stop;
        Done done;
    };

    explicit ManualProcessor(std::size_t capacity, std::vector<Kind> kinds = {})
        : capacity_(capacity), kinds_(std::move(kinds)) {}

    ClaimShare free_capacity() override {
        ClaimShare share{.limit = capacity_ - started_.size()};
        for (const Kind& kind : kinds_) share.kinds.push_back({kind, share.limit});
        return share;
    }
    void start(Attempt attempt, std::stop_token stop, Done done) override {
        const std::string id = attempt.order.spec.order_id.text();
        if (on_start) {
            on_start(attempt, done);
            return;
        }
        started_.emplace(id, Started{std::move(attempt), std::move(stop), std::move(done)});
    }
    [[nodiscard]] ProcessingResult on_deadline(const ClaimedOrder& order) const override {
        return late_result.value_or(OrderProcessor::on_deadline(order));
    }

    // Those that were started and have not ended.
    [[nodiscard]] const Started& started(const std::string& id) const { return started_.at(id); }
    [[nodiscard]] std::size_t in_work() const { return started_.size(); }
    void end(const std::string& id, std::optional<ProcessingResult> result = Completed{}) {
        auto node = started_.extract(id);
        node.mapped().done(std::move(result));
    }
    void end_all() {
        while (!started_.empty()) end(started_.begin()->first, std::nullopt);
    }

    // Takes the place of start() if it is set.
    std::function<void(const Attempt&, const Done&)> on_start;
    std::optional<ProcessingResult> late_result;

   private:
    const std::size_t capacity_;
    const std::vector<Kind> kinds_;
    std::map<std::string, Started> started_;
};

}  // namespace orders::test
