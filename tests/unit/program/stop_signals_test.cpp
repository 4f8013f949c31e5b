// How a process ends: by a stop signal, by the limit after it, or by an exception in main. All of
// it happens in child processes, forked while the test is a single thread, which is what the thread
// sanitizer asks for.

#include "shared/program/stop_signals.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

#include "shared/os/file_descriptor.h"
#include "shared/os/wake_signal.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_error.h"
#include "shared/storage/open_storage.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

constexpr std::chrono::hours never{1};

struct Ending {
    int exit_status = -1;  // -1 if a signal ended it
    std::string standard_error;

    [[nodiscard]] bool said(const std::string& text) const {
        return standard_error.find(text) != std::string::npos;
    }
};

// Runs `body` in a process of its own, which exits with what it returns. A body that hangs is ended
// by its alarm.
Ending in_child(const std::function<int()>& body) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(30);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        std::_Exit(body());
    }
    const FileDescriptor output(ends[0]);
    ::close(ends[1]);

    Ending ending;
    std::array<char, 1024> part{};
    ssize_t count = 0;
    while ((count = ::read(output.get(), part.data(), part.size())) > 0) {
        ending.standard_error.append(part.data(), static_cast<std::size_t>(count));
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) ending.exit_status = WEXITSTATUS(status);
    return ending;
}

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

TEST_CASE("stop_signals: the first signal asks the process to stop, once, and the log names it") {
    struct Case {
        int number;
        std::string name;
    };
    for (const Case& signal : {Case{SIGTERM, "SIGTERM"}, Case{SIGINT, "SIGINT"}}) {
        CAPTURE(signal.name);
        const Ending ending = in_child([&] {
            block_stop_signals();
            std::atomic<int> calls = 0;
            {
                WakeSignal asked;
                const StopSignals watch(
                    [&] {
                        ++calls;
                        asked.notify();
                    },
                    never);
                send_to_self(signal.number);
                wait_for(asked);
            }
            return calls == 1 ? 42 : 1;
        });
        CAPTURE(ending.standard_error);
        CHECK(ending.exit_status == 42);
        CHECK(ending.said("info  stopping signal=" + signal.name));
    }
}

TEST_CASE("stop_signals: a signal that came during start-up is not lost") {
    const Ending ending = in_child([] {
        block_stop_signals();
        send_to_self(SIGTERM);
        WakeSignal asked;
        const StopSignals watch([&] { asked.notify(); }, never);
        wait_for(asked);
        return 42;
    });
    CHECK(ending.exit_status == 42);
}

TEST_CASE("stop_signals: a second signal ends the process at once with 128 and its number") {
    struct Case {
        int first;
        int second;
        int exit_status;
    };
    for (const Case& signals :
         {Case{SIGTERM, SIGTERM, 143}, Case{SIGINT, SIGINT, 130}, Case{SIGTERM, SIGINT, 130}}) {
        CAPTURE(signals.first);
        CAPTURE(signals.second);
        const Ending ending = in_child([&]() -> int {
            block_stop_signals();
            WakeSignal asked;
            const StopSignals watch([&] { asked.notify(); }, never);
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

TEST_CASE(
    "stop_signals: a process that does not stop within the hard limit is ended with status 1") {
    const Ending ending = in_child([]() -> int {
        block_stop_signals();
        const StopSignals watch([] {}, std::chrono::milliseconds(20));
        send_to_self(SIGTERM);
        wait_for_the_end();
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 1);
    CHECK(ending.said("error not stopped in time limit_ms=20"));
}

TEST_CASE(
    "stop_signals: a process that nobody asks to stop has no limit, and its watch ends without a "
    "signal") {
    const Ending ending = in_child([] {
        block_stop_signals();
        const StopSignals watch([] {}, std::chrono::milliseconds(0));
        return 42;
    });
    CHECK(ending.exit_status == 42);
    CHECK(ending.standard_error.empty());
}

TEST_CASE("stop_signals: the end of the watch is the end of the hard limit") {
    const Ending ending = in_child([] {
        block_stop_signals();
        {
            WakeSignal asked;
            const StopSignals watch([&] { asked.notify(); }, never);
            send_to_self(SIGTERM);
            wait_for(asked);
        }
        send_to_self(SIGTERM);  // still blocked, and nobody watches
        return 42;
    });
    CHECK(ending.exit_status == 42);
    CHECK_FALSE(ending.said("at once"));
}

TEST_CASE("stop_signals: writing to a pipe that nobody reads is an error, not a death") {
    const Ending ending = in_child([] {
        block_stop_signals();
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) return 1;
        ::close(ends[0]);
        return ::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 42 : 2;
    });
    CHECK(ending.exit_status == 42);
}

TEST_CASE(
    "run_program: a program ends with its own status, or with the one that its exception stands "
    "for") {
    struct Case {
        std::function<int()> program;
        int exit_status;
        std::string standard_error;
    };
    const std::array cases{
        Case{[] { return 0; }, 0, ""},
        Case{[] { return 7; }, 7, ""},
        Case{[]() -> int { throw SettingsError("--port: '99999' is not a port"); }, 2,
             "order-api: --port: '99999' is not a port\n"},
        Case{[]() -> int { throw UnknownLocation("no such kind of store"); }, 2,
             "order-api: --db or DB_PATH: no such kind of store\n"},
        Case{[]() -> int { throw std::runtime_error("the disk is gone"); }, 1,
             "order-api: the disk is gone\n"},
        Case{[]() -> int { throw std::runtime_error("two\nlines \x1b[31m"); }, 1,
             "order-api: two\\u000alines \\u001b[31m\n"},
    };
    for (const Case& expected : cases) {
        const Ending ending = in_child([&] { return run_program("order-api", expected.program); });
        CHECK(ending.exit_status == expected.exit_status);
        CHECK(ending.standard_error == expected.standard_error);
    }
}

TEST_CASE(
    "run_program: a store that cannot be used ends the program with status 1 and the hint on one "
    "line") {
    const Ending ending = in_child([] {
        return run_program("order-worker", []() -> int {
            throw StoreError(StoreError::Kind::unusable, StoreError::Cure::restart,
                             "open orders.db", "not a database", "choose another path");
        });
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 1);
    CHECK(ending.standard_error.starts_with("order-worker: "));
    CHECK(ending.said("open orders.db"));
    CHECK(ending.said("choose another path"));
    CHECK(ending.standard_error.find('\n') == ending.standard_error.size() - 1);
}

}  // namespace
}  // namespace orders
