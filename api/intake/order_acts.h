#pragma once

// Has what clients ask of orders and kinds that stand done by the store, each by one commit
// together with what else is to be written.
//
//     OrderActs acts(commits);
//     acts.submit(CancelOrder{id}, [](ActionResult result) { ... });
//
// Admission is not asked: an action makes room, or takes up none to speak of. Any thread may call
// it.

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

#include "api/intake/group_commit.h"
#include "api/intake/group_work.h"
#include "api/intake/refusal.h"
#include "shared/storage/order_actions.h"

namespace orders {

// What came of an action, or why it was not done.
using ActionResult = std::variant<ActionOutcome, Refusal>;

class OrderActs {
   public:
    explicit OrderActs(GroupCommit& commits) noexcept : commits_(commits) {}

    // Calls `on_result(ActionResult)` exactly once, when the action is on disk, or refused: on this
    // thread if it is refused at once, else on a thread that others wait for meanwhile. `on_result`
    // must not throw; it may be of a type that can only be moved.
    template <typename OnResult>
    void submit(OrderAction action, OnResult on_result) {
        commits_.submit(
            std::make_unique<ActFor<OnResult>>(std::move(action), std::move(on_result)));
    }

   private:
    template <typename OnResult>
    class ActFor final : public GroupWork {
       public:
        ActFor(OrderAction action, OnResult on_result)
            : action_(std::move(action)), on_result_(std::move(on_result)) {}

        [[nodiscard]] WorkLoad load() const noexcept override {
            return {.units = units_of(action_), .bytes = sizeof *this + bytes_of(action_)};
        }
        [[nodiscard]] std::optional<Refusal> join(GroupDraft& draft) override {
            place_ = draft.act(action_);
            return std::nullopt;
        }
        void finish(const IntakeOutcomes& outcomes) noexcept override {
            std::move(on_result_)(ActionResult(outcomes.acted.at(place_)));
        }
        void refuse(Refusal refusal) noexcept override {
            std::move(on_result_)(ActionResult(refusal));
        }

       private:
        const OrderAction action_;
        OnResult on_result_;
        std::size_t place_ = 0;  // of its outcome
    };

    // What an action counts for, and what it keeps in memory beside itself.
    [[nodiscard]] static std::size_t units_of(const OrderAction& action) noexcept;
    [[nodiscard]] static std::size_t bytes_of(const OrderAction& action) noexcept;

    GroupCommit& commits_;
};

}  // namespace orders
