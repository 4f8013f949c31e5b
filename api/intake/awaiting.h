#pragma once

// Has the store know, for as long as somebody waits, that they do: asks it anew before each time
// that it was asked for is over, and again soon if it refused.
//
// Belongs to one thread, but for what is said of functions. It may be gone when the store answers.

#include <atomic>
#include <chrono>
#include <memory>

#include "api/intake/order_acts.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/order_actions.h"

namespace orders {

class Awaiting {
   public:
    struct Pace {
        std::chrono::milliseconds again{0};          // after it was asked for
        std::chrono::milliseconds after_refusal{0};  // and not done
    };
    // The acts must outlive this.
    Awaiting(OrderActs& acts, OrderAction action, Pace pace)
        : acts_(acts), action_(std::move(action)), pace_(pace) {}

    // Asks if that is wanted and due. True if the store has done it since the last call.
    bool step(SteadyTime now, bool is_wanted);
    // When there is something to do next, if it is wanted. Until the store has answered, which is
    // notified, there is nothing, however long it takes.
    [[nodiscard]] SteadyTime next_step() const noexcept {
        return answer_->state == Answer::State::asked ? SteadyTime::max() : next_asking_;
    }

    // Notified when the store has answered, and by whoever else wants to wake the thread, which
    // clears it.
    [[nodiscard]] WakeSignal& changed() noexcept { return answer_->changed; }

   private:
    struct Answer {
        enum class State { unasked, asked, granted, refused };
        std::atomic<State> state = State::unasked;
        WakeSignal changed;
    };

    OrderActs& acts_;
    const OrderAction action_;
    const Pace pace_;
    const std::shared_ptr<Answer> answer_ = std::make_shared<Answer>();
    SteadyTime next_asking_ = {};
};

}  // namespace orders
