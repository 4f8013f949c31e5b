// A disk that fails under order-api: it says what it cannot know, it never trusts a second sync,
// and whatever it has acknowledged is there when it comes back.

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <iostream>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/control_safeguards.h"
#include "tests/faults/fault_control.h"
#include "tests/faults/model_check.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Ids = std::set<std::string>;

constexpr const char* unknown_outcome = "urn:order-management:problem:outcome-unknown";

// What clients were told of their orders.
struct Told {
    Ids acknowledged;
    Ids unknown;     // outcome-unknown, or no answer
    Ids not_stored;  // refused, with the promise that nothing was stored
    int unknown_answers = 0;

    void add(const Ids& ids, const HttpOutcome& outcome) {
        const int status = status_of(outcome);
        if (status == 200) {
            acknowledged.insert(ids.begin(), ids.end());
        } else if (status == 503 && answer_of(outcome).json()["type"] != unknown_outcome) {
            not_stored.insert(ids.begin(), ids.end());
        } else if (failure_of(outcome) != ConnectionFailure::refused) {
            CHECK_MESSAGE((status == 503 || status == 0), status);
            unknown_answers += status == 503 ? 1 : 0;
            unknown.insert(ids.begin(), ids.end());
        }
    }
    void add(Told other) {
        acknowledged.merge(other.acknowledged);
        unknown.merge(other.unknown);
        not_stored.merge(other.not_stored);
        unknown_answers += other.unknown_answers;
    }
};

// Sends one order after the other until one is not stored.
Told send_until_refused(int port, const std::string& name, std::atomic<int>& stored) {
    Told told;
    HttpClient http(port);
    for (int n = 0;; ++n) {
        const std::string id = name + "-" + std::to_string(n);
        const HttpOutcome outcome = http.attempt({"POST",
                                                  "/api/v1/orders",
                                                  {{"Content-Type", "application/json"}},
                                                  order_json(id).dump()});
        told.add({id}, outcome);
        if (status_of(outcome) != 200) return told;
        ++stored;
    }
}

// The disk begins to fail while several clients send orders.
Told send_while_failing(int port, const std::function<void()>& begin_to_fail) {
    std::vector<Told> logs(8);
    std::atomic<int> stored = 0;
    {
        std::vector<std::jthread> clients;
        for (std::size_t i = 0; i < logs.size(); ++i) {
            clients.emplace_back([&, i] {
                logs[i] = send_until_refused(port, "client" + std::to_string(i), stored);
            });
        }
        eventually(patience, [&] { return stored > 200; });
        begin_to_fail();
    }
    Told all;
    for (Told& log : logs) all.add(std::move(log));
    return all;
}

// On a disk that works again: all that clients were told was true, and what they were not told can
// be found out by sending the order again.
void check_after_restart(OrderProcesses& processes, const Told& told) {
    processes.start_api();
    HttpClient http = processes.client();
    int looked_up = 0;  // as a client does; all of them are looked up in the store below
    for (const std::string& id : told.acknowledged) {
        if (++looked_up > 1'000) break;
        CHECK_MESSAGE(http.get("/api/v1/orders/" + id).status == 200, id);
    }
    for (const std::string& id : told.not_stored) {
        CHECK_MESSAGE(http.get("/api/v1/orders/" + id).status == 404, id);
    }
    int were_stored = 0;
    for (const std::string& id : told.unknown) {
        const int status = http.post("/api/v1/orders", order_json(id)).status;
        CHECK_MESSAGE((status == 200 || status == 409), id, ": ", status);
        if (status == 409) ++were_stored;
    }
    std::cout << told.acknowledged.size() << " orders acknowledged, " << told.unknown.size()
              << " unknown (of which " << were_stored << " stored), " << told.not_stored.size()
              << " refused" << std::endl;
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_worker();
    Ids all = told.acknowledged;
    all.insert(told.unknown.begin(), told.unknown.end());
    processes.counts_when_finished(static_cast<int>(all.size()));
    processes.stop_all();
    check_promises(evidence_of(processes, all));
}

void check_failing_commit(const std::function<void(FaultControl&)>& begin_to_fail) {
    OrderProcesses processes;
    FaultControl faults;
    ChildProcess& api = start_recorded_api(processes, faults.environment());
    const Told told = send_while_failing(processes.port(), [&] { begin_to_fail(faults); });
    CHECK_EQ(api.wait_exit(patience), exited(1));
    CHECK_EQ(api.count_lines(" the store has failed "), 1);
    CHECK_EQ(api.count_lines("check the disk"), 1);
    CHECK_EQ(faults->synced_after_failure, 0);
    CHECK_GT(told.unknown_answers, 0);
    check_after_restart(processes, told);
}

// A batch with ids that lie far apart, so that every order is on a page of its own.
json scattered_batch(std::mt19937& random, Ids& ids) {
    json orders = json::array();
    while (orders.size() < 1'000) {
        const std::string id =
            std::to_string(random()) + "-" + std::to_string(ids.size() + orders.size());
        ids.insert(id);
        orders.push_back(order_json(id));
    }
    return {{"orders", orders}};
}

}  // namespace

TEST_CASE("bad_disk_api: a sync that fails in a commit ends the API, and what it held is unknown") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_failing_commit([](FaultControl& faults) { faults.fail(faults->syncs, EIO); });
}

TEST_CASE("bad_disk_api: a sync that fails once ends the API: it does not try another") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_failing_commit([](FaultControl& faults) {
        faults.fail(faults->syncs, EIO, {.passes = 7, .failures = 1});
    });
}

TEST_CASE("bad_disk_api: a log that cannot be written in a commit ends the API") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_failing_commit([](FaultControl& faults) {
        faults.fail(faults->writes, EIO, {.file = FaultControl::File::log, .passes = 3});
    });
}

TEST_CASE("bad_disk_api: a sync that fails in a checkpoint ends the API, and loses no order") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    // The start copies the log into the database, and then the new generation.
    faults.fail(faults->syncs, EIO, {.file = FaultControl::File::database, .passes = 2});
    // It makes the store; that syncs the database too.
    processes.start_api();
    processes.stop_all();
    ChildProcess& api = start_recorded_api(processes, faults.environment());

    std::mt19937 random = seeded_random();
    Told told;
    HttpClient http = processes.client();
    HttpOutcome outcome;
    do {
        Ids ids;
        const json batch = scattered_batch(random, ids);
        outcome = http.attempt(
            {"POST", "/api/v1/orders/batch", {{"Content-Type", "application/json"}}, batch.dump()});
        told.add(ids, outcome);
    } while (status_of(outcome) == 200);
    CHECK_EQ(api.wait_exit(patience), exited(1));
    api.wait_for_line("checkpoint", patience);
    CHECK_EQ(faults->syncs.failed, 1);
    CHECK_EQ(faults->synced_after_failure, 0);
    CHECK_GT(told.acknowledged.size(), 10'000);
    check_after_restart(processes, told);
}

TEST_CASE("bad_disk_api: a directory that cannot be synced ends both programs at the start") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    for (const std::string& program : {api_program(), worker_program()}) {
        FaultControl faults;
        faults.fail(faults->syncs, EIO, {.file = FaultControl::File::directory});
        ChildProcess& process = processes.launch(program, {}, faults.environment());
        CHECK_EQ(process.wait_exit(patience), exited(1));
        CHECK_EQ(process.count_lines("cannot sync"), 1);
    }
}

TEST_CASE("bad_disk_api: negative control: an API that outlives a failed sync is noticed") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    auto environment = faults.environment();
    environment[left_out_variable] = to_string(sqlite::Safeguard::sync_failure_ends);
    ChildProcess& api = processes.launch(api_control_program(), {}, environment);
    HttpClient http(std::stoi(log_field(api.wait_for_line(" listening ", patience), "port")));
    CHECK_EQ(http.post("/api/v1/orders", order_json("before")).status, 200);
    faults.fail(faults->syncs, EIO, {.failures = 1});
    CHECK_EQ(http.post("/api/v1/orders", order_json("during")).status, 503);
    CHECK_EQ(http.post("/api/v1/orders", order_json("after")).status, 200);
    CHECK_EQ(api.ending(), std::nullopt);
    CHECK_GT(faults->synced_after_failure, 0);
}

}  // namespace orders::test
