// Stopping on request: what is in flight is finished or given back, what was promised is kept, and
// no process outstays its welcome.

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;

void wait_for_processing(OrderProcesses& processes, int orders) {
    eventually(
        patience, [&] { return processes.counts(); },
        [&](const json& counts) { return counts["Processing"] == orders; });
}

}  // namespace

TEST_CASE("stopping: a worker finishes the work that is nearly done before it stops") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "1000");
    processes.set("SERVICE_DRAIN_SECONDS", "60");
    processes.start_api();
    ChildProcess& worker = processes.start_worker({"--worker-count", "2"});
    for (const char* id : {"a", "b", "not-begun"}) processes.submit(order_json(id));
    wait_for_processing(processes, 2);
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    CHECK_EQ(worker.count_lines(" stopped"), 1);
    CHECK_EQ(processes.order("a")["status"], "Processed");
    CHECK_EQ(processes.order("b")["status"], "Processed");
    const json not_begun = processes.order("not-begun");
    CHECK_EQ(not_begun["status"], "Pending");
    CHECK_EQ(not_begun["attempts"], 0);
}

TEST_CASE("stopping: a worker that stops gives back work that takes too long, uncharged") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.start_api();
    const OrderProcesses::Flags flags{"--worker-count", "3", "--order-process-timeout", "3600"};
    SUBCASE("after the drain") {
        processes.set("SERVICE_DRAIN_SECONDS", "1");
    }
    SUBCASE("at once, if it may not drain") {
        processes.set("SERVICE_DRAIN_SECONDS", "0");
    }
    ChildProcess& worker = processes.start_worker(flags);
    for (const char* id : {"a", "b", "c"}) processes.submit(order_json(id));
    wait_for_processing(processes, 3);
    worker.signal(SIGINT);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    const json report = processes.client().get("/api/v1/report").json();
    CHECK_EQ(report["counts"]["Pending"], 3);
    CHECK_EQ(report["counts"]["Processing"], 0);
    CHECK(report["workers"].empty());
    for (const char* id : {"a", "b", "c"}) {
        const json order = processes.order(id);
        CHECK_EQ(order["status"], "Pending");
        CHECK_EQ(order["attempts"], 0);
        CHECK_EQ(order["started_at"], nullptr);
        CHECK_EQ(order["worker"], nullptr);
    }

    // Another worker takes them up, and it is their first attempt.
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_worker();
    CHECK_EQ(processes.finished_order("a")["attempts"], 1);
    processes.counts_when_finished(3);
    processes.stop_all();
    check_every_order_ended(processes.database(), {"a", "b", "c"});
}

TEST_CASE("stopping: whichever signal it is, it means the same, and the log names it") {
    struct Case {
        int number;
        std::string name;
    };
    for (const Case& signal :
         {Case{SIGTERM, "SIGTERM"}, Case{SIGINT, "SIGINT"}, Case{SIGHUP, "SIGHUP"}}) {
        CAPTURE(signal.name);
        OrderProcesses processes;
        processes.set("SERVICE_TIME_UNIT_MS", "60000");
        processes.set("SERVICE_DRAIN_SECONDS", "0");
        ChildProcess& api = processes.start_api();
        ChildProcess& worker = processes.start_worker({"--order-process-timeout", "3600"});
        processes.submit(order_json("long"));
        wait_for_processing(processes, 1);
        worker.signal(signal.number);
        CHECK_EQ(worker.wait_exit(patience), exited(0));
        CHECK_EQ(worker.count_lines(" stopping signal=" + signal.name + " drain_limit_seconds=0.0"),
                 1);
        const json order = processes.order("long");
        CHECK_EQ(order["status"], "Pending");
        CHECK_EQ(order["attempts"], 0);
        api.signal(signal.number);
        CHECK_EQ(api.wait_exit(patience), exited(0));
        CHECK_EQ(api.count_lines(" stopping signal=" + signal.name), 1);
    }
}

TEST_CASE("stopping: a program that was started by nohup does not stop at a hang-up") {
    OrderProcesses processes;
    for (const std::string& program : {api_program(), worker_program()}) {
        ChildProcess& child =
            processes.launch("/bin/sh", {"-c", "trap '' HUP; exec \"$0\"", program});
        child.wait_for_line(program == api_program() ? " listening " : " working ", patience);
        child.signal(SIGHUP);
        child.signal(SIGTERM);
        CHECK_EQ(child.wait_exit(patience), exited(0));
        CHECK_EQ(child.count_lines(" stopping signal=SIGTERM"), 1);
    }
}

TEST_CASE("stopping: a request to stop that arrives twice is one request, and charges nothing") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.start_api();
    ChildProcess& worker =
        processes.start_worker({"--order-process-timeout", "3600", "--drain-seconds", "1"});
    processes.submit(order_json("long"));
    wait_for_processing(processes, 1);
    // As `timeout`, `tini -g` and a Ctrl-C under a process manager do it.
    worker.signal(SIGINT);
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    const json order = processes.order("long");
    CHECK_EQ(order["status"], "Pending");
    CHECK_EQ(order["attempts"], 0);
}

TEST_CASE("stopping: a later signal makes a draining worker give its work back now, uncharged") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.set("SERVICE_DRAIN_SECONDS", "600");
    processes.start_api();
    ChildProcess& worker = processes.start_worker({"--order-process-timeout", "3600"});
    processes.submit(order_json("long"));
    wait_for_processing(processes, 1);
    worker.signal(SIGTERM);
    worker.wait_for_line(" stopping ", patience);
    CHECK_EQ(worker.ending(), std::nullopt);
    // Again and again: those within a second of the first do not count.
    eventually(patience, [&] {
        worker.signal(SIGINT);
        return worker.ending().has_value();
    });
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    CHECK_EQ(worker.count_lines(" stopping at once signal=SIGINT"), 1);
    const json order = processes.order("long");
    CHECK_EQ(order["status"], "Pending");
    CHECK_EQ(order["attempts"], 0);
}

TEST_CASE("stopping: an API answers every request it has taken before it stops, and loses none") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    struct Tally {
        std::set<std::string> acknowledged;
        std::set<std::string> refused;   // an answer that it was not stored
        std::set<std::string> unserved;  // the connection was closed without an answer
        std::string surprise;
    };
    std::vector<Tally> tallies(8);
    std::atomic<int> answered = 0;
    {
        std::vector<std::jthread> clients;
        for (std::size_t i = 0; i < tallies.size(); ++i) {
            clients.emplace_back([&, i](const std::stop_token& stop) {
                Tally& tally = tallies[i];
                HttpClient http = processes.client();
                for (int n = 0; !stop.stop_requested(); ++n) {
                    const std::string id = std::to_string(i) + "-" + std::to_string(n);
                    // Half of the clients keep their connections.
                    if (i % 2 == 0) http = processes.client();
                    const HttpOutcome outcome =
                        http.attempt({"POST",
                                      "/api/v1/orders",
                                      {{"Content-Type", "application/json"}},
                                      order_json(id).dump()});
                    const int status = status_of(outcome);
                    if (status == 200) {
                        tally.acknowledged.insert(id);
                        ++answered;
                    } else if (status == 503) {
                        tally.refused.insert(id);
                    } else if (failure_of(outcome) == ConnectionFailure::refused) {
                        return;
                    } else if (failure_of(outcome) == ConnectionFailure::closed) {
                        tally.unserved.insert(id);
                    } else {
                        std::ostringstream text;
                        text << outcome;
                        tally.surprise = text.str();
                    }
                }
            });
        }
        eventually(patience, [&] { return answered > 500; });
        api.signal(SIGTERM);
        CHECK_EQ(api.wait_exit(patience), exited(0));
    }
    CHECK_EQ(api.count_lines(" stopped"), 1);
    const auto stored = stored_orders(processes.database());
    std::size_t acknowledged = 0;
    for (const Tally& tally : tallies) {
        CHECK_EQ(tally.surprise, "");
        for (const std::string& id : tally.acknowledged) CHECK_MESSAGE(stored.contains(id), id);
        for (const std::string& id : tally.refused) CHECK_MESSAGE(!stored.contains(id), id);
        // A request without an answer was not taken: the client may send it again.
        for (const std::string& id : tally.unserved) CHECK_MESSAGE(!stored.contains(id), id);
        acknowledged += tally.acknowledged.size();
    }
    CHECK_EQ(stored.size(), acknowledged);
    check_store_is_consistent(processes.database());
}

TEST_CASE("stopping: in the delay an API is unready, and serves everything else as before") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--stop-delay-seconds", "600"});
    HttpClient kept = processes.client();
    CHECK_EQ(kept.get("/readyz").status, 200);
    api.signal(SIGTERM);
    eventually(patience, [&] { return processes.client().get("/readyz").status == 503; });
    HttpClient newcomer = processes.client();
    for (HttpClient* const client : {&kept, &newcomer}) {
        const HttpAnswer report = client->get("/api/v1/report");
        CHECK_EQ(report.status, 200);
        CHECK_EQ(report.header("connection"), "close");
    }
    processes.submit(order_json("in-the-delay"));
    CHECK_EQ(processes.order("in-the-delay")["status"], "Pending");
    CHECK_EQ(api.ending(), std::nullopt);
    // A later signal ends the delay. (Those within a second of the first do not count.)
    eventually(patience, [&] {
        api.signal(SIGTERM);
        return api.ending().has_value();
    });
    CHECK_EQ(api.wait_exit(patience), exited(0));
}

TEST_CASE("stopping: after the delay an API ends by itself, with 0") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--stop-delay-seconds", "1"});
    RawConnection idle(processes.port());
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
    CHECK(idle.is_closed_by_server(patience));
}

TEST_CASE("stopping: an API that stops does not wait for idle or half-sent requests") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--drain-seconds", "600"});
    RawConnection idle(processes.port());
    idle.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_EQ(status_of(idle.read_answer(patience)), 200);
    RawConnection half_sent(processes.port());
    half_sent.send("POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{");
    api.signal(SIGTERM);
    CHECK(idle.is_closed_by_server(patience));
    CHECK_EQ(api.wait_exit(patience), exited(0));
    CHECK_EQ(status_of(processes.client().attempt({"GET", "/livez"})), 0);
}

TEST_CASE("stopping: a signal during start-up is not lost, whenever it comes") {
    OrderProcesses processes;
    std::mt19937 random = seeded_random();
    for (const std::string& program : {api_program(), worker_program()}) {
        for (int i = 0; i < 15; ++i) {
            ChildProcess& child = processes.launch(program, {});
            // Any moment will do: nothing is waited for here, and nothing depends on how long it
            // is.
            std::this_thread::sleep_for(std::chrono::microseconds(any_of(random, 0, 40'000)));
            child.signal(SIGTERM);
            const Ending ending = child.wait_exit(patience);
            // Before main has got hold of the signal, it ends the process as it does any other.
            CHECK_MESSAGE((ending == exited(0) || ending == killed_by(SIGTERM)), ending);
        }
    }
    // Whatever moment it was, the store is as good as new.
    processes.start_api();
    processes.start_worker();
    processes.submit(order_json("after"));
    CHECK_EQ(processes.finished_order("after")["status"], "Processed");
}

}  // namespace orders::test
