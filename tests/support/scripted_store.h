#pragma once

// An OrderStore that does as the test says: it holds whoever comes to a step until the test lets
// go, and fails at a step as often as the test wants. It remembers in memory what was committed,
// group by group. Only submitting and reading are in the play; a claim or a lease is a mistake of
// the test.
//
// Any number of ScriptedStores share a StoreScript, which outlives them; it may be used from any
// thread. Nobody is held for longer than the tests' patience.

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/storage/order_store.h"
#include "shared/storage/store_error.h"
#include "tests/support/eventually.h"

namespace orders::test {

enum class StoreStep { begin, submit, probe, commit, tidy, read };

class StoreScript {
   public:
    static constexpr int always = std::numeric_limits<int>::max();

    void hold(StoreStep step) {
        const std::lock_guard lock(mutex_);
        at(step).is_held = true;
    }
    void release(StoreStep step) {
        const std::lock_guard lock(mutex_);
        at(step).is_held = false;
        changed_.notify_all();
    }
    [[nodiscard]] bool is_anybody_held(StoreStep step) {
        const std::lock_guard lock(mutex_);
        return at(step).is_held && at(step).waiting > 0;
    }

    // The next `times` calls of the step throw a StoreError that is full of what no client may see.
    void fail(StoreStep step, StoreError::Kind kind, int times = 1) {
        const std::lock_guard lock(mutex_);
        at(step).kind = kind;
        at(step).failures = times;
    }

    void set_level(const StoreLevel& level) {
        const std::lock_guard lock(mutex_);
        level_ = level;
    }
    [[nodiscard]] StoreLevel level() {
        const std::lock_guard lock(mutex_);
        return level_;
    }

    [[nodiscard]] int calls(StoreStep step) {
        const std::lock_guard lock(mutex_);
        return at(step).calls;
    }
    // The ids that each commit made durable, in the order in which they were submitted.
    [[nodiscard]] std::vector<std::vector<std::string>> commits() {
        const std::lock_guard lock(mutex_);
        return commits_;
    }
    // Transactions that ended without a commit.
    [[nodiscard]] int rollbacks() {
        const std::lock_guard lock(mutex_);
        return rollbacks_;
    }

   private:
    friend class ScriptedTransaction;
    friend class ScriptedStore;

    struct Step {
        bool is_held = false;
        int waiting = 0;
        int calls = 0;
        int failures = 0;
        StoreError::Kind kind = StoreError::Kind::busy;
    };

    Step& at(StoreStep step) { return steps_.at(static_cast<std::size_t>(step)); }

    void come_to(StoreStep step) {
        std::unique_lock lock(mutex_);
        Step& now = at(step);
        ++now.calls;
        ++now.waiting;
        changed_.wait_for(lock, patience, [&] { return !now.is_held; });
        --now.waiting;
        if (now.failures == 0) return;
        if (now.failures != always) --now.failures;
        throw StoreError(now.kind, "SELECT the orders", "SQLITE_IOERR: /tmp/orders.db", "errno 5");
    }

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::array<Step, 6> steps_;
    std::map<std::string, Order> stored_;
    std::vector<std::vector<std::string>> commits_;
    int rollbacks_ = 0;
    StoreLevel level_;
};

class ScriptedTransaction final : public OrderTransaction {
   public:
    explicit ScriptedTransaction(StoreScript& script) : script_(script) {}
    ~ScriptedTransaction() override {
        const std::lock_guard lock(script_.mutex_);
        if (!is_committed_) ++script_.rollbacks_;
    }
    ScriptedTransaction(const ScriptedTransaction&) = delete;
    ScriptedTransaction& operator=(const ScriptedTransaction&) = delete;

    StoreLevel level() override { return script_.level(); }
    std::vector<SubmitOutcome> submit(std::span<const NewOrder> orders, UtcTime now) override {
        script_.come_to(StoreStep::submit);
        const std::lock_guard lock(script_.mutex_);
        std::vector<SubmitOutcome> outcomes;
        for (const NewOrder& order : orders) {
            const std::string& id = order.order_id.text();
            const bool is_taken = script_.stored_.contains(id) || std::ranges::count(ids_, id) > 0;
            outcomes.push_back(is_taken ? SubmitOutcome(IdTaken{OrderStatus::pending})
                                        : SubmitOutcome(Created{now}));
            if (is_taken) continue;
            ids_.push_back(id);
            submitted_.push_back({order.order_id,
                                  order.priority,
                                  order.processing_time,
                                  OrderStatus::pending,
                                  0,
                                  now,
                                  {},
                                  {},
                                  {},
                                  {}});
        }
        return outcomes;
    }

    void probe(UtcTime) override { script_.come_to(StoreStep::probe); }

    void commit() override {
        script_.come_to(StoreStep::commit);
        const std::lock_guard lock(script_.mutex_);
        for (const Order& order : submitted_) script_.stored_.emplace(order.order_id.text(), order);
        script_.commits_.push_back(ids_);
        is_committed_ = true;
    }

    std::vector<ClaimedOrder> claim(WorkerId, std::size_t, const Moment&,
                                    std::chrono::milliseconds) override {
        not_in_the_script();
    }
    std::vector<SettleOutcome> settle(std::span<const Settlement>, UtcTime) override {
        not_in_the_script();
    }
    std::size_t release(std::span<const Lease>) override { not_in_the_script(); }
    std::vector<Lease> renew(std::span<const Lease>, const Moment&,
                             std::chrono::milliseconds) override {
        not_in_the_script();
    }
    std::vector<ExpiredOrder> requeue_expired(const Moment&, int, std::size_t) override {
        not_in_the_script();
    }
    WorkerId enlist(const WorkerDescription&, const Moment&, std::chrono::milliseconds) override {
        not_in_the_script();
    }
    void heartbeat(WorkerId, const Moment&, std::chrono::milliseconds) override {
        not_in_the_script();
    }
    void retire(WorkerId) override { not_in_the_script(); }
    std::size_t erase(std::span<const OrderSequence>, OrderStatus, UtcTime) override {
        not_in_the_script();
    }

   private:
    [[noreturn]] static void not_in_the_script() { throw std::logic_error("not in the script"); }

    StoreScript& script_;
    bool is_committed_ = false;
    std::vector<std::string> ids_;
    std::vector<Order> submitted_;
};

class ScriptedStore final : public OrderStore {
   public:
    explicit ScriptedStore(StoreScript& script) : script_(script) {}

    std::unique_ptr<OrderTransaction> begin() override {
        script_.come_to(StoreStep::begin);
        return std::make_unique<ScriptedTransaction>(script_);
    }
    void tidy() override { script_.come_to(StoreStep::tidy); }
    WaitingWork waiting_work(const Moment&) override { return {}; }
    FinishedOrders find_finished(const FinishedQuery&) override { return {}; }

    std::optional<Order> find(const OrderId& order_id) override {
        script_.come_to(StoreStep::read);
        const std::lock_guard lock(script_.mutex_);
        const auto found = script_.stored_.find(order_id.text());
        return found == script_.stored_.end() ? std::nullopt : std::optional(found->second);
    }
    OrderPage list(const OrderQuery&) override {
        script_.come_to(StoreStep::read);
        return {};
    }
    OrderReport report(const Moment&) override {
        script_.come_to(StoreStep::read);
        return {};
    }

   private:
    StoreScript& script_;
};

}  // namespace orders::test
