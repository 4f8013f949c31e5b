#include "shared/program/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include "shared/log/log.h"
#include "shared/os/steady_time.h"
#include "shared/program/run_program.h"

namespace orders {

namespace {

sigset_t stop_signal_set() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    return set;
}

FileDescriptor open_signals() {
    const sigset_t set = stop_signal_set();
    return FileDescriptor::opened(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

// 0 if none has arrived.
int take_signal(int signals) {
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
    return static_cast<int>(info.ssi_signo);
}

const char* name_of(int signal) {
    return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

// For poll(). Before the first signal there is no limit to wait for.
int wait_ms(const std::optional<SteadyTime>& deadline) {
    if (!deadline) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 60'000));
}

}  // namespace

void block_stop_signals() {
    const sigset_t set = stop_signal_set();
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
        throw std::system_error(error, std::generic_category(), "pthread_sigmask");
    }
    ::signal(SIGPIPE, SIG_IGN);
}

StopSignals::StopSignals(std::function<void()> on_stop, std::chrono::milliseconds hard_limit)
    : on_stop_(std::move(on_stop)),
      hard_limit_(hard_limit),
      signals_(open_signals()),
      thread_([this] { watch(); }) {}

StopSignals::~StopSignals() {
    ended_.notify();
}

void StopSignals::watch() {
    std::optional<SteadyTime> deadline;  // there is one from the first signal on
    while (true) {
        std::array<pollfd, 2> sources{pollfd{ended_.fd(), POLLIN, 0},
                                      pollfd{signals_.get(), POLLIN, 0}};
        ::poll(sources.data(), sources.size(), wait_ms(deadline));
        if (sources[0].revents != 0) return;

        if (const int signal = take_signal(signals_.get()); signal != 0) {
            if (deadline) {
                log::warn("stopping at once", {{"signal", name_of(signal)}});
                std::_Exit(128 + signal);
            }
            log::info("stopping", {{"signal", name_of(signal)}});
            deadline = std::chrono::steady_clock::now() + hard_limit_;
            on_stop_();
        } else if (deadline && std::chrono::steady_clock::now() >= *deadline) {
            log::error("not stopped in time", {{"limit_ms", hard_limit_.count()}});
            std::_Exit(exit_failure);
        }
    }
}

}  // namespace orders
