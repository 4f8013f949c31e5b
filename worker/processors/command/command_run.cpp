#include "worker/processors/command/command_run.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

namespace orders {
namespace {

// What a pipe holds, if nobody has changed that; and how often that fits into the largest one that
// a user may make of it.
constexpr std::size_t pipe_bytes = 65'536;
constexpr int most_pipes_full = 16;

enum class Reading { some, nothing, end };

Reading read_some(int fd, auto& kept) {
    std::array<char, pipe_bytes> buffer;
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) kept.add(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    if (count > 0) return Reading::some;
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? Reading::nothing : Reading::end;
}

// A grandchild that goes on writing does not keep the run from its end.
void read_what_is_left(int fd, auto& kept) {
    for (int times = 0; times < most_pipes_full; ++times) {
        if (read_some(fd, kept) != Reading::some) return;
    }
}

}  // namespace

WatchedDescriptor::WatchedDescriptor(EventLoop& loop, int fd,
                                     const std::function<void()>& on_readable)
    : loop_(loop), fd_(fd) {
    loop.watch(fd, EPOLLIN, [on_readable](std::uint32_t) { on_readable(); });
}

CommandRun::CommandRun(EventLoop& loop, const GroupWatcher& watcher, const Plan& plan, OnEnd on_end)
    : loop_(loop),
      retry_exits_(plan.retry_exits),
      on_end_(std::move(on_end)),
      process_(plan.program, plan.environment, plan.input, watcher) {
    watched_output_.emplace(loop, process_.output_fd(), [this] {
        if (read_some(process_.output_fd(), output_) == Reading::end) watched_output_.reset();
    });
    watched_error_.emplace(loop, process_.error_fd(), [this] {
        if (read_some(process_.error_fd(), error_) == Reading::end) watched_error_.reset();
    });
    watched_exit_.emplace(loop, process_.exit_fd(), [this] { on_exit(); });
    timer_ = loop.call_at(plan.deadline, [this] { begin_to_end(Ending::timed_out); });
}

CommandRun::~CommandRun() {
    loop_.cancel(timer_);
}

void CommandRun::give_up() {
    begin_to_end(Ending::given_up);
}

void CommandRun::kill() {
    if (ending_ == Ending::by_itself) ending_ = Ending::given_up;
    process_.signal(SIGKILL);
}

void CommandRun::begin_to_end(Ending why) {
    if (ending_ != Ending::by_itself) return;
    ending_ = why;
    process_.signal(SIGTERM);
    loop_.cancel(timer_);
    timer_ = loop_.call_at(std::chrono::steady_clock::now() + grace,
                           [this] { process_.signal(SIGKILL); });
}

void CommandRun::on_exit() {
    // What it wrote before its end is in the pipes.
    read_what_is_left(process_.output_fd(), output_);
    read_what_is_left(process_.error_fd(), error_);
    watched_exit_.reset();
    const std::optional<CommandOutcome> outcome = outcome_by(process_.reap());
    const OnEnd on_end = std::move(on_end_);
    on_end(outcome);
}

std::optional<CommandOutcome> CommandRun::outcome_by(const ProcessEnd& end) const {
    if (ending_ == Ending::timed_out) return CommandOutcome{Failure{failure_reason::timeout}};
    const bool is_done = end == ProcessEnd{};
    if (ending_ == Ending::given_up && !is_done) return std::nullopt;
    return outcome_of(end, retry_exits_, output_, error_);
}

}  // namespace orders
