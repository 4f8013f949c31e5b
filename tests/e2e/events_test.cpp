// GET /api/v1/events: clients hear of orders as they move, and miss nothing without being told.

#include <doctest/doctest.h>
#include <signal.h>

#include <deque>
#include <string>
#include <vector>

#include "shared/domain/utc_time.h"
#include "tests/support/check_problem.h"
#include "tests/support/event_listener.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

std::vector<nlohmann::json> orders_named(const std::string& name, int count) {
    std::vector<nlohmann::json> orders;
    for (int i = 0; i < count; ++i) orders.push_back(order_json(name + std::to_string(i)));
    return orders;
}

std::string hello_of(EventListener& client) {
    const SentEvent hello = client.next().value();
    CHECK(hello.name == "hello");
    CHECK(hello.data["id"] == hello.id);
    return hello.id;
}

}  // namespace

TEST_CASE("events: a client hears of an order from its creation to its end") {
    OrderProcesses processes;
    processes.start_api();
    EventListener client(processes.port());
    CHECK(client.head().find("Content-Type: text/event-stream; charset=utf-8\r\n") !=
          std::string::npos);
    CHECK(client.head().find("Cache-Control: no-store\r\n") != std::string::npos);
    CHECK(client.head().find("X-Accel-Buffering: no\r\n") != std::string::npos);
    CHECK(client.head().find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    (void)hello_of(client);
    nlohmann::json order = order_json("a", "High");
    order["kind"] = "mail";
    processes.submit(order);
    processes.start_worker();
    std::int64_t last = 0;
    for (const char* status : {"Pending", "Processing", "Processed"}) {
        const SentEvent event = client.next_order();
        CHECK(event.number() > last);
        last = event.number();
        CHECK(parse_rfc3339(event.data["at"].get<std::string>()).has_value());
        nlohmann::json data = event.data;
        data.erase("at");
        CHECK(data == nlohmann::json{{"order_id", "a"},
                                     {"kind", "mail"},
                                     {"priority", "High"},
                                     {"status", status},
                                     {"attempt", status == std::string("Pending") ? 0 : 1},
                                     {"reason", nullptr}});
    }
}

TEST_CASE("events: a client hears only of what it has asked for") {
    OrderProcesses processes;
    processes.start_api();
    EventListener one(processes.port(), "?order_id=a3&order_id=a5");
    EventListener cancelled(processes.port(), "?status=Cancelled&status=Failed&kind=default");
    EventListener high(processes.port(), "?priority=High");
    for (EventListener* client : {&one, &cancelled, &high}) (void)hello_of(*client);
    processes.submit_all(orders_named("a", 10));
    processes.submit(order_json("h", "High"));
    CHECK(processes.client().post("/api/v1/orders/a5/cancel", std::string()).status == 200);
    CHECK(one.next_order().text() == "a3 Pending");
    CHECK(one.next_order().text() == "a5 Pending");
    CHECK(one.next_order().text() == "a5 Cancelled");
    CHECK(cancelled.next_order().text() == "a5 Cancelled");
    CHECK(high.next_order().text() == "h Pending");
}

TEST_CASE("events: a client that comes back goes on where it left off") {
    OrderProcesses processes;
    processes.start_api();
    EventListener watching(processes.port());  // so that the store goes on to keep them
    std::string last;
    {
        EventListener client(processes.port());
        (void)hello_of(client);
        processes.submit_all(orders_named("a", 3));
        CHECK(client.next_order().text() == "a0 Pending");
        last = client.next_order().id;
    }
    processes.submit_all(orders_named("b", 2));
    EventListener again(processes.port(), "", last);
    CHECK(hello_of(again) == last);
    EventListener by_parameter(processes.port(), "?after=" + last + "&status=Pending");
    for (EventListener* client : {&again, &by_parameter}) {
        for (const char* text : {"a2 Pending", "b0 Pending", "b1 Pending"}) {
            CHECK(client->next_order().text() == text);
        }
    }
    const std::string other_epoch = std::string(32, '0') + "-1";
    EventListener other(processes.port(), "", other_epoch);
    CHECK(other.next().value().id.empty());
    const SentEvent gap = other.next_of("gap");
    CHECK(gap.data["from"] == other_epoch);
    CHECK(gap.data["to"] == gap.id);
    processes.submit(order_json("c"));
    CHECK(other.next_order().text() == "c Pending");
}

TEST_CASE("events: with --events always what happens while the API is away is not missed") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--events", "always"});
    std::string last;
    {
        EventListener client(processes.port());
        last = hello_of(client);
        nlohmann::json order = order_json("a");
        order["delay_seconds"] = 1;
        processes.submit(order);
        last = client.next_order().id;
        api.signal(SIGTERM);
        CHECK(client.next_of("bye").name == "bye");
        CHECK_FALSE(client.next().has_value());
        CHECK(client.is_complete());
    }
    CHECK_EQ(api.wait_exit(patience), exited(0));
    processes.start_worker();
    processes.start_api({"--events", "always"});
    EventListener again(processes.port(), "", last);
    CHECK(hello_of(again) == last);
    CHECK(again.next_order().text() == "a Processing");
    CHECK(again.next_order().text() == "a Processed");
}

TEST_CASE("events: an id of before a restore fits nothing after it, and that is told" *
          only_in_a_file()) {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    processes.submit(order_json("a"));
    const std::string backup = processes.directory().file("backup.db");
    CHECK_EQ(processes.launch(api_program(), {"backup", backup}).wait_exit(patience), exited(0));
    std::string last;
    {
        EventListener client(processes.port());
        (void)hello_of(client);
        processes.submit(order_json("b"));
        last = client.next_order().id;
    }
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
    CHECK_EQ(processes.launch(api_program(), {"restore", backup}).wait_exit(patience), exited(0));
    processes.start_api();
    EventListener again(processes.port(), "", last);
    CHECK(again.next_of("gap").data["from"] == last);
    processes.submit(order_json("c"));
    const SentEvent event = again.next_order();
    CHECK(event.text() == "c Pending");
    CHECK(event.epoch() != last.substr(0, last.find('-')));
}

TEST_CASE("events: with as many clients as may listen, the next is refused until one has left") {
    OrderProcesses processes;
    processes.start_api({"--max-event-clients", "2"});
    {
        EventListener first(processes.port());
        EventListener second(processes.port());
        CHECK(second.is_listening());
        const HttpAnswer refused = processes.client().get("/api/v1/events");
        check_problem(refused, 503, "overloaded");
        CHECK(refused.header("retry-after"));
    }
    eventually(patience, [&] { return EventListener(processes.port()).is_listening(); });
}

TEST_CASE("events: an operator may switch them off") {
    OrderProcesses processes;
    processes.start_api({"--events", "off"});
    check_problem(processes.client().get("/api/v1/events"), 404, "route-not-found");
}

TEST_CASE("events: a query that is not valid is refused, and so is who may not read") {
    OrderProcesses processes;
    processes.start_api({}, {{"API_TOKENS", "a-secret-of-some-length"}});
    CHECK(processes.client().get("/api/v1/events").status == 401);
    const HttpAnswer answer = processes.client().send(
        {"GET", "/api/v1/events?kind=A", {{"Authorization", "Bearer a-secret-of-some-length"}}});
    check_problem(answer, 400, "invalid-query");
}

TEST_CASE("events: to HTTP/1.0 they come as they are, until the connection ends") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    RawConnection client(processes.port());
    client.send("GET /api/v1/events HTTP/1.0\r\n\r\n");
    const std::string head = client.read_until("\r\n\r\n", patience);
    CHECK(head.find("Transfer-Encoding") == std::string::npos);
    CHECK(client.read_until("\n\n", patience).starts_with("retry: 2000\nid: "));
    api.signal(SIGTERM);
    CHECK(client.read_until("event: bye\ndata: {}\n\n", patience).ends_with("{}\n\n"));
    CHECK(client.is_closed_by_server(patience));
}

TEST_CASE("events: a hundred clients hear the same, and one that reads nothing holds up none") {
    OrderProcesses processes;
    processes.start_api();
    EventListener deaf(processes.port());
    std::deque<EventListener> clients;
    for (int i = 0; i < 100; ++i) (void)hello_of(clients.emplace_back(processes.port()));
    constexpr int count = 200;
    processes.submit_all(orders_named("a", count));
    for (EventListener& client : clients) {
        std::int64_t last = 0;
        for (int left = count; left > 0; --left) {
            const SentEvent event = client.next_order();
            if (event.number() <= last) CHECK(event.number() > last);
            last = event.number();
        }
    }
}

}  // namespace orders::test
