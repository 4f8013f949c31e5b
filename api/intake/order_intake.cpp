#include "api/intake/order_intake.h"

#include <cassert>
#include <span>

namespace orders {

OrderIntake::Creation::Creation(OrderAdmission& admission, std::vector<NewOrder> orders,
                                WorkLoad besides)
    : admission_(admission), orders_(std::move(orders)), besides_(besides) {
    assert(!orders_.empty());
}

WorkLoad OrderIntake::Creation::load() const noexcept {
    WorkLoad load = besides_;
    load.units += orders_.size();
    for (const NewOrder& order : orders_) load.bytes += order.memory_bytes();
    return load;
}

std::optional<Refusal> OrderIntake::Creation::join(GroupDraft& draft) {
    not_to_create_ = admission_.refusal_of(orders_.size(), draft.level(), draft.creates());
    place_ = not_to_create_ ? draft.look_up(orders_) : draft.create(orders_);
    return std::nullopt;
}

void OrderIntake::Creation::finish(const IntakeOutcomes& outcomes) noexcept {
    std::vector<SubmitOutcome> own;
    own.reserve(orders_.size());
    if (!not_to_create_) {
        const auto created = std::span(outcomes.created).subspan(place_, orders_.size());
        own.assign(created.begin(), created.end());
        return tell(std::move(orders_), std::move(own));
    }
    for (const auto& standing : std::span(outcomes.standing).subspan(place_, orders_.size())) {
        if (standing) own.emplace_back(*standing);
    }
    if (own.size() == orders_.size()) return tell(std::move(orders_), std::move(own));
    admission_.note_refused(orders_.size(), *not_to_create_);
    refuse(*not_to_create_);
}

void OrderIntake::Creation::refuse(Refusal refusal) noexcept {
    tell(std::move(orders_), refusal);
}

}  // namespace orders
