#pragma once

// Does orders by running a program for each: the payload is on its standard input, what is known of
// the order in its environment (environment.h), and its exit status says how the order ends
// (command_outcome.h). One thread, an event loop's, starts all processes and sees to them.
//
// A program that cannot be executed, or that exits with 126 or 127, is the operator's error: after
// so many in a row the breaker (breaker.h) of its kind opens, and one order at a time tries whether
// it has been mended, so that a bad deployment does not use up everybody's attempts.
//
// At its end all commands are killed, and their end is awaited.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/log/log_pace.h"
#include "shared/os/mutex.h"
#include "worker/processors/breaker.h"
#include "worker/processors/command/command_run.h"
#include "worker/processors/command/environment.h"
#include "worker/processors/command/group_watcher.h"
#include "worker/processors/command/program.h"
#include "worker/processors/event_loop.h"
#include "worker/processors/order_processor.h"

namespace orders {

struct CommandOptions {
    std::map<Kind, Program> programs;
    std::string store_id = {};                       // for idempotency_key.h
    std::vector<std::string> passed_variables = {};  // of the environment
    RetryExits retry_exits = default_retry_exits();
    std::size_t most_at_once = 10;
    AttemptLimits defaults{.timeout = std::chrono::seconds(300)};
};

class CommandProcessor final : public OrderProcessor {
   public:
    // The watcher must outlive it. `on_capacity` is called, from any thread, when a breaker lets a
    // probe begin. Construct it before there are threads that change the environment.
    // Throws std::system_error.
    CommandProcessor(CommandOptions options, const GroupWatcher& watcher,
                     std::function<void()> on_capacity);
    ~CommandProcessor() override;
    CommandProcessor(const CommandProcessor&) = delete;
    CommandProcessor& operator=(const CommandProcessor&) = delete;

    [[nodiscard]] ClaimShare free_capacity() override;
    void start(Attempt attempt, std::stop_token stop, Done done) override;

   private:
    // An attempt, from start() to its `done`.
    struct Work {
        Attempt attempt;
        std::stop_token stop;
        Done done;
        Breaker::Ticket ticket;
    };
    struct Running {
        explicit Running(Work begun) : work(std::move(begun)) {}

        Work work;
        std::optional<CommandRun> run = {};
        std::optional<std::stop_callback<std::function<void()>>> on_stop = {};
    };
    using RunId = std::uint64_t;

    void begin(const Work& work);
    void end(RunId id, const std::optional<CommandOutcome>& outcome);
    void finish(const Work& work, const std::optional<CommandOutcome>& outcome);
    void note(Breaker::Change change, const Kind& kind, const CommandOutcome& outcome);

    // Constant after construction.
    const CommandOptions options_;
    const CommandEnvironment environment_;
    const GroupWatcher& watcher_;
    const std::function<void()> on_capacity_;

    Mutex mutex_;
    std::condition_variable_any all_ended_;
    std::size_t in_work_ GUARDED_BY(mutex_) = 0;
    std::map<Kind, Breaker> breakers_ GUARDED_BY(mutex_);

    // Only the loop's thread.
    std::map<RunId, Running> running_;
    RunId last_run_ = 0;
    log::LogPace operators_errors_;

    EventLoop loop_;  // last: its thread uses all of the above
};

}  // namespace orders
