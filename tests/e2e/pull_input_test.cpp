// Bad input of workers that pull: each is refused with what is wrong with it, and changes nothing.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_processes.h"
#include "tests/support/puller.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Fields = std::set<std::string>;

void check_fields(const HttpAnswer& answer, const std::string& slug, const Fields& fields) {
    check_problem(answer, 400, slug);
    CHECK_EQ(fields_at_fault(answer.json()), fields);
}

}  // namespace

TEST_CASE("pull_input: a claim with a wrong value is refused, and the field is named") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    Puller puller(processes.port());
    json many_kinds = json::array();
    for (int i = 0; i < 65; ++i) many_kinds.push_back("k" + std::to_string(i));
    const std::vector<std::pair<std::string, std::vector<json>>> wrong{
        {"worker",
         {nullptr, "", 1, " a", "-a", "a b", std::string(65, 'a'), "\xC3\xA9", json::array()}},
        {"limit", {0, -1, 1001, 1.5, "1", true, 1e30, json::object()}},
        {"wait_seconds", {-1, 31, "1", 1.5, false}},
        {"lease_seconds", {4, 0, -5, 3601, "30", json::array()}},
        {"kinds",
         {"mail",
          1,
          json::object(),
          {"Mail"},
          {""},
          {1},
          {"a", "a"},
          many_kinds,
          {std::string(33, 'a')}}},
    };
    for (const auto& [name, values] : wrong) {
        const std::string& field = name;  // a binding cannot be captured
        for (const json& value : values) {
            CAPTURE(field);
            CAPTURE(value);
            check_fields(puller.claim_answer({{field, value}}), "invalid-claim", {field});
        }
    }
    check_fields(puller.http().post(claims_path, json::object()), "invalid-claim", {"worker"});
    check_fields(puller.claim_answer({{"limit", 0}, {"wait_seconds", 99}}), "invalid-claim",
                 {"limit", "wait_seconds"});
    check_fields(puller.claim_answer({{"kind", "mail"}}), "invalid-claim", {"kind"});
    CHECK_EQ(processes.order("a")["status"], "Pending");
    // null is the same as none.
    CHECK_EQ(puller
                 .claim({{"limit", nullptr},
                         {"wait_seconds", nullptr},
                         {"lease_seconds", nullptr},
                         {"kinds", nullptr}})
                 .size(),
             1);
}

TEST_CASE("pull_input: what is done to a lease is refused if a value is wrong, and it stays") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    Puller puller(processes.port());
    const std::string lease = puller.claim_one()["lease"];
    const std::vector<std::pair<std::string, std::vector<json>>> wrong{
        {"reason", {nullptr, "", 1, "Declined", "a b", std::string(65, 'a')}},
        {"detail", {1, json::array()}},
        {"retry", {"yes", 1}},
        {"retry_after_seconds", {-1, "1", 1.5, 86'401}},
    };
    for (const auto& [name, values] : wrong) {
        const std::string& field = name;  // a binding cannot be captured
        for (const json& value : values) {
            CAPTURE(field);
            CAPTURE(value);
            json failure{{"reason", "broken"}};
            failure[field] = value;
            check_fields(puller.ask(lease, "fail", failure), "invalid-lease-action", {field});
        }
    }
    check_fields(puller.ask(lease, "fail", json::object()), "invalid-lease-action", {"reason"});
    check_fields(puller.ask(lease, "fail", {{"reason", "broken"}, {"again", true}}),
                 "invalid-lease-action", {"again"});
    check_fields(puller.ask(lease, "renew", {{"seconds", 30}}), "invalid-lease-action",
                 {"seconds"});
    for (const json& value : std::vector<json>{4, 3601, "30", 5.5}) {
        check_fields(puller.ask(lease, "renew", {{"lease_seconds", value}}), "invalid-lease-action",
                     {"lease_seconds"});
    }
    check_fields(puller.ask(lease, "complete", std::string(65'536, 'x')), "invalid-lease-action",
                 {"result"});
    CHECK_EQ(processes.order("a")["status"], "Processing");
    // As large as it may be: with its quotes.
    CHECK_EQ(puller.ask(lease, "complete", std::string(65'534, 'x')).status, 200);
}

TEST_CASE("pull_input: what is no JSON, or not said to be, is refused") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    Puller puller(processes.port());
    HttpClient& http = puller.http();
    const std::string lease = puller.claim_one()["lease"];
    for (const std::string& path : {claims_path, lease_batch_path, Puller::path_of(lease, "fail"),
                                    Puller::path_of(lease, "renew")}) {
        for (const char* body :
             {"{", "[]", "7", "null", "{\"worker\":\"a\"", "{\"reason\":\"\xff\"}"}) {
            CAPTURE(path);
            CAPTURE(body);
            check_problem(http.post(path, std::string(body)), 400, "malformed-body");
        }
        check_problem(http.send({"POST", path, {{"Content-Type", "text/plain"}}, "{}"}), 415,
                      "unsupported-media-type");
        CHECK_EQ(http.get(path).status, 405);
    }
    for (const char* body : {"{", "{} {}", "nul", "\"\xff\"", "[1,]"}) {
        CAPTURE(body);
        const HttpAnswer answer = http.post(Puller::path_of(lease, "complete"), std::string(body));
        CHECK_EQ(answer.status, 400);
    }
    check_problem(http.post(Puller::path_of(lease, "release"), std::string("7")), 400,
                  "malformed-body");
    for (const json& body : std::vector<json>{
             json::object(), {{"leases", json::array()}}, {{"leases", 1}}, {{"leases", nullptr}}}) {
        CAPTURE(body);
        check_problem(http.post(lease_batch_path, body), 400, "malformed-body");
    }
    CHECK_EQ(processes.order("a")["status"], "Processing");
}

}  // namespace orders::test
