#include "api/intake/awaiting.h"

#include <variant>

namespace orders {

bool Awaiting::step(SteadyTime now, bool is_wanted) {
    using State = Answer::State;
    const State state = answer_->state;
    if (state == State::asked) return false;
    if (state == State::refused) next_asking_ = now + pace_.after_refusal;
    answer_->state = State::unasked;
    if (is_wanted && now >= next_asking_) {
        next_asking_ = now + pace_.again;
        answer_->state = State::asked;
        acts_.submit(action_, [answer = answer_](const ActionResult& result) noexcept {
            answer->state =
                std::holds_alternative<Refusal>(result) ? State::refused : State::granted;
            answer->changed.notify();
        });
    }
    return state == State::granted;
}

}  // namespace orders
