#pragma once

// A store that does as the test says: it holds every caller that comes to a step until the test
// lets go, and fails at a step as often as the test wants. It remembers in memory what was
// committed, group by group.
//
// Any number of ScriptedStores and ScriptedReaders share a StoreScript, which outlives them; it may
// be used from any thread. Nobody is held for longer than the tests' patience.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/storage/intake_store.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/store_error.h"
#include "tests/support/eventually.h"

namespace orders::test {

enum class StoreStep { begin, level, commit, tidy, require_in_place, read };

class StoreScript {
   public:
    static constexpr int always = std::numeric_limits<int>::max();
    // For a kind of this name there is no room.
    static constexpr char kind_too_many[] = "one-too-many";
    // When all orders are created: 2026-11-22T13:04:05.678Z.
    static constexpr UtcTime created_at{std::chrono::milliseconds{1'795'352'645'678}};

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
    void fail(StoreStep step, StoreError::Kind kind, StoreError::Cure cure, int times = 1) {
        const std::lock_guard lock(mutex_);
        at(step).kind = kind;
        at(step).cure = cure;
        at(step).failures = times;
    }
    // With the cure that is usual for the kind.
    void fail(StoreStep step, StoreError::Kind kind, int times = 1) {
        const bool passes = kind == StoreError::Kind::busy || kind == StoreError::Kind::full;
        fail(step, kind, passes ? StoreError::Cure::time : StoreError::Cure::restart, times);
    }
    void succeed(StoreStep step) {
        const std::lock_guard lock(mutex_);
        at(step).failures = 0;
    }

    void set_level(const StoreLevel& level) {
        const std::lock_guard lock(mutex_);
        level_ = level;
    }

    [[nodiscard]] int calls(StoreStep step) {
        const std::lock_guard lock(mutex_);
        return at(step).calls;
    }
    // The ids that each commit created, in order. A group that is only looked up writes nothing and
    // is not among them.
    [[nodiscard]] std::vector<std::vector<std::string>> commits() {
        const std::lock_guard lock(mutex_);
        return commits_;
    }
    // Puts an order into the store, in the place of one of that id if there is one.
    void put(const Order& order) {
        const std::lock_guard lock(mutex_);
        put_locked(order);
    }
    // What comes of actions; the handler is called by the thread that commits. Unless a test says
    // otherwise, there is nothing that they could be done to.
    void on_action(std::function<ActionOutcome(const OrderAction&)> handler) {
        const std::lock_guard lock(mutex_);
        on_action_ = std::move(handler);
    }
    // How many orders a reader looks at in one call that seeks some.
    void set_look_limit(std::size_t orders) {
        const std::lock_guard lock(mutex_);
        look_limit_ = orders;
    }
    void set_report(const OrderReport& report) {
        const std::lock_guard lock(mutex_);
        report_ = report;
    }
    // What the readers were asked to list.
    [[nodiscard]] std::vector<OrderQuery> queries() {
        const std::lock_guard lock(mutex_);
        return queries_;
    }
    [[nodiscard]] std::optional<Order> find(const std::string& id) {
        const std::lock_guard lock(mutex_);
        const auto found = stored_.find(id);
        return found == stored_.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] std::optional<Order> find(OrderSequence order) {
        const std::lock_guard lock(mutex_);
        return stored_.at(by_arrival_.at(static_cast<std::size_t>(order.value - 1)));
    }
    // Turns that ended without a commit.
    [[nodiscard]] int rollbacks() {
        const std::lock_guard lock(mutex_);
        return rollbacks_;
    }
    [[nodiscard]] bool is_turn_open() {
        const std::lock_guard lock(mutex_);
        return is_turn_open_;
    }

   private:
    friend class ScriptedTurn;
    friend class ScriptedStore;
    friend class ScriptedReader;

    struct Step {
        bool is_held = false;
        int waiting = 0;
        int calls = 0;
        int failures = 0;
        StoreError::Kind kind = StoreError::Kind::busy;
        StoreError::Cure cure = StoreError::Cure::time;
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
        throw StoreError(now.kind, now.cure, "SELECT the orders", "SQLITE_IOERR: /tmp/orders.db",
                         "errno 5");
    }

    // The number of an order is its place among those that were created, from 1.
    void put_locked(const Order& order) {
        const std::string& id = order.spec.order_id.text();
        if (stored_.insert_or_assign(id, order).second) by_arrival_.push_back(id);
    }

    IntakeOutcomes store(const IntakeGroup& group) {
        IntakeOutcomes outcomes = create(group);
        for (const OrderAction* const action : group.actions) {
            outcomes.acted.push_back(handler()(*action));
        }
        return outcomes;
    }
    std::function<ActionOutcome(const OrderAction&)> handler() {
        const std::lock_guard lock(mutex_);
        return on_action_;
    }

    static IdTaken taken_by(const Order& standing, const std::optional<Fingerprint>& known,
                            const NewOrder& order) {
        IdTaken taken{standing.status};
        if (known && order.fingerprint) taken.is_same_content = *known == *order.fingerprint;
        return taken;
    }

    IntakeOutcomes create(const IntakeGroup& group) {
        const std::lock_guard lock(mutex_);
        IntakeOutcomes outcomes;
        std::vector<std::string> created;
        for (const auto orders : group.creates) {
            for (const NewOrder& order : orders) {
                const std::string& id = order.spec.order_id.text();
                const auto found = stored_.find(id);
                if (found != stored_.end()) {
                    outcomes.created.emplace_back(
                        taken_by(found->second, fingerprints_[id], order));
                    continue;
                }
                if (order.spec.kind.name() == kind_too_many) {
                    outcomes.created.emplace_back(TooManyKinds{});
                    continue;
                }
                const Created made = created_as(order);
                put_locked({.spec = order.spec,
                            .created_at = made.created_at,
                            .due_at = made.due_at,
                            .is_waiting_for_time = made.is_waiting_for_time});
                fingerprints_[id] = order.fingerprint;
                outcomes.created.emplace_back(made);
                created.push_back(id);
            }
        }
        for (const auto orders : group.look_ups) {
            for (const NewOrder& order : orders) {
                const auto found = stored_.find(order.spec.order_id.text());
                outcomes.standing.push_back(
                    found == stored_.end()
                        ? std::nullopt
                        : std::optional(
                              taken_by(found->second, fingerprints_[found->first], order)));
            }
        }
        if (group.is_proof()) commits_.push_back(created);
        return outcomes;
    }

    static Created created_as(const NewOrder& order) {
        Created made{.created_at = created_at};
        if (!order.due) return made;
        const auto* const time = std::get_if<UtcTime>(&*order.due);
        made.due_at = time != nullptr ? *time : created_at + std::get<1>(*order.due);
        made.is_waiting_for_time = made.due_at > created_at;
        return made;
    }

    MatchingOrders matching(const OrderFilter& filter, OrderSequence after, std::size_t limit) {
        const std::lock_guard lock(mutex_);
        MatchingOrders result;
        auto at = static_cast<std::size_t>(after.value);
        for (std::size_t looked = 0; at < by_arrival_.size(); ++at, ++looked) {
            if (looked == look_limit_ || result.orders.size() == limit) {
                result.next_after = OrderSequence{static_cast<std::int64_t>(at)};
                break;
            }
            if (filter.fits(stored_.at(by_arrival_[at]))) {
                result.orders.push_back({static_cast<std::int64_t>(at + 1)});
            }
        }
        return result;
    }

    void begin_turn() {
        const std::lock_guard lock(mutex_);
        is_turn_open_ = true;
    }
    void end_turn(bool is_rollback) {
        const std::lock_guard lock(mutex_);
        is_turn_open_ = false;
        rollbacks_ += is_rollback ? 1 : 0;
    }

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::array<Step, 6> steps_;
    std::map<std::string, Order> stored_;
    std::map<std::string, std::optional<Fingerprint>> fingerprints_;
    std::vector<std::string> by_arrival_;
    std::function<ActionOutcome(const OrderAction&)> on_action_ = [](const OrderAction&) {
        return ActionOutcome(NoSuchOrder{});
    };
    std::size_t look_limit_ = std::numeric_limits<std::size_t>::max();
    OrderReport report_;
    std::vector<OrderQuery> queries_;
    std::vector<std::vector<std::string>> commits_;
    int rollbacks_ = 0;
    bool is_turn_open_ = false;
    StoreLevel level_;
};

class ScriptedTurn final : public IntakeTurn {
   public:
    explicit ScriptedTurn(StoreScript& script) : script_(script) { script_.begin_turn(); }
    ~ScriptedTurn() override { script_.end_turn(!is_committed_); }
    ScriptedTurn(const ScriptedTurn&) = delete;
    ScriptedTurn& operator=(const ScriptedTurn&) = delete;

    StoreLevel level() override {
        script_.come_to(StoreStep::level);
        const std::lock_guard lock(script_.mutex_);
        return script_.level_;
    }
    IntakeOutcomes commit(const IntakeGroup& group) override {
        script_.come_to(StoreStep::commit);
        is_committed_ = true;
        return script_.store(group);
    }

   private:
    StoreScript& script_;
    bool is_committed_ = false;
};

class ScriptedStore final : public IntakeStore {
   public:
    explicit ScriptedStore(StoreScript& script) : script_(script) {}

    std::unique_ptr<IntakeTurn> begin() override {
        script_.come_to(StoreStep::begin);
        return std::make_unique<ScriptedTurn>(script_);
    }
    void tidy() override { script_.come_to(StoreStep::tidy); }
    void require_in_place() override { script_.come_to(StoreStep::require_in_place); }

   private:
    StoreScript& script_;
};

// Reads what the script's stores have created; lists nothing, and reports what the script says.
class ScriptedReader final : public OrderReader {
   public:
    explicit ScriptedReader(StoreScript& script) : script_(script) {}

    StoreIdentity identity() override {
        script_.come_to(StoreStep::read);
        return {.store_id = std::string(32, '5'), .incarnation = std::string(32, '1')};
    }
    std::optional<Order> find(const OrderId& order_id) override {
        script_.come_to(StoreStep::read);
        return script_.find(order_id.text());
    }
    std::vector<std::optional<OrderStatus>> statuses_of(
        std::span<const OrderId> order_ids) override {
        script_.come_to(StoreStep::read);
        std::vector<std::optional<OrderStatus>> statuses;
        for (const OrderId& order_id : order_ids) {
            const auto order = script_.find(order_id.text());
            statuses.push_back(order ? std::optional(order->status) : std::nullopt);
        }
        return statuses;
    }
    OrderPage list(const OrderQuery& query) override {
        script_.come_to(StoreStep::read);
        const std::lock_guard lock(script_.mutex_);
        script_.queries_.push_back(query);
        return {};
    }
    MatchingOrders find_matching(const OrderFilter& filter, OrderSequence after,
                                 std::size_t limit) override {
        script_.come_to(StoreStep::read);
        return script_.matching(filter, after, limit);
    }
    std::vector<Kind> claimable_kinds() override {
        script_.come_to(StoreStep::read);
        return {};
    }
    OrderReport report() override {
        script_.come_to(StoreStep::read);
        const std::lock_guard lock(script_.mutex_);
        return script_.report_;
    }
    SampleHistory samples(std::int64_t) override {
        script_.come_to(StoreStep::read);
        return {};
    }
    StoreFigures figures() override {
        return {.report = report(), .software = "script", .software_version = "1"};
    }
    std::vector<EnlistedWorker> enlisted_workers() override { return {}; }

   private:
    StoreScript& script_;
};

}  // namespace orders::test
