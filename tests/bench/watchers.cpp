#include "tests/bench/watchers.h"

#include <chrono>
#include <deque>
#include <span>
#include <string>

#include "tests/bench/figures.h"

namespace orders::bench {
namespace {

constexpr int streams = 100;
constexpr int dashboards = 10;
// What one asks for, and how often; the page's own are in api/dashboard/page.
struct Habit {
    const char* path;
    std::chrono::milliseconds every;
};
constexpr std::chrono::milliseconds tick{200};
constexpr Habit of_prometheus[] = {{"/metrics", std::chrono::seconds(5)}};
constexpr Habit of_dashboards[] = {
    {"/api/v1/report", std::chrono::seconds(2)},
    {"/api/v1/report/history?minutes=15", std::chrono::seconds(10)},
    {"/metrics", std::chrono::seconds(10)},
};

class Watcher {
   public:
    Watcher(int port, SteadyClock::time_point begin, std::span<const Habit> habits) : http_(port) {
        for (const Habit& habit : habits) due_.push_back({habit, begin});
    }

    // Asks for what is due. Returns how much of it was not answered.
    int look() {
        int failures = 0;
        for (Due& due : due_) {
            if (SteadyClock::now() < due.at) continue;
            due.at += due.habit.every;
            const auto outcome = http_.attempt({"GET", due.habit.path, {}, ""});
            if (test::status_of(outcome) != 200) ++failures;
        }
        return failures;
    }

   private:
    struct Due {
        Habit habit;
        SteadyClock::time_point at;
    };

    test::HttpClient http_;
    std::vector<Due> due_;
};

}  // namespace

Watchers::Watchers(int port) {
    for (int stream = 0; stream < streams; ++stream) {
        test::RawConnection connection(port);
        (void)connection.send("GET /api/v1/events?kind=of-others HTTP/1.1\r\nHost: bench\r\n\r\n");
        const std::string begin =
            connection.read_until("event: hello", std::chrono::milliseconds(10'000));
        if (!begin.starts_with("HTTP/1.1 200")) throw BenchFailure("an event stream did not begin");
        streams_.push_back(std::move(connection));
    }
    thread_ = std::jthread([this, port](const std::stop_token& stop) { look_on(port, stop); });
}

void Watchers::stop() {
    thread_.request_stop();
    thread_.join();
    streams_.clear();
    if (failures_ > 0) throw BenchFailure("somebody who looked on was not answered");
}

void Watchers::look_on(int port, const std::stop_token& stop) {
    std::deque<Watcher> watchers;
    const auto begin = SteadyClock::now();
    watchers.emplace_back(port, begin, of_prometheus);
    // One after the other, as they were opened.
    for (int dashboard = 0; dashboard < dashboards; ++dashboard) {
        watchers.emplace_back(port, begin + dashboard * tick, of_dashboards);
    }
    while (!stop.stop_requested()) {
        for (Watcher& watcher : watchers) failures_ += watcher.look();
        std::this_thread::sleep_for(tick / 4);
    }
}

}  // namespace orders::bench
