#pragma once

// What GroupCommit carries: pieces of work, each of which adds its part to a group and is told what
// became of it. Creating orders (order_intake.h) and acting on them (order_acts.h) are kinds of
// work.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "api/intake/refusal.h"
#include "shared/domain/order.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/order_actions.h"

namespace orders {

// What work counts for against the bounds.
struct WorkLoad {
    std::size_t units = 0;  // about as long as the store takes to create one order
    std::size_t bytes = 0;  // all that it keeps in memory until it has been told

    WorkLoad& operator+=(const WorkLoad& other) noexcept {
        units += other.units;
        bytes += other.bytes;
        return *this;
    }
    WorkLoad& operator-=(const WorkLoad& other) noexcept {
        units -= other.units;
        bytes -= other.bytes;
        return *this;
    }
    friend WorkLoad operator+(WorkLoad left, const WorkLoad& right) noexcept {
        return left += right;
    }
    [[nodiscard]] bool fits_in(const WorkLoad& bound) const noexcept {
        return units <= bound.units && bytes <= bound.bytes;
    }
};

// A group while work joins it.
class GroupDraft {
   public:
    explicit GroupDraft(const StoreLevel& level) : level_(level) {}

    // The store's, without the group.
    [[nodiscard]] const StoreLevel& level() const noexcept { return level_; }
    // How many orders the group is to create so far.
    [[nodiscard]] std::size_t creates() const noexcept { return creates_; }

    // Adds orders, which must live until the work has been told. Returns the place of the first of
    // them in IntakeOutcomes::created.
    [[nodiscard]] std::size_t create(std::span<const NewOrder> orders) {
        group_.creates.push_back(orders);
        return std::exchange(creates_, creates_ + orders.size());
    }
    // The same for IntakeOutcomes::standing.
    [[nodiscard]] std::size_t look_up(std::span<const NewOrder> orders) {
        group_.look_ups.push_back(orders);
        return std::exchange(look_ups_, look_ups_ + orders.size());
    }
    // Adds an action, which must live as long. Returns its place in IntakeOutcomes::acted.
    [[nodiscard]] std::size_t act(const OrderAction& action) {
        group_.actions.push_back(&action);
        return group_.actions.size() - 1;
    }
    void probe() noexcept { group_.is_probe = true; }

    [[nodiscard]] const IntakeGroup& group() const noexcept { return group_; }
    [[nodiscard]] bool is_empty() const noexcept {
        return !group_.is_proof() && group_.look_ups.empty() && group_.actions.empty();
    }

   private:
    StoreLevel level_;
    IntakeGroup group_;
    std::size_t creates_ = 0;
    std::size_t look_ups_ = 0;
};

// GroupCommit calls load() once, then join() or not, and then exactly one of finish() and refuse(),
// once, after which it destroys the work. No two of these calls overlap, and each sees what the one
// before it left. A whole group waits while one of its works is called, so a call should take
// microseconds.
class GroupWork {
   public:
    GroupWork() = default;
    virtual ~GroupWork() = default;
    GroupWork(const GroupWork&) = delete;
    GroupWork& operator=(const GroupWork&) = delete;

    // On the submitting thread. The work counts for this much until it has been told.
    [[nodiscard]] virtual WorkLoad load() const noexcept = 0;

    // Adds its part to the group, or returns why not: it is then refused with that. On the
    // writer thread, while the turn lasts.
    [[nodiscard]] virtual std::optional<Refusal> join(GroupDraft& draft) = 0;

    // The group is on disk. On the writer thread, when the turn is over.
    virtual void finish(const IntakeOutcomes& outcomes) noexcept = 0;

    // Nothing of it is stored, unless the refusal is outcome_unknown. On the submitting thread if
    // it is refused at once, else on a thread of GroupCommit.
    virtual void refuse(Refusal refusal) noexcept = 0;
};

// Has something to add to groups, and makes none by itself. On the writer thread.
class GroupCompanion {
   public:
    virtual ~GroupCompanion() = default;
    // What joins a group behind all the others; null for nothing. As for other work, but that its
    // load is not counted.
    [[nodiscard]] virtual std::unique_ptr<GroupWork> come_along() noexcept = 0;
};

}  // namespace orders
