#include "api/order_intake.h"

#include <algorithm>
#include <semaphore>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds proven_writable_for{1};
constexpr std::chrono::milliseconds pause_after_error{100};

}  // namespace

// Lives on the stack of the thread that waits for it.
struct OrderIntake::Request {
    std::span<const NewOrder> orders;  // none: only a probe
    // Written by the writer before `answered` is released, read by the waiting thread after.
    IntakeResult result = Refusal::stopping;
    std::binary_semaphore& answered;

    void answer(IntakeResult with) {
        result = std::move(with);
        answered.release();  // the request may be gone from here on
    }
};

OrderIntake::OrderIntake(std::unique_ptr<OrderStore> store, Doorbell& doorbell, const Clock& clock,
                         IntakeLimits limits, std::function<void()> on_fatal)
    : doorbell_(doorbell),
      clock_(clock),
      limits_(limits),
      on_fatal_(std::move(on_fatal)),
      store_(std::move(store)),
      last_commit_(SteadyTime::min()),
      writer_([this](const std::stop_token& stop) { write_groups(stop); }) {}

OrderIntake::~OrderIntake() {
    writer_.request_stop();
    writer_.join();
}

IntakeResult OrderIntake::submit(std::span<const NewOrder> orders) {
    // Of the thread, not of the request: releasing it may touch it after the waiting thread woke.
    static thread_local std::binary_semaphore answered{0};
    Request request{.orders = orders, .answered = answered};
    return wait_for_answer(request);
}

bool OrderIntake::is_writable() {
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (last_commit_ != SteadyTime::min() && now - last_commit_ < proven_writable_for) {
            return !is_closed_;
        }
    }
    return std::holds_alternative<std::vector<SubmitOutcome>>(submit({}));
}

bool OrderIntake::is_stuck(SteadyTime now) const {
    return turn_began_ && now - *turn_began_ > limits_.max_wait;
}

IntakeResult OrderIntake::wait_for_answer(Request& request) {
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (is_closed_) return Refusal::stopping;
        if (is_stuck(now) || waiting_orders_ + request.orders.size() > limits_.max_waiting_orders) {
            return Refusal::overloaded;
        }
        waiting_.push_back(&request);
        waiting_orders_ += request.orders.size();
    }
    work_.notify_one();

    if (!request.answered.try_acquire_until(now + limits_.max_wait)) {
        {
            const std::lock_guard lock(mutex_);
            if (const auto at = std::ranges::find(waiting_, &request); at != waiting_.end()) {
                waiting_.erase(at);
                waiting_orders_ -= request.orders.size();
                return Refusal::overloaded;
            }
        }
        request.answered.acquire();  // it is in a group that is being stored
    }
    return std::move(request.result);
}

void OrderIntake::write_groups(const std::stop_token& stop) {
    while (wait_for_work(stop)) {
        bool has_failed = false;
        try {
            write_one_group();
        } catch (const StoreError& error) {
            log::error("storing orders failed", {{"detail", error.what()}});
            if (error.is_fatal()) {
                refuse_waiting(Refusal::stopping);
                on_fatal_();
                return;
            }
            has_failed = true;
        }
        std::unique_lock lock(mutex_);
        turn_began_.reset();
        if (has_failed) work_.wait_for(lock, stop, pause_after_error, [] { return false; });
    }
    refuse_waiting(Refusal::stopping);
}

bool OrderIntake::wait_for_work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool has_work = work_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (!has_work || stop.stop_requested()) return false;
    turn_began_ = std::chrono::steady_clock::now();
    return true;
}

void OrderIntake::write_one_group() {
    const auto work = store_->begin();
    const auto group = take_group();
    if (group.empty()) return;  // all were withdrawn meanwhile
    store_group(*work, group);
    store_->tidy();
}

std::vector<OrderIntake::Request*> OrderIntake::take_group() {
    const std::lock_guard lock(mutex_);
    std::vector<Request*> group;
    std::size_t group_orders = 0;
    while (!waiting_.empty()) {
        const std::size_t more = waiting_.front()->orders.size();
        if (!group.empty() && group_orders + more > limits_.max_group_orders) break;
        group.push_back(waiting_.front());
        group_orders += more;
        waiting_.pop_front();
    }
    waiting_orders_ -= group_orders;
    return group;
}

void OrderIntake::store_group(OrderTransaction& work, const std::vector<Request*>& group) {
    std::vector<std::vector<SubmitOutcome>> outcomes;
    outcomes.reserve(group.size());
    bool has_new = false;
    try {
        const UtcTime now = clock_.now().utc;
        for (const Request* request : group) {
            outcomes.push_back(work.submit(request->orders, now));
            has_new = has_new || std::ranges::any_of(outcomes.back(), [](const auto& outcome) {
                          return std::holds_alternative<Created>(outcome);
                      });
        }
        if (!has_new) work.probe(now);  // so that every commit proves that the store takes writes
        work.commit();
    } catch (const StoreError& error) {
        const auto refusal = [&] {
            switch (error.kind()) {
                case StoreError::Kind::full:
                    return Refusal::disk_full;
                case StoreError::Kind::outcome_unknown:
                    return Refusal::outcome_unknown;
                case StoreError::Kind::unusable:
                    return Refusal::stopping;
                case StoreError::Kind::busy:
                    break;
            }
            return Refusal::overloaded;
        }();
        for (Request* request : group) request->answer(refusal);
        throw;
    }
    if (has_new) doorbell_.ring();
    {
        const std::lock_guard lock(mutex_);
        last_commit_ = std::chrono::steady_clock::now();
    }
    for (std::size_t at = 0; at < group.size(); ++at) group[at]->answer(std::move(outcomes[at]));
}

void OrderIntake::refuse_waiting(Refusal refusal) {
    std::deque<Request*> refused;
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        refused.swap(waiting_);
        waiting_orders_ = 0;
    }
    for (Request* request : refused) request->answer(refusal);
}

}  // namespace orders
