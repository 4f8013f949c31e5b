#include "shared/program/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "shared/log/log.h"
#include "shared/program/run_program.h"

namespace orders {

namespace {

using std::chrono::steady_clock;

bool is_ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t stop_signal_set() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    if (!is_ignored(SIGHUP)) ::sigaddset(&set, SIGHUP);
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
    switch (signal) {
        case SIGINT:
            return "SIGINT";
        case SIGHUP:
            return "SIGHUP";
        default:
            return "SIGTERM";
    }
}

double in_seconds(std::chrono::duration<double> time) {
    return time.count();
}

// For poll(). Before the first signal there is no limit to wait for.
int wait_ms(SteadyTime deadline) {
    if (deadline == SteadyTime::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
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

StopSignals::StopSignals(StopOptions options)
    : options_(std::move(options)), signals_(open_signals()), thread_([this] { watch(); }) {}

StopSignals::~StopSignals() {
    ended_.notify();
}

void StopSignals::watch() {
    while (true) {
        std::array<pollfd, 3> sources{pollfd{ended_.fd(), POLLIN, 0},
                                      pollfd{signals_.get(), POLLIN, 0},
                                      pollfd{limit_begins_.fd(), POLLIN, 0}};
        ::poll(sources.data(), sources.size(), wait_ms(deadline_));
        if (sources[0].revents != 0) return;

        if (sources[2].revents != 0) {
            limit_begins_.clear();
            begin_limit(options_.drain_limit + options_.margin);
        }
        if (const int signal = take_signal(signals_.get()); signal != 0) {
            take(signal);
        } else if (steady_clock::now() >= deadline_) {
            end_by_force();
        }
    }
}

void StopSignals::take(int signal) {
    const SteadyTime now = steady_clock::now();
    if (!asked_at_) {
        asked_at_ = now;
        if (!has_work_begun_) {
            log::info("stopped before it began", {{"signal", name_of(signal)}});
            std::_Exit(exit_ok);
        }
        const std::chrono::milliseconds time_for_work = options_.delay + options_.drain_limit;
        begin_limit(time_for_work + options_.margin);
        options_.on_stop();
        log::info("stopping", {{"signal", name_of(signal)},
                               {"drain_limit_seconds", in_seconds(time_for_work)},
                               {"hint", "a signal more than a second after this one ends it now"}});
        return;
    }
    if (hurried_by_ != 0 || now < *asked_at_ + options_.same_request_within) return;
    hurried_by_ = signal;
    begin_limit(options_.on_hurry ? options_.hurry_limit : std::chrono::milliseconds(0));
    if (options_.on_hurry) options_.on_hurry();
    log::warn("stopping at once", {{"signal", name_of(signal)}});
}

// An earlier one stays.
void StopSignals::begin_limit(std::chrono::milliseconds limit) {
    const SteadyTime deadline = steady_clock::now() + limit;
    if (deadline >= deadline_) return;
    deadline_ = deadline;
    limit_ = limit;
}

void StopSignals::end_by_force() const {
    if (hurried_by_ != 0) std::_Exit(128 + hurried_by_);
    log::error("not stopped in time",
               {{"limit_seconds", in_seconds(limit_)},
                {"consequence", "this program ends at once; what is stored is safe"}});
    std::_Exit(exit_failure);
}

}  // namespace orders
