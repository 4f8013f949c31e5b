// Clients that listen to events, over a scripted log.

#include "api/events/event_desk.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "api/events/event_routes.h"
#include "api/http/server.h"
#include "api/intake/group_commit.h"
#include "shared/os/mutex.h"
#include "tests/support/event_listener.h"
#include "tests/support/order_builder.h"
#include "tests/support/scripted_store.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

// What it has, any thread may add to and cut short.
class ScriptedLog {
   public:
    ChangePage read(std::int64_t after, std::size_t limit) {
        const MutexLock lock(mutex_);
        ++reads_;
        ChangePage page{.state = state_, .changes = {}, .next_after = after};
        for (const Change& change : changes_) {
            if (change.id <= after || change.id <= state_.whole_after) continue;
            if (page.changes.size() == limit) break;
            page.changes.push_back(change);
            page.next_after = change.id;
        }
        return page;
    }
    void add(const std::string& order, int times = 1) {
        const MutexLock lock(mutex_);
        for (; times > 0; --times) {
            changes_.push_back({.id = ++state_.newest,
                                .order_id = order_id(order),
                                .kind = {},
                                .priority = Priority::normal,
                                .status = OrderStatus::pending,
                                .at = {}});
        }
    }
    // All that is there is deleted; or it has not been kept for a while.
    void cut() {
        const MutexLock lock(mutex_);
        state_.whole_after = ++state_.newest;
    }
    void set_kept(bool is_kept) {
        const MutexLock lock(mutex_);
        state_.is_kept = is_kept;
    }
    [[nodiscard]] int reads() {
        const MutexLock lock(mutex_);
        return reads_;
    }

   private:
    Mutex mutex_;
    ChangeLogState state_ GUARDED_BY(mutex_){.newest = 10, .whole_after = 5, .is_kept = true};
    std::vector<Change> changes_ GUARDED_BY(mutex_);
    int reads_ GUARDED_BY(mutex_) = 0;
};

class LogOfScript final : public ChangeLog {
   public:
    explicit LogOfScript(ScriptedLog& script) : script_(script) {}
    ChangePage read(std::int64_t after, std::size_t limit) override {
        return script_.read(after, limit);
    }

   private:
    ScriptedLog& script_;
};

class RunningEvents {
   public:
    explicit RunningEvents(const EventOptions& options = {}, std::size_t most_waiting = 1'000)
        : places_(most_waiting) {
        script.on_action([this](const OrderAction& action) -> ActionOutcome {
            if (std::holds_alternative<AwaitChanges>(action)) ++times_asked;
            return Done{};
        });
        EventOptions quick = options;
        quick.look_interval = 1ms;
        desk_.emplace(acts_, places_, std::make_unique<LogOfScript>(log), "e", quick);
        routes_.emplace(*desk_).add_to(server_);
        port_ = server_.bind().port;
        thread_ = std::jthread([this] { server_.run(patience); });
    }
    ~RunningEvents() { stop(); }
    RunningEvents(const RunningEvents&) = delete;
    RunningEvents& operator=(const RunningEvents&) = delete;

    void stop() {
        server_.stop();
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] EventDesk& desk() { return *desk_; }

    StoreScript script;
    ScriptedLog log;
    std::atomic<int> times_asked = 0;

   private:
    http::Server server_{{.handler_threads = 2, .transfer_limit = 2 * patience}};
    GroupCommit commits_{
        std::make_unique<ScriptedStore>(script), {.max_wait = patience}, [](const StoreError&) {}};
    OrderActs acts_{commits_};
    WaitingPlaces places_;
    std::optional<EventDesk> desk_;
    std::optional<EventRoutes> routes_;
    int port_ = 0;
    std::jthread thread_;
};

void check_gap(const SentEvent& event, const std::string& from, const std::string& to) {
    CHECK(event.name == "gap");
    CHECK(event.id == to);
    CHECK(event.data == nlohmann::json{{"from", from}, {"to", to}});
}

}  // namespace

TEST_CASE("event_desk: a client is greeted, gets what comes, and has it kept meanwhile") {
    RunningEvents events;
    events.log.add("before");
    CHECK(events.times_asked == 0);
    EventListener client(events.port());
    const SentEvent hello = client.next().value();
    CHECK(hello.name == "hello");
    CHECK(hello.id == "e-11");
    eventually(patience, [&] { return events.times_asked == 1; });
    events.log.add("a");
    events.log.add("b");
    CHECK(client.next_order().text() == "a Pending");
    const SentEvent b = client.next_order();
    CHECK(b.text() == "b Pending");
    CHECK(b.id == "e-13");
    CHECK(events.desk().figures().clients == 1);
}

TEST_CASE("event_desk: nobody is greeted before the log is kept") {
    RunningEvents events;
    events.log.set_kept(false);
    EventListener client(events.port());
    eventually(patience, [&] { return events.log.reads() > 2; });
    events.log.add("unseen");
    events.log.set_kept(true);
    CHECK(client.next().value().id == "e-11");
    events.log.add("a");
    CHECK(client.next_order().text() == "a Pending");
}

TEST_CASE("event_desk: a client that comes back gets what it has missed, and no more") {
    RunningEvents events;
    events.log.add("a", 3'000);
    for (const bool is_header : {true, false}) {
        EventListener client(events.port(), is_header ? "" : "?after=e-12",
                             is_header ? "e-12" : "");
        CHECK(client.next().value().id == "e-12");
        for (std::int64_t id = 13; id <= 3'010; ++id) {
            const SentEvent event = client.next_order();
            if (event.number() != id) CHECK(event.number() == id);
        }
    }
}

TEST_CASE("event_desk: who comes back for what is gone is told the gap, and goes on from now") {
    RunningEvents events;
    events.log.add("a");
    // Deleted; of before a restore; still to come; no id at all.
    for (const char* last : {"e-4", "f-8", "e-12", "x"}) {
        EventListener client(events.port(), "", last);
        const SentEvent hello = client.next().value();
        CHECK(hello.name == "hello");
        CHECK(hello.id.empty());
        check_gap(client.next().value(), last, "e-11");
    }
}

TEST_CASE("event_desk: what was not kept meanwhile is told to who listens") {
    RunningEvents events;
    EventListener client(events.port());
    CHECK(client.next().value().id == "e-10");
    events.log.cut();
    check_gap(client.next().value(), "e-10", "e-11");
    events.log.add("a");
    CHECK(client.next_order().id == "e-12");
}

TEST_CASE("event_desk: a client that takes nothing is told that it misses something, and let go") {
    RunningEvents events({.longest_stuck = 10ms});
    EventListener client(events.port());
    CHECK(client.next().has_value());
    events.log.add("a", 40'000);  // 6 MB
    // Its place is free a moment after it is counted.
    eventually(patience, [&] {
        const auto figures = events.desk().figures();
        return figures.dropped_clients == 1 && figures.clients == 0;
    });
    std::int64_t last = 10;
    for (;;) {
        const auto event = client.next();
        REQUIRE(event);
        if (event->name == "gap") {
            // It may come back for what it has missed: its last id stays.
            CHECK(event->id.empty());
            CHECK(event->data["from"] == "e-" + std::to_string(last));
            break;
        }
        CHECK(event->number() == last + 1);
        last = event->number();
    }
    CHECK(last < 40'010);
    CHECK_FALSE(client.next().has_value());
    CHECK(client.is_complete());
}

TEST_CASE("event_desk: a client that is slow gets all that there is") {
    RunningEvents events({.longest_stuck = 1h});
    EventListener slow(events.port());
    EventListener quick(events.port());
    for (EventListener* const client : {&slow, &quick}) CHECK(client->next()->name == "hello");
    events.log.add("a", 10'000);
    for (int left = 10'000; left > 0; --left) CHECK(quick.next_order().name == "order");
    for (std::int64_t id = 11; id <= 10'010; ++id) {
        const SentEvent event = slow.next_order();
        if (event.number() != id) CHECK(event.number() == id);
    }
}

TEST_CASE("event_desk: whoever is sent nothing else gets a sign of life with the newest id") {
    RunningEvents events({.longest_silence = 1ms});
    EventListener client(events.port(), "?order_id=other");
    CHECK(client.next().value().name == "hello");
    events.log.add("a");
    eventually(patience, [&] {
        const SentEvent event = client.next().value();
        CHECK(event.name.empty());
        return event.id == "e-11";
    });
}

TEST_CASE("event_desk: when all places are taken, nobody more may listen until one is free") {
    for (const bool is_own_bound : {true, false}) {
        RunningEvents events({.max_clients = is_own_bound ? std::size_t{1} : 10},
                             is_own_bound ? 10 : 1);
        {
            EventListener client(events.port());
            CHECK(client.is_listening());
            const HttpAnswer refused = HttpClient(events.port()).get("/api/v1/events");
            CHECK(refused.status == 503);
            CHECK(refused.header("retry-after"));
        }
        eventually(patience, [&] { return EventListener(events.port()).is_listening(); });
    }
}

TEST_CASE("event_desk: when the server stops, clients are told and see a proper end") {
    RunningEvents events;
    EventListener client(events.port());
    CHECK(client.next().value().name == "hello");
    events.stop();
    CHECK(client.next().value().name == "bye");
    CHECK_FALSE(client.next().has_value());
    CHECK(client.is_complete());
}

TEST_CASE("event_desk: it can have the log kept with nobody there") {
    RunningEvents events({.is_kept_always = true});
    eventually(patience, [&] { return events.times_asked == 1; });
}

TEST_CASE("event_desk: a query that is not valid is refused") {
    RunningEvents events;
    const HttpAnswer answer = HttpClient(events.port()).get("/api/v1/events?status=Done&since=1");
    CHECK(answer.status == 400);
    CHECK(answer.json()["errors"].size() == 2);
}

}  // namespace orders::test
