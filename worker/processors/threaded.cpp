#include "worker/processors/threaded.h"

#include <cassert>
#include <utility>

#include "worker/processors/thrown.h"

namespace orders {

ThreadedProcessor::ThreadedProcessor(BlockingProcessor& processor, ThreadedOptions options)
    : processor_(processor), options_(std::move(options)) {
    assert(options_.threads > 0 && options_.threads <= max_threads);
    threads_.reserve(options_.threads);
    try {
        while (threads_.size() < options_.threads) {
            threads_.emplace_back([this] { run_tasks(); });
        }
    } catch (...) {  // no more threads can be had: those that are there must end first
        end();
        throw;
    }
}

ThreadedProcessor::~ThreadedProcessor() {
    end();
}

void ThreadedProcessor::end() {
    {
        const MutexLock lock(mutex_);
        assert(waiting_.empty());
        is_ending_ = true;
    }
    work_.notify_all();
}

ClaimShare ThreadedProcessor::free_capacity() {
    const MutexLock lock(mutex_);
    ClaimShare share{.limit = options_.threads - occupied_, .defaults = options_.defaults};
    for (const Kind& kind : options_.kinds) share.kinds.push_back({kind, share.limit});
    return share;
}

void ThreadedProcessor::start(Attempt attempt, std::stop_token stop, Done done) {
    bool is_wake_due = false;
    {
        const MutexLock lock(mutex_);
        assert(occupied_ < options_.threads);
        ++occupied_;
        waiting_.push_back({std::move(attempt.order), std::move(stop), std::move(done)});
        is_wake_due = claim_wake();
    }
    if (is_wake_due) work_.notify_one();
}

void ThreadedProcessor::run_tasks() {
    while (auto task = next_task()) process(*std::move(task));
}

std::optional<ThreadedProcessor::Task> ThreadedProcessor::next_task() {
    MutexLock lock(mutex_);
    while (waiting_.empty() && !is_ending_) {
        ++sleeping_threads_;
        work_.wait(lock);
        --sleeping_threads_;
        is_one_waking_ = false;
    }
    if (waiting_.empty()) return std::nullopt;
    std::optional<Task> task(std::move(waiting_.front()));
    waiting_.pop_front();
    const bool is_wake_due = claim_wake();
    Tasks ended = take_ended();
    lock.unlock();
    if (is_wake_due) work_.notify_one();
    for (Task& other : ended) other.done(std::move(other.result));
    return task;
}

// One at a time: a thread that wakes and finds more than it takes has the next one woken. Instant
// orders are done by a few threads before the others would be awake.
bool ThreadedProcessor::claim_wake() {
    if (waiting_.empty() || sleeping_threads_ == 0 || is_one_waking_) return false;
    is_one_waking_ = true;
    return true;
}

// Orders that are done before their claimer looks again should come back with the others: else one
// straggler splits each batch in two for ever.
ThreadedProcessor::Tasks ThreadedProcessor::take_ended() {
    if (!waiting_.empty()) return {};
    occupied_ -= ended_.size();
    return std::exchange(ended_, {});
}

void ThreadedProcessor::process(Task task) {
    if (!task.stop.stop_requested()) {
        try {
            task.result = processor_.process(task.order, task.stop);
        } catch (...) {
            task.result = result_of_exception(task.order);
        }
    }
    Tasks ended;
    {
        const MutexLock lock(mutex_);
        ended_.push_back(std::move(task));
        ended = take_ended();
    }
    for (Task& each : ended) each.done(std::move(each.result));
}

}  // namespace orders
