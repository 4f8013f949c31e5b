#include "api/metrics/measured_intake.h"

#include <algorithm>
#include <cstddef>
#include <variant>

namespace orders {
namespace {

void note_pulled(const Pulled& pulled, WorkFigures& figures) {
    for (const PulledOrder& one : pulled.orders) {
        const Order& order = one.order;
        const UtcTime due = order.due_at.value_or(order.created_at);
        const auto waited = order.started_at.value_or(due) - due;
        figures.note_claimed(order.spec.priority == Priority::high ? 0 : 1,
                             std::max(waited, std::chrono::milliseconds{0}));
    }
}

void note_settled(const LeaseActions& asked, const LeaseOutcomes& outcomes, WorkFigures& figures) {
    for (std::size_t at = 0; at < outcomes.size(); ++at) {
        const LeaseOutcome& outcome = outcomes[at];
        if (outcome.was_in_work) {
            figures.note_settled(outcome.was_in_work->first.name(), outcome.was_in_work->second);
        }
        const bool is_result = std::holds_alternative<ProcessingResult>(asked.actions.at(at).what);
        if (is_result && outcome.state == LeaseOutcome::State::lost) figures.note_late_result();
    }
}

class MeasuredTurn final : public IntakeTurn {
   public:
    MeasuredTurn(std::unique_ptr<IntakeTurn> turn, WorkFigures& figures)
        : turn_(std::move(turn)), figures_(figures) {}

    StoreLevel level() override { return turn_->level(); }
    IntakeOutcomes commit(const IntakeGroup& group) override {
        IntakeOutcomes outcomes = turn_->commit(group);
        for (std::size_t at = 0; at < outcomes.acted.size(); ++at) {
            const ActionOutcome& outcome = outcomes.acted[at];
            if (const auto* pulled = std::get_if<Pulled>(&outcome)) {
                note_pulled(*pulled, figures_);
            } else if (const auto* done = std::get_if<LeaseOutcomes>(&outcome)) {
                note_settled(std::get<LeaseActions>(*group.actions.at(at)), *done, figures_);
            }
        }
        return outcomes;
    }

   private:
    const std::unique_ptr<IntakeTurn> turn_;
    WorkFigures& figures_;
};

}  // namespace

std::unique_ptr<IntakeTurn> MeasuredIntake::begin() {
    return std::make_unique<MeasuredTurn>(store_->begin(), figures_);
}

}  // namespace orders
