// What workers that pull do with what they hold: end it, give it back, keep it, one by one or many
// at once; each of it twice, and each of it with leases that are not theirs.

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/puller.h"

namespace orders::test {
namespace {

using nlohmann::json;

void check_lost(const HttpAnswer& answer, const json& order_status) {
    check_problem(answer, 409, "lease-lost");
    CHECK_EQ(answer.json().value("order_status", json()), order_status);
}

// An API with orders of these ids, and one who pulls them.
struct Setting {
    explicit Setting(const std::vector<std::string>& ids) {
        processes.start_api();
        std::vector<json> orders;
        for (const std::string& id : ids) orders.push_back(order_json(id));
        processes.submit_all(orders);
        puller.emplace(processes.port());
    }
    [[nodiscard]] std::string claim_lease(const json& more = json::object()) {
        return puller->claim_one(more)["lease"];
    }

    OrderProcesses processes;
    std::optional<Puller> puller;
};

}  // namespace

TEST_CASE("lease: an order is completed with its result, and only once") {
    Setting setting({"a"});
    Puller& puller = *setting.puller;
    const std::string lease = setting.claim_lease();
    const std::string result = R"({ "n":1.50, "a":[ ] })";
    const HttpAnswer answer = puller.http().post(Puller::path_of(lease, "complete"), result);
    REQUIRE_EQ(answer.status, 200);
    CHECK_NE(answer.body.find(R"("result":)" + result), std::string::npos);
    CHECK_FALSE(answer.json().contains("already_settled"));
    const json ended = setting.processes.order("a");
    CHECK_EQ(ended["status"], "Processed");
    CHECK_EQ(ended["worker"], puller.name_in_orders());
    CHECK_EQ(ended["attempts"], 1);

    // Compared by its end: the first result stays.
    const HttpAnswer again = puller.ask(lease, "complete", {{"other", true}});
    CHECK_EQ(again.status, 200);
    CHECK_EQ(again.json()["already_settled"], true);
    CHECK_NE(again.body.find(R"("result":)" + result), std::string::npos);
    check_lost(puller.ask(lease, "fail", {{"reason", "no"}}), "Processed");
    check_lost(puller.ask(lease, "release"), "Processed");
    check_lost(puller.ask(lease, "renew"), "Processed");
    CHECK_EQ(setting.processes.order("a"), ended);
}

TEST_CASE("lease: without a body an order is completed without a result") {
    Setting setting({"a"});
    CHECK_EQ(setting.puller->ask(setting.claim_lease(), "complete").status, 200);
    CHECK_EQ(setting.processes.order("a")["result"], nullptr);
}

TEST_CASE("lease: a failure is final unless it asks for a retry, and may be told twice") {
    Setting setting({"a"});
    Puller& puller = *setting.puller;
    const std::string lease = setting.claim_lease();
    const json failure{{"reason", "card_declined"}, {"detail", "no money"}};
    CHECK_EQ(puller.ask(lease, "fail", failure).json()["status"], "Failed");
    const json ended = setting.processes.order("a");
    CHECK_EQ(ended["failure"], "card_declined");
    CHECK_EQ(ended["failure_detail"], "no money");
    CHECK_EQ(puller.ask(lease, "fail", failure).json()["already_settled"], true);
    check_lost(puller.ask(lease, "fail", {{"reason", "other"}}), "Failed");
    check_lost(puller.ask(lease, "complete"), "Failed");
}

TEST_CASE("lease: a failure that asks for a retry puts the order back, for later, charged") {
    Setting setting({"a"});
    Puller& puller = *setting.puller;
    const std::string first = setting.claim_lease();
    const json busy{{"reason", "busy"}, {"retry", true}, {"retry_after_seconds", 1}};
    const json waiting = puller.ask(first, "fail", busy).json();
    CHECK_EQ(waiting["status"], "Pending");
    CHECK_EQ(waiting["waiting_for"], "time");
    CHECK(waiting["due_at"].is_string());
    CHECK_EQ(puller.ask(first, "fail", busy).json()["already_settled"], true);
    check_lost(puller.ask(first, "complete"), "Pending");
    // It is due after the backoff, which is longer than was asked for.
    REQUIRE_EQ(puller.http()
                   .send({"PATCH",
                          "/api/v1/orders/a",
                          {{"Content-Type", "application/json"}},
                          R"({"delay_seconds":null})"})
                   .status,
               200);
    const json again = puller.claim_one({{"wait_seconds", 30}});
    CHECK_EQ(again["attempt"], 2);
    // Also now the first one is told what became of it, and changes nothing.
    CHECK_EQ(puller.ask(first, "fail", busy).json()["already_settled"], true);
    CHECK_EQ(puller.ask(again["lease"], "complete").status, 200);
    const json history = setting.processes.order("a")["attempt_history"];
    REQUIRE_EQ(history.size(), 1);
    CHECK_EQ(history[0]["outcome"], "retry");
    CHECK_EQ(history[0]["reason"], "busy");
}

TEST_CASE("lease: a retry after the last attempt ends the order for the worker's reason") {
    OrderProcesses processes;
    processes.start_api();
    json order = order_json("a");
    order["max_attempts"] = 1;
    processes.submit(order);
    Puller puller(processes.port());
    const std::string lease = puller.claim_one()["lease"];
    const json busy{{"reason", "busy"}, {"retry", true}};
    CHECK_EQ(puller.ask(lease, "fail", busy).json()["status"], "Failed");
    CHECK_EQ(puller.ask(lease, "fail", busy).json()["already_settled"], true);
    CHECK_EQ(processes.order("a")["failure"], "busy");
}

TEST_CASE("lease: what is released is back at its place, uncharged, and released once") {
    Setting setting({"a", "b"});
    Puller& puller = *setting.puller;
    const json first = puller.claim_one();
    const json released = puller.ask(first["lease"], "release").json();
    CHECK_EQ(released["status"], "Pending");
    CHECK_EQ(released["attempts"], 0);
    CHECK_EQ(released["worker"], nullptr);
    const json again = puller.claim_one();
    CHECK_EQ(again["order_id"], "a");
    CHECK_EQ(again["attempt"], 1);
    CHECK_GT(again["token"], first["token"]);
    CHECK_NE(again["lease"], first["lease"]);
    // The second release of the first lease takes nothing away from who has it now.
    CHECK_EQ(puller.ask(first["lease"], "release").json()["already_settled"], true);
    CHECK_EQ(setting.processes.order("a")["status"], "Processing");
    check_lost(puller.ask(first["lease"], "complete"), "Processing");
    CHECK_EQ(puller.ask(again["lease"], "complete").status, 200);
}

TEST_CASE("lease: a renewal tells how long the lease lasts, and how long the order may take") {
    Setting setting({"a"});
    const std::string lease = setting.claim_lease({{"lease_seconds", 5}});
    const json renewed = setting.puller->ask(lease, "renew", {{"lease_seconds", 60}}).json();
    CHECK_EQ(renewed["lease_expires_in_seconds"], 60);
    CHECK_LE(renewed["deadline_in_seconds"], 300);
    CHECK_GT(renewed["deadline_in_seconds"], 200);
    CHECK_EQ(setting.puller->ask(lease, "renew").json()["lease_expires_in_seconds"], 30);
    // Never longer than the order may take.
    const json longest = setting.puller->ask(lease, "renew", {{"lease_seconds", 3600}}).json();
    CHECK_EQ(longest["lease_expires_in_seconds"], longest["deadline_in_seconds"]);
}

TEST_CASE("lease: whoever works on an order that was cancelled learns it with the next request") {
    Setting setting({"a"});
    const std::string lease = setting.claim_lease();
    REQUIRE_EQ(setting.puller->http().send({"POST", "/api/v1/orders/a/cancel"}).status, 200);
    for (const char* action : {"renew", "complete", "release"}) {
        check_lost(setting.puller->ask(lease, action), "Cancelled");
    }
    CHECK_EQ(setting.processes.order("a")["status"], "Cancelled");
}

TEST_CASE("lease: one that was never given out is lost, whatever it looks like") {
    Setting setting({"a", "b"});
    Puller& puller = *setting.puller;
    const std::string lease = setting.claim_lease();
    const std::string incarnation = lease.substr(lease.rfind('.') + 1);
    for (const std::string& made_up :
         {std::string("x"), std::string("1"), std::string("1.1"), std::string("1.1."),
          "1.1." + std::string(32, '0'), lease + "0", "0" + lease, "+" + lease, lease + ".",
          "-1.1." + incarnation, "1.0." + incarnation, "99999999999999999999.1." + incarnation,
          "9223372036854775807.9223372036854775807." + incarnation, std::string("%00"),
          std::string("%2e%2e"), std::string("1%2F1"), std::string("%ff%fe"),
          std::string(100, '1')}) {
        CAPTURE(made_up);
        for (const char* action : {"complete", "release", "renew"}) {
            check_lost(puller.ask(made_up, action), nullptr);
        }
        check_lost(puller.ask(made_up, "fail", {{"reason", "no"}}), nullptr);
    }
    // Of the right form, for an order that waits, and for an attempt that was never made.
    check_lost(puller.ask("2.1." + incarnation, "complete"), "Pending");
    check_lost(puller.ask("1.2." + incarnation, "complete"), "Processing");
    // The order that is held is still held.
    CHECK_EQ(puller.ask(lease, "complete").status, 200);
    CHECK_EQ(setting.processes.order("b")["status"], "Pending");
}

TEST_CASE("lease: one of 10 kB is refused, in a path and in a batch") {
    Setting setting({"a"});
    const std::string lease(10'000, '1');
    const int status = setting.puller->ask(lease, "complete").status;
    CHECK_GE(status, 400);
    CHECK_LT(status, 500);
    const json body{{"leases", {{{"lease", lease}, {"action", "complete"}}}}};
    const HttpAnswer answer = setting.puller->http().post(lease_batch_path, body);
    REQUIRE_EQ(answer.status, 200);
    const json result = answer.json()["results"][0];
    CHECK_EQ(result["status"], "invalid");
    CHECK_EQ(fields_at_fault(result), std::set<std::string>{"lease"});
}

TEST_CASE("lease: what a worker of the service's own has in work is not a client's to end") {
    Setting setting({"a", "b"});
    const std::string lease = setting.claim_lease();
    setting.processes.set("SERVICE_TIME_UNIT_MS", "60000");
    setting.processes.start_worker();
    eventually(patience, [&] { return setting.processes.order("b")["status"] == "Processing"; });
    const std::string guess = "2.1" + lease.substr(lease.rfind('.'));
    for (const char* action : {"complete", "release", "renew"}) {
        check_lost(setting.puller->ask(guess, action), "Processing");
    }
    CHECK_EQ(setting.puller->ask(lease, "complete").status, 200);
}

TEST_CASE("lease: a batch does each by itself, and tells of each") {
    Setting setting({"complete", "again", "fail", "later", "release", "renew", "lost"});
    Puller& puller = *setting.puller;
    json entries = json::array();
    for (const json& order : puller.claim({{"limit", 7}})) {
        const std::string id = order["order_id"];
        entries.push_back({{"lease", order["lease"]},
                           {"action", id == "again" || id == "lost" ? "complete"
                                      : id == "later"               ? "fail"
                                                                    : id}});
    }
    REQUIRE_EQ(entries.size(), 7);
    entries[0]["result"] = {{"n", 1}};
    REQUIRE_EQ(puller.ask(entries[1]["lease"], "complete").status, 200);
    entries[2]["reason"] = "broken";
    entries[3].update({{"reason", "busy"}, {"retry", true}});
    entries[5]["lease_seconds"] = 60;
    REQUIRE_EQ(puller.http().send({"POST", "/api/v1/orders/lost/cancel"}).status, 200);
    entries.push_back({{"lease", "made-up"}, {"action", "complete"}});
    entries.push_back({{"lease", entries[5]["lease"]}, {"action", "fail"}});  // no reason
    entries.push_back({{"lease", entries[5]["lease"]}, {"action", "explode"}});
    entries.push_back({{"action", "complete"}});
    entries.push_back(7);

    const HttpAnswer answer = puller.http().post(lease_batch_path, {{"leases", entries}});
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    const json results = answer.json()["results"];
    REQUIRE_EQ(results.size(), entries.size());
    std::vector<std::string> statuses;
    for (const json& result : results) statuses.push_back(result["status"]);
    CHECK_EQ(statuses, std::vector<std::string>{"settled", "already_settled", "settled", "settled",
                                                "released", "renewed", "lease_lost", "lease_lost",
                                                "invalid", "invalid", "invalid", "invalid"});
    for (std::size_t i = 0; i < 10; ++i) CHECK_EQ(results[i]["lease"], entries[i]["lease"]);
    CHECK_EQ(results[5]["lease_expires_in_seconds"], 60);
    CHECK_EQ(results[6]["order_status"], "Cancelled");
    CHECK_EQ(results[7]["order_status"], nullptr);
    CHECK_EQ(fields_at_fault(results[8]), std::set<std::string>{"reason"});
    CHECK_EQ(fields_at_fault(results[9]), std::set<std::string>{"action"});
    CHECK_EQ(fields_at_fault(results[10]), std::set<std::string>{"lease"});
    const auto status_of_order = [&](const char* id) { return setting.processes.order(id); };
    CHECK_EQ(status_of_order("complete")["result"], json{{"n", 1}});
    CHECK_EQ(status_of_order("fail")["failure"], "broken");
    CHECK_EQ(status_of_order("later")["waiting_for"], "time");
    CHECK_EQ(status_of_order("release")["status"], "Pending");
    CHECK_EQ(status_of_order("renew")["status"], "Processing");
}

TEST_CASE("lease: a thousand are settled in one request, and no more than that") {
    OrderProcesses processes;
    processes.start_api();
    std::vector<json> orders;
    for (int i = 0; i < 1'000; ++i) orders.push_back(order_json("o" + std::to_string(i)));
    processes.submit_all(orders);
    Puller puller(processes.port());
    json entries = json::array();
    for (const json& order : puller.claim({{"limit", 1000}})) {
        entries.push_back({{"lease", order["lease"]}, {"action", "complete"}});
    }
    REQUIRE_EQ(entries.size(), 1'000);
    const HttpAnswer answer = puller.http().post(lease_batch_path, {{"leases", entries}});
    REQUIRE_EQ(answer.status, 200);
    for (const json& result : answer.json()["results"]) CHECK_EQ(result["status"], "settled");
    CHECK_EQ(processes.counts()["Processed"], 1'000);
    entries.push_back(entries[0]);
    check_problem(puller.http().post(lease_batch_path, {{"leases", entries}}), 400,
                  "malformed-body");
}

}  // namespace orders::test
