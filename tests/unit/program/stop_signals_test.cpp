// How a process ends by a stop signal, or by the limit after it.

#include "shared/program/stop_signals.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>

#include "shared/os/wake_signal.h"
#include "tests/unit/program/in_child.h"

namespace orders {
namespace {

using test::block_standard_error;
using test::EndedChild;
using test::in_child;

constexpr std::chrono::hours never{1};

void wait_for(const WakeSignal& signal) {
    pollfd source{signal.fd(), POLLIN, 0};
    while (::poll(&source, 1, -1) != 1) {
    }
}

// To the process, as a terminal or `docker stop` does it; not to a thread.
void send_to_self(int signal) {
    ::kill(::getpid(), signal);
}

[[noreturn]] void wait_for_the_end() {
    while (true) ::pause();
}

// With no limit to reach, and nothing to do, unless a case says otherwise.
StopOptions options_for(WakeSignal& asked) {
    return {.on_stop = [&] { asked.notify(); }, .drain_limit = never};
}

TEST_CASE("stop_signals: the first signal asks the process to stop, once, and the log names it") {
    struct Case {
        int number;
        std::string name;
    };
    for (const Case& signal :
         {Case{SIGTERM, "SIGTERM"}, Case{SIGINT, "SIGINT"}, Case{SIGHUP, "SIGHUP"}}) {
        CAPTURE(signal.name);
        const EndedChild ending = in_child([&] {
            block_stop_signals();
            std::atomic<int> calls = 0;
            {
                WakeSignal asked;
                StopSignals watch({.on_stop =
                                       [&] {
                                           ++calls;
                                           asked.notify();
                                       },
                                   .drain_limit = std::chrono::seconds(20)});
                watch.work_has_begun();
                send_to_self(signal.number);
                wait_for(asked);
            }
            return calls == 1 ? 42 : 1;
        });
        CAPTURE(ending.standard_error);
        CHECK(ending.exit_status == 42);
        CHECK(ending.said("info  stopping signal=" + signal.name +
                          " drain_limit_seconds=20.0 hint="));
    }
}

TEST_CASE("stop_signals: a signal that came during start-up is not lost") {
    const EndedChild ending = in_child([]() -> int {
        block_stop_signals();
        send_to_self(SIGTERM);
        WakeSignal asked;
        const StopSignals watch(options_for(asked));
        wait_for_the_end();
    });
    CHECK(ending.exit_status == 0);
}

TEST_CASE("stop_signals: a process that has not begun its work ends at once with status 0") {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        CAPTURE(signal);
        const EndedChild ending = in_child([&]() -> int {
            block_stop_signals();
            const StopSignals watch({.on_stop = [] {}, .drain_limit = never});
            send_to_self(signal);
            wait_for_the_end();
        });
        CAPTURE(ending.standard_error);
        CHECK(ending.exit_status == 0);
        CHECK(ending.said("info  stopped before it began signal=SIG"));
    }
}

TEST_CASE("stop_signals: SIGHUP is ignored if it was when the process was started") {
    const EndedChild ending = in_child([] {
        ::signal(SIGHUP, SIG_IGN);
        block_stop_signals();
        WakeSignal asked;
        {
            StopSignals watch(options_for(asked));
            watch.work_has_begun();
            send_to_self(SIGHUP);
            send_to_self(SIGTERM);
            wait_for(asked);
        }
        return 42;
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 42);
    CHECK(ending.said("stopping signal=SIGTERM"));
    CHECK_FALSE(ending.said("SIGHUP"));
}

TEST_CASE("stop_signals: signals that come soon after the first are the same request") {
    const EndedChild ending = in_child([] {
        block_stop_signals();
        WakeSignal asked;
        StopOptions options = options_for(asked);
        options.on_hurry = [] { std::_Exit(1); };
        options.same_request_within = never;
        {
            StopSignals watch(options);
            watch.work_has_begun();
            send_to_self(SIGINT);
            wait_for(asked);
            for (const int signal : {SIGINT, SIGTERM, SIGHUP}) send_to_self(signal);
            sigset_t pending;
            do {
                ::sigpending(&pending);
            } while (::sigismember(&pending, SIGHUP) == 1 || ::sigismember(&pending, SIGINT) == 1 ||
                     ::sigismember(&pending, SIGTERM) == 1);
        }  // the watch ends once it has dealt with what it took
        return 42;
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 42);
    CHECK_FALSE(ending.said("at once"));
}

TEST_CASE("stop_signals: a later signal ends the process at once with 128 and its number") {
    struct Case {
        int first;
        int second;
        int exit_status;
    };
    for (const Case& signals :
         {Case{SIGTERM, SIGTERM, 143}, Case{SIGINT, SIGINT, 130}, Case{SIGTERM, SIGINT, 130}}) {
        CAPTURE(signals.first);
        CAPTURE(signals.second);
        const EndedChild ending = in_child([&]() -> int {
            block_stop_signals();
            WakeSignal asked;
            StopOptions options = options_for(asked);
            options.same_request_within = std::chrono::milliseconds(0);
            StopSignals watch(options);
            watch.work_has_begun();
            send_to_self(signals.first);
            wait_for(asked);
            send_to_self(signals.second);
            wait_for_the_end();
        });
        CAPTURE(ending.standard_error);
        CHECK(ending.exit_status == signals.exit_status);
        CHECK(ending.said("warn  stopping at once signal="));
    }
}

TEST_CASE("stop_signals: a process that can hurry does so at the second signal, and ends itself") {
    const EndedChild ending = in_child([] {
        block_stop_signals();
        WakeSignal asked;
        WakeSignal hurried;
        StopOptions options = options_for(asked);
        options.on_hurry = [&] { hurried.notify(); };
        options.same_request_within = std::chrono::milliseconds(0);
        options.hurry_limit = never;
        {
            StopSignals watch(options);
            watch.work_has_begun();
            send_to_self(SIGTERM);
            wait_for(asked);
            send_to_self(SIGTERM);
            wait_for(hurried);
        }
        return 42;
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 42);
}

TEST_CASE("stop_signals: a process that does not hurry enough ends with 128 and the number") {
    const EndedChild ending = in_child([]() -> int {
        block_stop_signals();
        WakeSignal asked;
        StopOptions options = options_for(asked);
        options.on_hurry = [] {};
        options.same_request_within = std::chrono::milliseconds(0);
        options.hurry_limit = std::chrono::milliseconds(20);
        StopSignals watch(options);
        watch.work_has_begun();
        send_to_self(SIGTERM);
        wait_for(asked);
        send_to_self(SIGINT);
        wait_for_the_end();
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 130);
}

TEST_CASE("stop_signals: a process that does not stop in its time is ended with status 1") {
    const EndedChild ending = in_child([]() -> int {
        block_stop_signals();
        StopSignals watch({.on_stop = [] {},
                           .drain_limit = std::chrono::milliseconds(15),
                           .margin = std::chrono::milliseconds(5)});
        watch.work_has_begun();
        send_to_self(SIGTERM);
        wait_for_the_end();
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 1);
    CHECK(ending.said("error not stopped in time limit_seconds=0.02 "));
}

TEST_CASE("stop_signals: a process that ends for a reason of its own has the same time") {
    const EndedChild ending = in_child([]() -> int {
        block_stop_signals();
        StopSignals watch({.on_stop = [] {},
                           .drain_limit = std::chrono::milliseconds(15),
                           .margin = std::chrono::milliseconds(5)});
        watch.limit_what_is_left();
        wait_for_the_end();
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 1);
    CHECK(ending.said("not stopped in time"));
}

TEST_CASE(
    "stop_signals: a process that nobody asks to stop has no limit, and its watch ends without a "
    "signal") {
    const EndedChild ending = in_child([] {
        block_stop_signals();
        const std::chrono::milliseconds none{0};
        const StopSignals watch({.on_stop = [] {}, .drain_limit = none, .margin = none});
        return 42;
    });
    CHECK(ending.exit_status == 42);
    CHECK(ending.standard_error.empty());
}

TEST_CASE("stop_signals: the end of the watch is the end of the limits") {
    const EndedChild ending = in_child([] {
        block_stop_signals();
        {
            WakeSignal asked;
            StopSignals watch(options_for(asked));
            watch.work_has_begun();
            send_to_self(SIGTERM);
            wait_for(asked);
        }
        send_to_self(SIGTERM);  // still blocked, and nobody watches
        return 42;
    });
    CHECK(ending.exit_status == 42);
    CHECK_FALSE(ending.said("at once"));
}

TEST_CASE("stop_signals: nothing waits for a log that nobody reads") {
    struct Case {
        std::string what;
        std::function<void(StopSignals&, WakeSignal&)> happens;
        int exit_status;
    };
    const std::array cases{
        Case{"before the work has begun", [](StopSignals&, WakeSignal&) { send_to_self(SIGTERM); },
             0},
        Case{"the limit is reached",
             [](StopSignals& watch, WakeSignal&) {
                 watch.work_has_begun();
                 send_to_self(SIGTERM);
             },
             1},
        Case{"a second signal",
             [](StopSignals& watch, WakeSignal& asked) {
                 watch.work_has_begun();
                 send_to_self(SIGTERM);
                 wait_for(asked);
                 send_to_self(SIGTERM);
             },
             143},
    };
    for (const Case& end : cases) {
        CAPTURE(end.what);
        const EndedChild ending = in_child([&]() -> int {
            block_standard_error();
            block_stop_signals();
            WakeSignal asked;
            StopOptions options = options_for(asked);
            options.same_request_within = std::chrono::milliseconds(0);
            options.drain_limit = end.exit_status == 1 ? std::chrono::milliseconds(10)
                                                       : std::chrono::milliseconds(never);
            options.margin = std::chrono::milliseconds(0);
            StopSignals watch(options);
            end.happens(watch, asked);
            wait_for_the_end();
        });
        CHECK(ending.exit_status == end.exit_status);
    }
}

TEST_CASE("stop_signals: writing to a pipe that nobody reads is an error, not a death") {
    const EndedChild ending = in_child([] {
        block_stop_signals();
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) return 1;
        ::close(ends[0]);
        return ::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 42 : 2;
    });
    CHECK(ending.exit_status == 42);
}

}  // namespace
}  // namespace orders
