#include "worker/processors/simulated.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "shared/domain/backoff.h"
#include "shared/log/log.h"
#include "worker/processors/thrown.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;

// The object under `simulate`; null if there is none.
Json script_of(const std::string& payload) {
    if (payload.find("simulate") == std::string::npos) return nullptr;
    const Json parsed = Json::parse(payload, nullptr, false);
    if (!parsed.is_object()) return nullptr;
    const auto script = parsed.find("simulate");
    return script != parsed.end() && script->is_object() ? *script : nullptr;
}

std::string text(const Json& script, const char* name, const char* otherwise) {
    const auto value = script.find(name);
    return value != script.end() && value->is_string() ? value->get<std::string>() : otherwise;
}

std::int64_t number(const Json& script, const char* name, std::int64_t otherwise) {
    const auto value = script.find(name);
    return value != script.end() && value->is_number_integer() ? value->get<std::int64_t>()
                                                               : otherwise;
}

ProcessingResult result_by(const Json& script, int attempt) {
    const std::string outcome = text(script, "outcome", "complete");
    if (outcome == "fail")
        return Failure{text(script, "reason", "simulated"), text(script, "detail", "")};
    if (outcome == "retry" &&
        attempt <= number(script, "times", std::numeric_limits<std::int64_t>::max())) {
        Retry retry{text(script, "reason", "simulated"), text(script, "detail", "")};
        constexpr auto longest =
            std::chrono::duration_cast<std::chrono::seconds>(longest_asked_wait).count();
        const std::int64_t seconds = number(script, "after_seconds", 0);
        if (seconds > 0)
            retry.after = std::chrono::seconds(std::min<std::int64_t>(seconds, longest));
        return retry;
    }
    const auto result = script.find("result");
    return Completed{result != script.end() ? json_text(result->dump()) : nullptr};
}

}  // namespace

struct SimulatedProcessor::Waiting {
    Waiting(ClaimedOrder claimed, Done when_done)
        : order(std::move(claimed)), done(std::move(when_done)) {}

    const ClaimedOrder order;
    const Done done;
    // Both guarded by the processor's mutex.
    std::optional<Queue::iterator> place = {};  // while it is in the queue
    bool is_given_up = false;

    std::optional<std::stop_callback<GiveUp>> on_stop = {};
};

SimulatedProcessor::SimulatedProcessor(SimulatedOptions options)
    : options_(std::move(options)), thread_([this] { end_those_due(); }) {}

SimulatedProcessor::~SimulatedProcessor() {
    {
        const MutexLock lock(mutex_);
        assert(queue_.empty());
        is_ending_ = true;
    }
    changed_.notify_one();
}

ClaimShare SimulatedProcessor::free_capacity() {
    const MutexLock lock(mutex_);
    ClaimShare share{.limit = options_.orders - queue_.size(), .defaults = options_.defaults};
    for (const Kind& kind : options_.kinds) share.kinds.push_back({kind, share.limit});
    return share;
}

void SimulatedProcessor::start(Attempt attempt, std::stop_token stop, Done done) {
    ClaimedOrder& order = attempt.order;
    const auto duration = options_.time_unit * order.spec.processing_time.units();
    if (duration == duration.zero()) {
        done(result_of(order));
        return;
    }
    const SteadyTime due = std::chrono::steady_clock::now() + duration;
    auto waiting = std::make_unique<Waiting>(std::move(order), std::move(done));
    waiting->on_stop.emplace(std::move(stop), GiveUp{*this, *waiting});
    bool is_next = false;
    {
        const MutexLock lock(mutex_);
        Waiting& own = *waiting;
        own.place = queue_.emplace(own.is_given_up ? SteadyTime::min() : due, std::move(waiting));
        is_next = own.place == queue_.begin();
    }
    if (is_next) changed_.notify_one();
}

void SimulatedProcessor::give_up(Waiting& waiting) {
    {
        const MutexLock lock(mutex_);
        waiting.is_given_up = true;
        if (!waiting.place) return;
        auto node = queue_.extract(*waiting.place);
        node.key() = SteadyTime::min();
        waiting.place = queue_.insert(std::move(node));
    }
    changed_.notify_one();
}

void SimulatedProcessor::end_those_due() {
    MutexLock lock(mutex_);
    while (!is_ending_) {
        if (auto due = take_due(); !due.empty()) {
            lock.unlock();
            for (auto& node : due) {
                Waiting& waiting = *node.mapped();
                waiting.on_stop.reset();  // waits for it, if it is just being called
                const bool is_given_up = node.key() == SteadyTime::min();
                waiting.done(is_given_up ? std::nullopt : std::optional(result_of(waiting.order)));
            }
            due.clear();
            lock.lock();
        } else if (queue_.empty()) {
            changed_.wait(lock);
        } else {
            const SteadyTime next = queue_.begin()->first;  // which may be gone when it comes
            changed_.wait_until(lock, next);
        }
    }
}

std::vector<SimulatedProcessor::Queue::node_type> SimulatedProcessor::take_due() {
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<Queue::node_type> due;
    while (!queue_.empty() && queue_.begin()->first <= now) {
        queue_.begin()->second->place.reset();
        due.push_back(queue_.extract(queue_.begin()));
    }
    return due;
}

ProcessingResult SimulatedProcessor::result_of(const ClaimedOrder& order) {
    if (!order.spec.payload) return Completed{};
    try {
        const Json script = script_of(*order.spec.payload);
        if (script.is_null()) warn_of_work(order);
        return result_by(script, order.attempt);
    } catch (...) {
        return result_of_exception(order);
    }
}

void SimulatedProcessor::warn_of_work(const ClaimedOrder& order) {
    if (!options_.warns_of_work) return;
    const Kind& kind = order.spec.kind;
    {
        const MutexLock lock(mutex_);
        if (!warned_of_.insert(kind).second) return;
    }
    log::warn("an order that carries work is only simulated",
              {{"order_id", order.spec.order_id.text()},
               {"kind", kind.name()},
               {"consequence", "nothing is done with its payload"},
               {"hint", "have a processor take this kind, or say --simulate " + kind.name()}});
}

}  // namespace orders
