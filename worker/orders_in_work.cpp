#include "worker/orders_in_work.h"

#include <iterator>

#include "worker/processors/result_bounds.h"
#include "worker/processors/thrown.h"

namespace orders {
namespace {

constexpr std::chrono::seconds stuck_after{1};

std::size_t payload_size(const ClaimedOrder& order) {
    return order.spec.payload ? order.spec.payload->size() : 0;
}

}  // namespace

struct OrdersInWork::Job {
    // Constant once it was started.
    ClaimedOrder order;
    OrderProcessor* processor;
    SteadyTime began;
    SteadyTime deadline;
    std::stop_source stop = {};
    Jobs::iterator place = {};

    // Guarded by mutex_.
    bool is_dropped = false;
    bool has_ended = false;
    std::optional<ProcessingResult> result = {};  // once it has

    [[nodiscard]] std::pair<SteadyTime, Job*> by_deadline() { return {deadline, this}; }
};

OrdersInWork::OrdersInWork(ProcessorsByKind& processors, std::chrono::milliseconds margin,
                           WakeSignal& on_ended)
    : processors_(processors), margin_(margin), on_ended_(on_ended) {}

OrdersInWork::~OrdersInWork() {
    interrupt();
    MutexLock lock(mutex_);
    while (!running_.empty()) all_ended_.wait(lock);
}

std::vector<ClaimShare> OrdersInWork::free_capacity() const {
    return processors_.free_capacity();
}

void OrdersInWork::start(std::vector<ClaimedOrder> orders) {
    if (orders.empty()) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<Job*> jobs;
    jobs.reserve(orders.size());
    {
        const MutexLock lock(mutex_);
        for (ClaimedOrder& order : orders) {
            OrderProcessor& processor = processors_.taking(order.spec.kind);
            const SteadyTime deadline = now + order.limits.timeout + margin_;
            payload_bytes_ += payload_size(order);
            Job& job = running_.emplace_back(Job{std::move(order), &processor, now, deadline});
            job.place = std::prev(running_.end());
            held_.emplace(job.order.lease, job.place);
            deadlines_.insert(job.by_deadline());
            jobs.push_back(&job);
        }
    }
    // Only this thread takes a job away that has ended: each is there until it is started.
    for (Job* const job : jobs) start(*job);
}

void OrdersInWork::start(Job& job) {
    try {
        job.processor->start(
            {job.order, job.deadline}, job.stop.get_token(),
            [this, &job](std::optional<ProcessingResult> result) { end(job, std::move(result)); });
    } catch (...) {
        end(job, result_of_exception(job.order));
    }
}

void OrdersInWork::end(Job& job, std::optional<ProcessingResult> result) {
    if (result) result = kept_within_bounds(*std::move(result));
    // A late look at the clock must not turn a late result into a good one.
    if (std::chrono::steady_clock::now() >= job.deadline) {
        result = job.processor->on_deadline(job.order);
    }
    // The end of the last job may be the end of this.
    WakeSignal& on_ended = on_ended_;
    Jobs forgotten;  // outside the lock
    bool is_telling_due = false;
    {
        const MutexLock lock(mutex_);
        payload_bytes_ -= payload_size(job.order);
        if (job.is_dropped) {
            dropped_.erase(job.by_deadline());
            forgotten.splice(forgotten.end(), running_, job.place);
        } else {
            deadlines_.erase(job.by_deadline());
            job.has_ended = true;
            job.result = std::move(result);
            ended_.splice(ended_.end(), running_, job.place);
        }
        is_telling_due = !std::exchange(is_announced_, true);
        if (running_.empty()) all_ended_.notify_one();
    }
    if (is_telling_due) on_ended.notify();
}

void OrdersInWork::drop(Job& job) {
    held_.erase(job.order.lease);
    deadlines_.erase(job.by_deadline());
    dropped_.insert(job.by_deadline());
    job.is_dropped = true;
}

std::vector<FinishedOrder> OrdersInWork::take_finished(SteadyTime now) {
    struct Late {
        std::stop_source stop;
        const OrderProcessor* processor;
    };
    std::vector<FinishedOrder> finished;
    std::vector<Late> late;
    Jobs ended;
    {
        const MutexLock lock(mutex_);
        is_announced_ = false;
        ended.swap(ended_);
        finished.reserve(ended.size());
        for (Job& job : ended) {
            held_.erase(job.order.lease);
            finished.push_back({std::move(job.order), std::move(job.result), job.began});
        }
        while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
            Job& job = *deadlines_.begin()->second;
            drop(job);
            late.push_back({job.stop, job.processor});
            finished.push_back({job.order, std::nullopt, job.began});
        }
    }
    // Outside the lock: this runs the callbacks that the processors have registered.
    auto order = finished.end() - static_cast<std::ptrdiff_t>(late.size());
    for (Late& each : late) {
        order->result = each.processor->on_deadline(order->order);
        ++order;
        each.stop.request_stop();
    }
    return finished;
}

std::vector<ClaimedOrder> OrdersInWork::take_stuck(SteadyTime now) {
    const MutexLock lock(mutex_);
    std::vector<ClaimedOrder> stuck;
    while (!dropped_.empty() && dropped_.begin()->first + stuck_after <= now) {
        stuck.push_back(dropped_.begin()->second->order);
        dropped_.erase(dropped_.begin());
    }
    return stuck;
}

std::optional<SteadyTime> OrdersInWork::next_deadline() const {
    const MutexLock lock(mutex_);
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
}

std::size_t OrdersInWork::held() const {
    const MutexLock lock(mutex_);
    return held_.size();
}

std::vector<Lease> OrdersInWork::held_after(const Lease& lease, std::size_t limit) const {
    const MutexLock lock(mutex_);
    std::vector<Lease> leases;
    for (auto next = held_.upper_bound(lease); next != held_.end(); ++next) {
        if (leases.size() == limit) break;
        leases.push_back(next->first);
    }
    return leases;
}

std::size_t OrdersInWork::payload_bytes() const {
    const MutexLock lock(mutex_);
    return payload_bytes_;
}

std::optional<ClaimedOrder> OrdersInWork::abandon(const Lease& lease) {
    std::optional<std::stop_source> stop;
    std::optional<ClaimedOrder> order;
    {
        const MutexLock lock(mutex_);
        const auto held = held_.find(lease);
        if (held == held_.end()) return std::nullopt;
        Job& job = *held->second;
        order = job.order;
        if (job.has_ended) {
            held_.erase(held);
            ended_.erase(job.place);
        } else {
            stop.emplace(job.stop);
            drop(job);
        }
    }
    if (stop) stop->request_stop();
    return order;
}

std::vector<FinishedOrder> OrdersInWork::abandon_all() {
    std::vector<FinishedOrder> dropped;
    for (const Lease& lease : held_after({}, held())) {
        if (auto order = abandon(lease)) dropped.push_back({std::move(*order), std::nullopt});
    }
    return dropped;
}

void OrdersInWork::interrupt() {
    std::vector<std::stop_source> running;
    {
        const MutexLock lock(mutex_);
        running.reserve(running_.size());
        for (const Job& job : running_) running.push_back(job.stop);
    }
    for (std::stop_source& stop : running) stop.request_stop();
    on_ended_.notify();
}

}  // namespace orders
