#include "worker/processors/command/command_processor.h"

#include <cassert>
#include <exception>
#include <utility>
#include <variant>

#include "shared/log/log.h"
#include "shared/text/reason.h"
#include "worker/processors/idempotency_key.h"

namespace orders {
namespace {

using std::chrono::steady_clock;

Breaker::Sign sign_of(const std::optional<CommandOutcome>& outcome) {
    if (!outcome) return Breaker::Sign::none;
    return outcome->is_operators_error ? Breaker::Sign::failing : Breaker::Sign::working;
}

}  // namespace

CommandProcessor::CommandProcessor(CommandOptions options, const GroupWatcher& watcher,
                                   std::function<void()> on_capacity)
    : options_(std::move(options)),
      environment_(options_.passed_variables),
      watcher_(watcher),
      on_capacity_(std::move(on_capacity)) {
    for (const auto& [kind, program] : options_.programs) {
        breakers_.try_emplace(kind);
        log::info("a command processes orders", {{"kind", kind.name()}, {"program", program.path}});
    }
    for (const std::string& name : environment_.missing()) {
        log::warn("commands miss a variable of the environment",
                  {{"variable", name}, {"reason", "it is to be passed through, but is not set"}});
    }
}

CommandProcessor::~CommandProcessor() {
    loop_.post([this] {
        for (auto& [id, running] : running_) running.run->kill();
    });
    MutexLock lock(mutex_);
    while (in_work_ > 0) all_ended_.wait(lock);
}

ClaimShare CommandProcessor::free_capacity() {
    const MutexLock lock(mutex_);
    ClaimShare share{.limit = options_.most_at_once - in_work_, .defaults = options_.defaults};
    const SteadyTime now = steady_clock::now();
    for (const auto& [kind, breaker] : breakers_) {
        share.kinds.push_back({.kind = kind, .orders = breaker.allowed(share.limit, now)});
    }
    return share;
}

void CommandProcessor::start(Attempt attempt, std::stop_token stop, Done done) {
    Work work{.attempt = std::move(attempt),
              .stop = std::move(stop),
              .done = std::move(done),
              .ticket = 0};
    {
        const MutexLock lock(mutex_);
        assert(in_work_ < options_.most_at_once);
        ++in_work_;
        work.ticket = breakers_.at(work.attempt.order.spec.kind).begin();
    }
    loop_.post([this, work = std::move(work)] { begin(work); });
}

void CommandProcessor::begin(const Work& work) {
    if (work.stop.stop_requested()) {
        finish(work, std::nullopt);
        return;
    }
    const ClaimedOrder& order = work.attempt.order;
    const RunId id = ++last_run_;
    Running& running = running_.try_emplace(id, work).first->second;
    try {
        running.run.emplace(
            loop_, watcher_,
            CommandRun::Plan{.program = options_.programs.at(order.spec.kind),
                             .environment = environment_.for_order(
                                 order, idempotency_key(options_.store_id, order)),
                             .input = order.spec.payload.get(),
                             .deadline = work.attempt.deadline,
                             .retry_exits = options_.retry_exits},
            [this, id](const std::optional<CommandOutcome>& outcome) { end(id, outcome); });
    } catch (const std::exception& error) {
        end(id, outcome_of_not_begun(reason_of(error)));
        return;
    }
    running.on_stop.emplace(work.stop, [this, id] {
        loop_.post([this, id] {
            const auto found = running_.find(id);
            if (found != running_.end()) found->second.run->give_up();
        });
    });
}

void CommandProcessor::end(RunId id, const std::optional<CommandOutcome>& outcome) {
    auto node = running_.extract(id);
    const Work work = std::move(node.mapped().work);
    node = {};
    finish(work, outcome);
}

void CommandProcessor::finish(const Work& work, const std::optional<CommandOutcome>& outcome) {
    const Kind& kind = work.attempt.order.spec.kind;
    Breaker::Change change = Breaker::Change::none;
    std::optional<SteadyTime> next_probe;
    {
        const MutexLock lock(mutex_);
        Breaker& breaker = breakers_.at(kind);
        change = breaker.end(work.ticket, sign_of(outcome), steady_clock::now());
        next_probe = breaker.next_probe();
        if (--in_work_ == 0) all_ended_.notify_all();
    }
    if (next_probe) loop_.call_at(*next_probe, on_capacity_);
    if (outcome) note(change, kind, *outcome);
    work.done(outcome ? std::optional(outcome->result) : std::nullopt);
}

void CommandProcessor::note(Breaker::Change change, const Kind& kind,
                            const CommandOutcome& outcome) {
    const std::string& program = options_.programs.at(kind).path;
    if (outcome.is_operators_error) {
        const auto& retry = std::get<Retry>(outcome.result);
        operators_errors_.count();
        if (const auto times = operators_errors_.take_due()) {
            log::error("command cannot be run", {{"kind", kind.name()},
                                                 {"program", program},
                                                 {"reason", retry.reason},
                                                 {"detail", retry.detail},
                                                 {"times", *times},
                                                 {"consequence", "its orders are tried again"}});
        }
    }
    if (change == Breaker::Change::opened) {
        log::error("command is out of order",
                   {{"kind", kind.name()},
                    {"program", program},
                    {"consequence", "its orders wait, and one at a time tries it"}});
    } else if (change == Breaker::Change::closed) {
        log::info("command works again", {{"kind", kind.name()}, {"program", program}});
    }
}

}  // namespace orders
