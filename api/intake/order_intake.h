#pragma once

// Takes orders in: those of a request are created by one commit together with those of other
// requests, as far as admission allows it, and each order gets an outcome of its own.
//
//     OrderAdmission admission({.max_pending_orders = 1'000'000});
//     GroupCommit commits(storage->open_intake(), GroupLimits{}, on_fatal);
//     OrderIntake intake(commits, admission);
//
// Any thread may call it.

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "api/intake/admission.h"
#include "api/intake/group_commit.h"
#include "api/intake/group_work.h"
#include "api/intake/refusal.h"
#include "shared/domain/order.h"
#include "shared/storage/intake_store.h"

namespace orders {

// One outcome for each order, in the order given; or a refusal of them all.
using IntakeResult = std::variant<std::vector<SubmitOutcome>, Refusal>;

class OrderIntake {
   public:
    // The admission is asked on the writer thread of `commits`: it must outlive `commits`, and
    // nobody else may use it meanwhile.
    OrderIntake(GroupCommit& commits, OrderAdmission& admission) noexcept
        : commits_(commits), admission_(admission) {}

    // Calls `on_result(std::vector<NewOrder> orders, IntakeResult result)` exactly once, with the
    // orders that were given, when they are on disk, or refused: on this thread if they are refused
    // at once, else on a thread that others wait for meanwhile. `on_result` must not throw; it may
    // be of a type that can only be moved. There is at least one order.
    //
    // If no more orders may be stored, but all of these stand already, they get their outcomes all
    // the same: a client that retries after losing the answer must not be told that nothing was
    // stored.
    //
    // `besides` is what the request counts for against the limits beyond its orders: what the
    // caller keeps in memory for its answer.
    template <typename OnResult>
    void submit(std::vector<NewOrder> orders, OnResult on_result, WorkLoad besides = {}) {
        besides.bytes += sizeof(CreationFor<OnResult>);
        commits_.submit(std::make_unique<CreationFor<OnResult>>(admission_, std::move(orders),
                                                                besides, std::move(on_result)));
    }

    // Finds out whether the store takes writes now: commits a group to find out, unless it is known
    // (GroupCommit::is_known_writable()). Calls `on_result(bool is_writable)` as submit() does.
    template <typename OnResult>
    void probe(OnResult on_result) {
        if (const auto is_writable = commits_.is_known_writable()) {
            std::move(on_result)(*is_writable);
            return;
        }
        commits_.submit(std::make_unique<ProbeFor<OnResult>>(admission_, std::move(on_result)));
    }

   private:
    class Creation : public GroupWork {
       public:
        [[nodiscard]] WorkLoad load() const noexcept final;
        [[nodiscard]] std::optional<Refusal> join(GroupDraft& draft) final;
        void finish(const IntakeOutcomes& outcomes) noexcept final;
        void refuse(Refusal refusal) noexcept final;

       protected:
        Creation(OrderAdmission& admission, std::vector<NewOrder> orders, WorkLoad besides);

       private:
        virtual void tell(std::vector<NewOrder> orders, IntakeResult result) noexcept = 0;

        OrderAdmission& admission_;
        std::vector<NewOrder> orders_;
        const WorkLoad besides_;
        std::size_t place_ = 0;                 // of the first order's outcome
        std::optional<Refusal> not_to_create_;  // why the orders were only looked up
    };

    template <typename OnResult>
    class CreationFor final : public Creation {
       public:
        CreationFor(OrderAdmission& admission, std::vector<NewOrder> orders, WorkLoad besides,
                    OnResult on_result)
            : Creation(admission, std::move(orders), besides), on_result_(std::move(on_result)) {}

       private:
        void tell(std::vector<NewOrder> orders, IntakeResult result) noexcept override {
            std::move(on_result_)(std::move(orders), std::move(result));
        }
        OnResult on_result_;
    };

    template <typename OnResult>
    class ProbeFor final : public GroupWork {
       public:
        ProbeFor(OrderAdmission& admission, OnResult on_result)
            : admission_(admission), on_result_(std::move(on_result)) {}

        [[nodiscard]] WorkLoad load() const noexcept override {
            return {.units = 1, .bytes = sizeof *this};
        }
        [[nodiscard]] std::optional<Refusal> join(GroupDraft& draft) override {
            const auto refusal = admission_.refusal_of(0, draft.level(), draft.creates());
            if (!refusal) draft.probe();
            return refusal;
        }
        void finish(const IntakeOutcomes&) noexcept override { std::move(on_result_)(true); }
        void refuse(Refusal) noexcept override { std::move(on_result_)(false); }

       private:
        OrderAdmission& admission_;
        OnResult on_result_;
    };

    GroupCommit& commits_;
    OrderAdmission& admission_;
};

}  // namespace orders
