#include "worker/processors/event_loop.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        out = FileDescriptor(ends[0]);
        in = FileDescriptor(ends[1]);
    }
    void write() const { REQUIRE(::write(in.get(), "x", 1) == 1); }
    void read() const {
        char byte = 0;
        REQUIRE(::read(out.get(), &byte, 1) == 1);
    }

    FileDescriptor out;
    FileDescriptor in;
};

// Runs the function on the loop's thread, and returns when it has returned.
template <typename Function>
void on_loop(EventLoop& loop, Function function) {
    std::promise<void> done;
    loop.post([&] {
        function();
        done.set_value();
    });
    REQUIRE(done.get_future().wait_for(patience) == std::future_status::ready);
}

[[nodiscard]] bool comes(std::promise<void>& promise) {
    return promise.get_future().wait_for(patience) == std::future_status::ready;
}

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

TEST_CASE("event_loop: tasks run on its own thread, those of one thread in their order") {
    std::vector<int> seen;  // only the loop's thread, until on_loop() has returned
    std::optional<std::thread::id> thread;
    EventLoop loop;
    const auto post_all = [&](int first) {
        for (int number = first; number < first + 1'000; ++number) {
            loop.post([&, number] {
                if (!thread) thread = std::this_thread::get_id();
                CHECK(*thread == std::this_thread::get_id());
                seen.push_back(number);
            });
        }
    };
    {
        const std::jthread one([&] { post_all(0); });
        const std::jthread other([&] { post_all(1'000); });
    }
    on_loop(loop, [] {});
    CHECK(thread != std::this_thread::get_id());
    REQUIRE(seen.size() == 2'000);
    std::array<int, 2> next{0, 1'000};
    for (const int number : seen) CHECK(number == next.at(number < 1'000 ? 0 : 1)++);
}

TEST_CASE("event_loop: its end runs what was posted, and what that posts") {
    std::vector<int> seen;
    std::promise<void> go;
    {
        EventLoop loop;
        loop.post([&] { go.get_future().wait(); });
        loop.post([&] {
            seen.push_back(1);
            loop.post([&] {
                seen.push_back(2);
                loop.post([&] { seen.push_back(3); });
            });
        });
        go.set_value();
    }
    CHECK(seen == std::vector{1, 2, 3});
}

TEST_CASE("event_loop: its end does not wait for timers or descriptors") {
    const Pipe pipe;
    bool is_called = false;
    {
        EventLoop loop;
        on_loop(loop, [&] {
            loop.call_at(now() + 24h, [&] { is_called = true; });
            loop.watch(pipe.out.get(), EPOLLIN, [&](std::uint32_t) { is_called = true; });
        });
    }
    CHECK_FALSE(is_called);
}

TEST_CASE("event_loop: timers run in the order of their times, and not before") {
    std::vector<int> seen;
    std::promise<void> done;
    EventLoop loop;
    on_loop(loop, [&] {
        const SteadyTime start = now();
        const auto set = [&](int number, SteadyTime time) {
            loop.call_at(time, [&seen, number, time] {
                CHECK(now() >= time);
                seen.push_back(number);
            });
        };
        set(4, start + 20ms);
        set(2, start + 10ms);
        set(3, start + 10ms);
        set(1, start - 1s);
        loop.call_at(start + 30ms, [&] { done.set_value(); });
    });
    REQUIRE(comes(done));
    CHECK(seen == std::vector{1, 2, 3, 4});
}

TEST_CASE("event_loop: a nearer timer does not wait for one that was set before") {
    std::promise<void> done;
    EventLoop loop;
    on_loop(loop, [&] { loop.call_at(now() + 24h, [] {}); });
    on_loop(loop, [&] { loop.call_at(now() + 1ms, [&] { done.set_value(); }); });
    CHECK(comes(done));
}

TEST_CASE("event_loop: a timer that is cancelled does not run, and a later one does") {
    bool is_called = false;
    std::promise<void> done;
    EventLoop loop;
    on_loop(loop, [&] {
        const auto first = loop.call_at(now() + 1ms, [&] { is_called = true; });
        const auto second = loop.call_at(now() - 1ms, [&] { is_called = true; });
        loop.call_at(now() + 5ms, [&] { done.set_value(); });
        loop.cancel(first);
        loop.cancel(second);
        loop.cancel(second);  // does nothing
    });
    REQUIRE(comes(done));
    CHECK_FALSE(is_called);
}

TEST_CASE("event_loop: a timer that sets the next one for the same moment keeps nobody waiting") {
    std::function<void()> again;
    std::promise<void> done;
    EventLoop loop;  // ends before what its timers use
    again = [&] { loop.call_at(SteadyTime{}, again); };
    on_loop(loop, [&] {
        again();
        loop.call_at(now() + 5ms, [&] { done.set_value(); });
    });
    CHECK(comes(done));
}

TEST_CASE("event_loop: a watched descriptor calls each time that it is ready") {
    const Pipe pipe;
    std::array<std::promise<void>, 2> calls;
    std::size_t count = 0;
    EventLoop loop;
    on_loop(loop, [&] {
        loop.watch(pipe.out.get(), EPOLLIN, [&](std::uint32_t events) {
            CHECK((events & EPOLLIN) != 0);
            pipe.read();
            calls.at(count++).set_value();
        });
    });
    for (auto& call : calls) {
        pipe.write();
        REQUIRE(comes(call));
    }
}

TEST_CASE("event_loop: a second watch of a descriptor replaces the first") {
    const Pipe pipe;
    std::promise<void> done;
    EventLoop loop;
    on_loop(loop, [&] {
        loop.watch(pipe.in.get(), EPOLLIN, [](std::uint32_t) { FAIL_CHECK("replaced"); });
        loop.watch(pipe.in.get(), EPOLLOUT, [&](std::uint32_t events) {
            CHECK((events & EPOLLOUT) != 0);
            loop.unwatch(pipe.in.get());
            done.set_value();
        });
    });
    CHECK(comes(done));
}

TEST_CASE("event_loop: what is not watched any more is not called, not even for what is known") {
    // Both are ready in the same turn, and whichever is called first ends the other's watch, closes
    // it, and has a new descriptor of the same number watched.
    Pipe one;
    Pipe other;
    Pipe late;
    EventLoop loop;
    one.write();
    other.write();
    int calls = 0;
    on_loop(loop, [&] {
        const auto replace = [&](Pipe& gone) {
            const int number = gone.out.get();
            loop.unwatch(number);
            REQUIRE(::dup2(late.out.get(), number) == number);  // closes what it was
            loop.watch(number, EPOLLIN, [](std::uint32_t) { FAIL_CHECK("nothing has come"); });
        };
        loop.watch(one.out.get(), EPOLLIN, [&, replace](std::uint32_t) {
            ++calls;
            one.read();
            replace(other);
        });
        loop.watch(other.out.get(), EPOLLIN, [&, replace](std::uint32_t) {
            ++calls;
            other.read();
            replace(one);
        });
    });
    on_loop(loop, [] {});
    on_loop(loop, [] {});
    CHECK(calls == 1);
}

TEST_CASE("event_loop: to watch what is no descriptor is an error") {
    EventLoop loop;
    on_loop(loop, [&] {
        CHECK_THROWS_AS(loop.watch(-1, EPOLLIN, [](std::uint32_t) {}), std::system_error);
        loop.unwatch(-1);  // does nothing
    });
}

}  // namespace orders::test
