#include "api/intake/order_intake.h"

#include <algorithm>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds proven_writable_for{1};
constexpr std::chrono::milliseconds pause_after_error{100};

}  // namespace

OrderIntake::OrderIntake(std::unique_ptr<OrderStore> store, Doorbell& doorbell, const Clock& clock,
                         IntakeLimits limits, std::function<void()> on_fatal)
    : doorbell_(doorbell),
      clock_(clock),
      limits_(limits),
      on_fatal_(std::move(on_fatal)),
      store_(std::move(store)),
      admission_(limits.admission),
      last_commit_(SteadyTime::min()),
      writer_([this](const std::stop_token& stop) { write_groups(stop); }),
      watch_([this](const std::stop_token& stop) { watch_waiting(stop); }) {}

OrderIntake::~OrderIntake() {
    writer_.request_stop();
    writer_.join();
}

void OrderIntake::submit(std::vector<NewOrder> orders, OnResult on_result, std::size_t weight) {
    weight = std::max(weight, orders.size());
    Request request{.orders = std::move(orders),
                    .on_result = std::move(on_result),
                    .weight = weight,
                    .deadline = {}};
    if (const auto refusal = enqueue(request)) request.on_result(*refusal);
}

void OrderIntake::probe(std::function<void(bool)> on_result) {
    std::unique_lock lock(mutex_);
    const bool is_proven = last_commit_ != SteadyTime::min() &&
                           std::chrono::steady_clock::now() - last_commit_ < proven_writable_for;
    const bool is_open = !is_closed_;
    lock.unlock();
    if (is_proven) return on_result(is_open);
    submit({}, [on_result = std::move(on_result)](const IntakeResult& result) {
        on_result(std::holds_alternative<std::vector<SubmitOutcome>>(result));
    });
}

// Takes what is in the request, unless it is refused at once.
std::optional<Refusal> OrderIntake::enqueue(Request& request) {
    bool is_watch_asleep = false;
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (is_closed_) return Refusal::stopping;
        if (is_stuck(now) || waiting_weight_ + request.weight > limits_.max_waiting_orders) {
            return Refusal::overloaded;
        }
        request.deadline = now + limits_.max_wait;
        waiting_weight_ += request.weight;
        waiting_.push_back(std::move(request));
        is_watch_asleep = !std::exchange(is_watched_, true);
    }
    work_.notify_one();
    if (is_watch_asleep) first_waits_.notify_one();
    return std::nullopt;
}

bool OrderIntake::is_stuck(SteadyTime now) const {
    return turn_began_ && now - *turn_began_ > limits_.max_wait;
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
    auto work = store_->begin();
    const auto group = take_group();
    if (group.empty()) return;  // all were withdrawn meanwhile
    store_group(std::move(work), group);
    store_->tidy();
}

std::vector<OrderIntake::Request> OrderIntake::take_group() {
    const std::lock_guard lock(mutex_);
    std::vector<Request> group;
    std::size_t group_weight = 0;
    while (!waiting_.empty()) {
        const std::size_t more = waiting_.front().weight;
        if (!group.empty() && group_weight + more > limits_.max_group_orders) break;
        group.push_back(std::move(waiting_.front()));
        group_weight += more;
        waiting_.pop_front();
    }
    waiting_weight_ -= group_weight;
    return group;
}

void OrderIntake::store_group(std::unique_ptr<OrderTransaction> work,
                              const std::vector<Request>& group) {
    std::vector<IntakeResult> results;
    results.reserve(group.size());
    bool is_any_submitted = false;
    std::size_t created = 0;
    try {
        const UtcTime now = clock_.now().utc;
        admission_.begin_group(work->level());
        for (const Request& request : group) {
            if (auto answer = answer_without_storing(request)) {
                results.push_back(std::move(*answer));
                continue;
            }
            is_any_submitted = true;
            auto outcomes = work->submit(request.orders, now);
            const auto newly_created = static_cast<std::size_t>(
                std::ranges::count_if(outcomes, [](const SubmitOutcome& outcome) {
                    return std::holds_alternative<Created>(outcome);
                }));
            admission_.note_created(newly_created);
            created += newly_created;
            results.emplace_back(std::move(outcomes));
        }
        // Every commit is to prove that the store takes writes.
        if (is_any_submitted && created == 0) work->probe(now);
        if (is_any_submitted) work->commit();
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
        work.reset();  // others may write while this answers
        for (const Request& request : group) request.on_result(refusal);
        throw;
    }
    work.reset();
    if (created > 0) doorbell_.ring();
    if (is_any_submitted) {
        const std::lock_guard lock(mutex_);
        last_commit_ = std::chrono::steady_clock::now();
    }
    for (std::size_t at = 0; at < group.size(); ++at) group[at].on_result(std::move(results[at]));
}

// Where no more may be stored: a refusal, unless all of the orders stand already. Who asks again
// because an answer was lost must not be told that nothing is stored.
std::optional<IntakeResult> OrderIntake::answer_without_storing(const Request& request) {
    const auto refusal = admission_.refusal_of(request.orders.size());
    if (!refusal) return std::nullopt;
    std::vector<SubmitOutcome> standing;
    for (const NewOrder& order : request.orders) {
        const auto stored = store_->find(order.order_id);
        if (!stored) break;
        standing.emplace_back(IdTaken{stored->status});
    }
    if (!request.orders.empty() && standing.size() == request.orders.size()) return standing;
    admission_.note_refused(request.orders.size(), *refusal);
    return *refusal;
}

void OrderIntake::refuse_waiting(Refusal refusal) {
    std::deque<Request> refused;
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        refused.swap(waiting_);
        waiting_weight_ = 0;
    }
    for (const Request& request : refused) request.on_result(refusal);
}

// Wakes once for a request that comes when nothing has waited for a while, and then whenever the
// time of the first that waits is up.
void OrderIntake::watch_waiting(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (first_waits_.wait(lock, stop, [this] { return is_watched_; })) {
        if (!waiting_.empty()) {
            const SteadyTime deadline = waiting_.front().deadline;
            first_waits_.wait_until(lock, stop, deadline, [] { return false; });
        }
        const std::vector<Request> overdue = take_overdue();
        is_watched_ = !waiting_.empty();
        lock.unlock();
        for (const Request& request : overdue) request.on_result(Refusal::overloaded);
        lock.lock();
    }
}

std::vector<OrderIntake::Request> OrderIntake::take_overdue() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<Request> overdue;
    while (!waiting_.empty() && waiting_.front().deadline <= now) {
        waiting_weight_ -= waiting_.front().weight;
        overdue.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return overdue;
}

}  // namespace orders
