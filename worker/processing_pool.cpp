#include "worker/processing_pool.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

#include "shared/log/log.h"
#include "shared/text/reason.h"
#include "worker/processors/result_bounds.h"

namespace orders {
namespace {

constexpr std::chrono::seconds stuck_after{1};
// Waking a thread takes about ten microseconds.
constexpr std::chrono::milliseconds begin_limit{2};

}  // namespace

ProcessingPool::ProcessingPool(OrderProcessor& processor, std::size_t threads,
                               std::chrono::milliseconds margin, WakeSignal& on_finished)
    : processor_(processor), margin_(margin), on_finished_(on_finished) {
    threads_.reserve(threads);
    try {
        for (std::size_t number = 0; number < threads; ++number) {
            threads_.emplace_back([this] { process_orders(); });
        }
    } catch (...) {  // no more threads can be had: those that are there must end first
        end();
        throw;
    }
}

ProcessingPool::~ProcessingPool() {
    interrupt();
    end();
}

void ProcessingPool::end() {
    {
        const MutexLock lock(mutex_);
        is_ending_ = true;
    }
    work_.notify_all();
}

std::size_t ProcessingPool::free_threads() const {
    const MutexLock lock(mutex_);
    return threads_.size() - jobs_.size();
}

void ProcessingPool::start(std::vector<ClaimedOrder> orders) {
    bool is_wake_due = false;
    {
        const MutexLock lock(mutex_);
        assert(jobs_.size() + orders.size() <= threads_.size());
        for (ClaimedOrder& order : orders) {
            waiting_.push_back(jobs_.emplace(jobs_.end(), std::move(order)));
        }
        is_wake_due = claim_wake();
    }
    if (is_wake_due) work_.notify_one();
}

std::vector<FinishedOrder> ProcessingPool::take_finished(SteadyTime now) {
    std::vector<FinishedOrder> finished;
    std::vector<std::stop_source> late;
    {
        MutexLock lock(mutex_);
        // Orders that are done before their claimer looks again should come back with the others:
        // else one straggler splits each batch in two for ever.
        const auto limit = std::chrono::steady_clock::now() + begin_limit;
        while (!waiting_.empty()) {
            if (all_begun_.wait_until(lock, limit) == std::cv_status::timeout) break;
        }
        is_announced_ = false;
        has_news_ = false;
        finished.swap(finished_);
        for (Job& job : jobs_) {
            if (job.is_reported || !job.deadline || *job.deadline > now) continue;
            job.is_reported = true;
            late.push_back(job.stop);
            finished.push_back({job.order, Failure{failure_reason::timeout}});
        }
    }
    // Outside the lock: this runs the callbacks that the processor has registered.
    for (std::stop_source& stop : late) stop.request_stop();
    return finished;
}

std::vector<ClaimedOrder> ProcessingPool::take_stuck(SteadyTime now) {
    const MutexLock lock(mutex_);
    std::vector<ClaimedOrder> stuck;
    for (Job& job : jobs_) {
        if (job.is_called_stuck || !job.deadline || now < *job.deadline + stuck_after) continue;
        job.is_called_stuck = true;
        stuck.push_back(job.order);
    }
    return stuck;
}

std::optional<SteadyTime> ProcessingPool::next_deadline() const {
    const MutexLock lock(mutex_);
    std::optional<SteadyTime> next;
    for (const Job& job : jobs_) {
        if (!job.is_reported && job.deadline)
            next = std::min(next.value_or(*job.deadline), *job.deadline);
    }
    return next;
}

std::size_t ProcessingPool::payload_bytes() const {
    const MutexLock lock(mutex_);
    std::size_t bytes = 0;
    for (const Job& job : jobs_) {
        if (job.order.spec.payload) bytes += job.order.spec.payload->size();
    }
    return bytes;
}

std::vector<Lease> ProcessingPool::held() const {
    const MutexLock lock(mutex_);
    std::vector<Lease> leases;
    for (const Job& job : jobs_) {
        if (!job.is_reported) leases.push_back(job.order.lease);
    }
    for (const FinishedOrder& finished : finished_) leases.push_back(finished.order.lease);
    return leases;
}

std::optional<ClaimedOrder> ProcessingPool::abandon(const Lease& lease) {
    std::stop_source stop(std::nostopstate);
    std::optional<ClaimedOrder> order;
    {
        const MutexLock lock(mutex_);
        const auto finished = std::ranges::find(
            finished_, lease, [](const FinishedOrder& done) { return done.order.lease; });
        if (finished != finished_.end()) {
            order = std::move(finished->order);
            finished_.erase(finished);
            return order;
        }
        const auto job = std::ranges::find_if(jobs_, [&](const Job& other) {
            return !other.is_reported && other.order.lease == lease;
        });
        if (job == jobs_.end()) return std::nullopt;
        job->is_reported = true;
        order = job->order;
        stop = job->stop;
        if (std::erase(waiting_, job) > 0) jobs_.erase(job);
    }
    stop.request_stop();
    return order;
}

std::vector<FinishedOrder> ProcessingPool::abandon_all() {
    std::vector<FinishedOrder> dropped;
    for (const Lease& lease : held()) {
        if (auto order = abandon(lease)) dropped.push_back({std::move(*order), std::nullopt});
    }
    return dropped;
}

void ProcessingPool::interrupt() {
    std::vector<std::stop_source> running;
    {
        const MutexLock lock(mutex_);
        for (const Jobs::iterator job : std::exchange(waiting_, {})) {
            finished_.push_back({std::move(job->order), std::nullopt});
            jobs_.erase(job);
        }
        for (const Job& job : jobs_) running.push_back(job.stop);
    }
    for (std::stop_source& stop : running) stop.request_stop();
    on_finished_.notify();
}

void ProcessingPool::process_orders() {
    while (const auto job = next_job()) process(*job);
}

std::optional<ProcessingPool::Jobs::iterator> ProcessingPool::next_job() {
    MutexLock lock(mutex_);
    while (waiting_.empty() && !is_ending_) {
        ++sleeping_threads_;
        work_.wait(lock);
        --sleeping_threads_;
        is_one_waking_ = false;
    }
    if (is_ending_) return std::nullopt;
    const Jobs::iterator job = waiting_.front();
    waiting_.pop_front();
    job->deadline = std::chrono::steady_clock::now() + job->order.limits.timeout + margin_;
    const bool is_wake_due = claim_wake();
    const bool is_telling_due = claim_announcement();
    if (waiting_.empty()) all_begun_.notify_one();
    lock.unlock();
    if (is_wake_due) work_.notify_one();
    if (is_telling_due) on_finished_.notify();
    return job;
}

// One at a time: a thread that wakes and finds more than it takes has the next one woken. Instant
// orders are done by a few threads before the others would be awake.
bool ProcessingPool::claim_wake() {
    if (waiting_.empty() || sleeping_threads_ == 0 || is_one_waking_) return false;
    is_one_waking_ = true;
    return true;
}

bool ProcessingPool::claim_announcement() {
    if (!has_news_ || is_announced_ || !waiting_.empty()) return false;
    is_announced_ = true;
    return true;
}

void ProcessingPool::process(Jobs::iterator job) {
    // The order and the stop source do not change while the job is in the list.
    auto result = run_processor(*job);
    bool is_telling_due = false;
    {
        const MutexLock lock(mutex_);
        // A late look at the clock must not turn a late result into a good one.
        if (std::chrono::steady_clock::now() >= *job->deadline) {
            result = Failure{failure_reason::timeout};
        }
        if (!job->is_reported) finished_.push_back({std::move(job->order), std::move(result)});
        jobs_.erase(job);
        has_news_ = true;
        is_telling_due = claim_announcement();
    }
    if (is_telling_due) on_finished_.notify();
}

std::optional<ProcessingResult> ProcessingPool::run_processor(const Job& job) {
    try {
        auto result = processor_.process(job.order, job.stop.get_token());
        if (result) result = kept_within_bounds(*std::move(result));
        return result;
    } catch (const std::exception& error) {
        log::error("processor threw an exception",
                   {{"order_id", job.order.spec.order_id.text()}, {"detail", reason_of(error)}});
    } catch (...) {
        log::error("processor threw an exception", {{"order_id", job.order.spec.order_id.text()}});
    }
    return Failure{failure_reason::processor_error};
}

}  // namespace orders
