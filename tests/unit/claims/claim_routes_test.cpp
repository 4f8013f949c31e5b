#include "api/claims/claim_routes.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "shared/storage/lease_actions.h"
#include "tests/support/check_problem.h"
#include "tests/support/store_audit.h"
#include "tests/unit/claims/claims_on_store.h"

namespace orders::test {
namespace {

std::string lease_in(const HttpAnswer& answer) {
    return answer.json().at("orders").at(0).at("lease");
}

}  // namespace

TEST_CASE("claim_routes: an order is claimed with all that its worker has to know") {
    ClaimsOnStore api;
    api.submit({an_order("a")
                    .of_kind("mail")
                    .carrying(R"({"n" : 1.50})")
                    .with({.timeout = std::chrono::seconds(7)})});
    const HttpAnswer answer = api.claim(R"(,"kinds":["mail"],"lease_seconds":60)");
    CHECK_EQ(answer.status, 200);
    const auto order = answer.json().at("orders").at(0);
    CHECK_EQ(order.at("order_id"), "a");
    CHECK_EQ(order.at("status"), "Processing");
    CHECK_EQ(order.at("worker"), "api:py-1");
    CHECK_EQ(order.at("attempt"), 1);
    CHECK_EQ(order.at("token"), 1);
    CHECK_EQ(order.at("lease_expires_in_seconds"), 7);
    CHECK_EQ(order.at("deadline_in_seconds"), 7);
    CHECK(answer.body.find(R"("payload":{"n" : 1.50},)") != answer.body.npos);
    CHECK_EQ(api.claim().json().at("orders").size(), 0);
}

TEST_CASE("claim_routes: a lease is completed, and that may be repeated") {
    ClaimsOnStore api;
    api.submit({an_order("a")});
    const std::string lease = "/leases/" + lease_in(api.claim());
    const HttpAnswer done = api.post(lease + "/complete", R"({"ok" : true})");
    CHECK_EQ(done.status, 200);
    CHECK(done.body.find(R"("result":{"ok" : true}})") != done.body.npos);
    CHECK_EQ(done.json().at("status"), "Processed");
    const HttpAnswer again = api.post(lease + "/complete", "1");
    CHECK_EQ(again.json().at("already_settled"), true);
    CHECK_EQ(again.json().at("result").at("ok"), true);
    const HttpAnswer late = api.post(lease + "/fail", R"({"reason":"no"})");
    check_problem(late, 409, "lease-lost");
    CHECK_EQ(late.json().at("order_status"), "Processed");
    check_problem(api.post(lease + "/renew", ""), 409, "lease-lost");
    check_problem(api.post(lease + "/release", ""), 409, "lease-lost");
}

TEST_CASE("claim_routes: a lease is failed, tried again, released and renewed") {
    ClaimsOnStore api;
    api.submit({an_order("a"), an_order("b"), an_order("c")});
    const auto orders = api.claim(R"(,"limit":3)").json().at("orders");
    const auto path = [&](std::size_t at) {
        return "/leases/" + orders.at(at).at("lease").get<std::string>();
    };
    const auto failed =
        api.post(path(0) + "/fail", R"({"reason":"card_declined","detail":"no money"})").json();
    CHECK_EQ(failed.at("status"), "Failed");
    CHECK_EQ(failed.at("failure"), "card_declined");
    CHECK_EQ(failed.at("failure_detail"), "no money");
    const auto retried =
        api.post(path(1) + "/fail", R"({"reason":"busy","retry":true,"retry_after_seconds":3600})")
            .json();
    CHECK_EQ(retried.at("status"), "Pending");
    CHECK_EQ(retried.at("waiting_for"), "time");
    const auto renewed = api.post(path(2) + "/renew", R"({"lease_seconds":40})").json();
    CHECK_EQ(renewed.at("lease_expires_in_seconds"), 40);
    CHECK_EQ(renewed.at("deadline_in_seconds"), 300);
    const auto released = api.post(path(2) + "/release", "{}").json();
    CHECK_EQ(released.at("status"), "Pending");
    CHECK_EQ(released.at("attempts"), 0);
}

TEST_CASE("claim_routes: a batch answers for each lease, in order") {
    ClaimsOnStore api;
    api.submit({an_order("a"), an_order("b")});
    const auto orders = api.claim(R"(,"limit":2)").json().at("orders");
    const std::string first = orders.at(0).at("lease");
    const std::string second = orders.at(1).at("lease");
    const auto results =
        api.post("/leases/batch",
                 R"({"leases":[{"lease":")" + first +
                     R"(","action":"complete"},{"lease":"made-up","action":"renew"},)"
                     R"({"lease":")" +
                     second + R"(","action":"renew"},{"lease":")" + second +
                     R"(","action":"fly"}]})")
            .json()
            .at("results");
    REQUIRE_EQ(results.size(), 4);
    CHECK_EQ(results.at(0).at("status"), "settled");
    CHECK_EQ(results.at(0).at("lease"), first);
    CHECK_EQ(results.at(1).at("status"), "lease_lost");
    CHECK(results.at(1).at("order_status").is_null());
    CHECK_EQ(results.at(2).at("status"), "renewed");
    CHECK_EQ(results.at(2).at("lease_expires_in_seconds"), 30);
    CHECK_EQ(results.at(3).at("status"), "invalid");
    CHECK_EQ(results.at(3).at("errors").at(0).at("field"), "action");
    // Nothing that the store would have to be asked about.
    CHECK_EQ(api.post("/leases/batch", R"({"leases":[{}]})").status, 200);
}

TEST_CASE("claim_routes: bad requests are told what is wrong with them, and change nothing") {
    ClaimsOnStore api;
    api.submit({an_order("a")});
    const HttpAnswer invalid = api.post("/claims", R"({"worker":"","limit":0})");
    check_problem(invalid, 400, "invalid-claim");
    CHECK(fields_at_fault(invalid.json()) == std::set<std::string>{"worker", "limit"});
    check_problem(api.post("/claims", "{"), 400, "malformed-body");
    CHECK_EQ(api.find("a").status, OrderStatus::pending);

    const std::string lease = "/leases/" + lease_in(api.claim());
    check_problem(api.post(lease + "/complete", "{"), 400, "malformed-body");
    check_problem(api.post(lease + "/fail", R"({"reason":"?"})"), 400, "invalid-lease-action");
    check_problem(api.post(lease + "/renew", R"({"lease_seconds":1})"), 400,
                  "invalid-lease-action");
    check_problem(api.post(lease + "/release", R"({"a":1})"), 400, "malformed-body");
    check_problem(api.post("/leases/batch", "{}"), 400, "malformed-body");
    CHECK_EQ(api.find("a").status, OrderStatus::processing);
    for (const std::string& made_up :
         {std::string("x"), std::string("1.1.0123456789abcdef0123456789abcdef"),
          std::string(100, '1')}) {
        const HttpAnswer lost = api.post("/leases/" + made_up + "/complete", "");
        check_problem(lost, 409, "lease-lost");
        CHECK_FALSE(lost.json().contains("order_status"));
    }
}

TEST_CASE("claim_routes: a worker more than may have names is refused, and may come later") {
    ClaimsOnStore api;
    api.submit({an_order("a")});
    run_sql(
        api.directory.file("orders.db"),
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < " +
            std::to_string(most_pullers) +
            ") INSERT INTO workers (name, host, threads, started_at, boot_id, pulls)"
            " SELECT 'api:w' || n, '', 1, 0, '', 1 FROM numbers");
    check_problem(api.claim(), 400, "too-many-workers");
    run_sql(api.directory.file("orders.db"), "DELETE FROM workers WHERE name = 'api:w1'");
    CHECK_EQ(api.claim().json().at("orders").size(), 1);
}

}  // namespace orders::test
