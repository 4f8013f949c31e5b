// Orders, pages, reports and the results of batches as JSON, to the letter.

#include "api/orders/order_writing.h"

#include <doctest/doctest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/order_builder.h"
#include "tests/unit/orders/parsed_orders.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

const UtcTime now{std::chrono::milliseconds{1'795'352'645'678}};  // 2026-11-22T13:04:05.678Z

Order stored(const NewOrder& order) {
    return {.spec = order.spec,
            .created_at = now,
            .due_at = {},
            .started_at = {},
            .finished_at = {},
            .worker = {},
            .failure = {}};
}

Order in_processing(Order order) {
    order.status = OrderStatus::processing;
    order.attempts = 1;
    order.started_at = now + 322ms;
    order.worker = "host-1/17";
    return order;
}

}  // namespace

TEST_CASE("order_writing: an order is written with all its fields, null until they have a value") {
    const std::string nothing_more =
        R"("kind":"default","due_at":null,"waiting_for":null,"failure_detail":null})";
    const Order pending = stored(an_order("A-1").high().taking(86'400));
    CHECK_EQ(to_json(pending),
             R"({"order_id":"A-1","priority":"High","processing_time":86400,"status":"Pending",)"
             R"("attempts":0,"created_at":"2026-11-22T13:04:05.678Z","started_at":null,)"
             R"("finished_at":null,"worker":null,"failure":null,)" +
                 nothing_more);

    const Order processing = in_processing(stored(an_order("A-2")));
    const std::string begun = R"("attempts":1,"created_at":"2026-11-22T13:04:05.678Z",)"
                              R"("started_at":"2026-11-22T13:04:06.000Z",)";
    CHECK_EQ(to_json(processing),
             R"({"order_id":"A-2","priority":"Normal","processing_time":1,"status":"Processing",)" +
                 begun + R"("finished_at":null,"worker":"host-1/17","failure":null,)" +
                 nothing_more);

    Order ended = processing;
    ended.finished_at = now + 24h;
    for (const OrderStatus status : {OrderStatus::processed, OrderStatus::cancelled}) {
        ended.status = status;
        CHECK_EQ(to_json(ended),
                 R"({"order_id":"A-2","priority":"Normal","processing_time":1,"status":")" +
                     std::string(to_string(status)) + "\"," + begun +
                     R"("finished_at":"2026-11-23T13:04:05.678Z","worker":"host-1/17",)" +
                     R"("failure":null,)" + nothing_more);
    }

    Order failed = ended;
    failed.status = OrderStatus::failed;
    failed.failure = "no_such_address";
    failed.failure_detail = "550 5.1.1";
    failed.spec.kind = a_kind("mail");
    failed.due_at = now + 1s;
    CHECK_EQ(to_json(failed),
             R"({"order_id":"A-2","priority":"Normal","processing_time":1,"status":"Failed",)" +
                 begun + R"("finished_at":"2026-11-23T13:04:05.678Z","worker":"host-1/17",)" +
                 R"("failure":"no_such_address","kind":"mail",)" +
                 R"("due_at":"2026-11-22T13:04:06.678Z","waiting_for":null,)" +
                 R"("failure_detail":"550 5.1.1"})");
}

TEST_CASE("order_writing: an order that waits for its time is Pending and says so") {
    Order order = stored(an_order("a"));
    order.due_at = now + 1h;
    order.is_waiting_for_time = true;
    const auto json = nlohmann::json::parse(to_json(order));
    CHECK_EQ(json["status"], "Pending");
    CHECK_EQ(json["due_at"], "2026-11-22T14:04:05.678Z");
    CHECK_EQ(json["waiting_for"], "time");
}

TEST_CASE("order_writing: an order by itself begins as in a list, and has all that it carries") {
    const Order plain = stored(an_order("a"));
    const std::string beginning = to_json(plain).substr(0, to_json(plain).size() - 1);
    CHECK_EQ(to_json_in_full(plain),
             beginning + R"(,"start_before":null,"timeout_seconds":null,"max_attempts":null,)"
                         R"("backoff_seconds":null,"payload":null,"result":null,)"
                         R"("attempt_history":[],"actions":[],"traceparent":null,)"
                         R"("tracestate":null})");

    Order full = stored(an_order("a")
                            .carrying("{ \"b\":1e400, \"a\": [1.0,\n\"\\u00e9\"],\"a\":0}")
                            .to_begin_before(now + 1h)
                            .with({.timeout = 30s, .max_attempts = 7, .backoff = 60s})
                            .traced({std::string(55, '0'), R"(a="\)"}));
    full.result = json_text("[ 1e999 ]");
    full.history = {{1, "w-1", now, now + 1s, PastAttempt::Outcome::retry, "busy", "503 \"x\""},
                    {2, "w-2", now, now + 2s, PastAttempt::Outcome::lease_expired}};
    full.actions = {{now, PastAction::What::change, "ann"}};
    CHECK_EQ(to_json_in_full(full),
             beginning +
                 R"(,"start_before":"2026-11-22T14:04:05.678Z","timeout_seconds":30,)"
                 R"("max_attempts":7,"backoff_seconds":60,)"
                 "\"payload\":{ \"b\":1e400, \"a\": [1.0,\n\"\\u00e9\"],\"a\":0},"
                 R"("result":[ 1e999 ],"attempt_history":[)"
                 R"({"worker":"w-1","started_at":"2026-11-22T13:04:05.678Z",)"
                 R"("ended_at":"2026-11-22T13:04:06.678Z","outcome":"retry",)"
                 R"("reason":"busy","detail":"503 \"x\""},)"
                 R"({"worker":"w-2","started_at":"2026-11-22T13:04:05.678Z",)"
                 R"("ended_at":"2026-11-22T13:04:07.678Z","outcome":"lease_expired",)"
                 R"("reason":null,"detail":null}],"actions":[)"
                 R"({"at":"2026-11-22T13:04:05.678Z","action":"change",)"
                 R"("token_name":"ann"}],"traceparent":")" +
                 std::string(55, '0') + R"(","tracestate":"a=\"\\"})");
}

TEST_CASE("order_writing: text that needs it is escaped") {
    Order order = in_processing(stored(an_order("a")));
    order.worker = "\"quoted\" back\\slash\n\x01 \u00e9";
    CHECK_EQ(nlohmann::json::parse(to_json(order))["worker"].get<std::string>(), *order.worker);
}

TEST_CASE(
    "order_writing: a page is written with its orders and the cursor of the next page, if any") {
    const Order order = stored(an_order("a"));
    const std::string text = to_json(order);
    CHECK_EQ(to_json(OrderPage{}), R"({"orders":[],"next_cursor":null})");
    CHECK_EQ(to_json(OrderPage{{order, order}, std::nullopt}),
             "{\"orders\":[" + text + "," + text + "],\"next_cursor\":null}");
    CHECK_EQ(to_json(OrderPage{{order}, OrderSequence{9'007'199'254'740'993}}),
             "{\"orders\":[" + text + "],\"next_cursor\":\"9007199254740993\"}");
    CHECK_EQ(to_json(OrderPage{{}, OrderSequence{7}}), R"({"orders":[],"next_cursor":"7"})");
}

TEST_CASE("order_writing: a report is written with every count, even if it is zero") {
    const std::string no_counts =
        R"({"Pending":0,"Processing":0,"Processed":0,"Failed":0,"Cancelled":0})";
    CHECK_EQ(to_json(OrderReport{}),
             R"({"counts":)" + no_counts + R"(,"by_priority":{"High":)" + no_counts +
                 R"(,"Normal":)" + no_counts + R"(},"oldest_pending_seconds":null,"workers":[],)" +
                 R"("waiting_for_time":0,"next_due_at":null,)" +
                 R"("oldest_pending_seconds_by_priority":{"High":null,"Normal":null},"kinds":[],)"
                 R"("endpoints":[]})");

    const OrderReport report{
        .taken_at = now,
        .high = {1, 2, 3, 4, 5},
        .normal = {10, 20, 30, 3'000'000'000, 50},
        .waiting_for_time = 6,
        .next_due_at = now + 1h,
        .oldest_high = now - 1s,
        .oldest_normal = now - 2'500ms,
        .kinds = {{Kind(), {11, 22, 33, 44, 55}, 5, false, true},
                  {a_kind("mail"), {0, 0, 0, 0, 0}, 1, true, false}},
        .workers = {{"w-1", "host-1", 10, 9, now, now + 1s, now + 11s}, {"w-2", "b", 1, 0, now}},
        .endpoints = {{a_kind("mail"), 7, false}, {a_kind("sms"), 0, true}}};
    CHECK_EQ(
        to_json(report),
        R"({"counts":{"Pending":11,"Processing":22,"Processed":33,"Failed":3000000004,)"
        R"("Cancelled":55},)"
        R"("by_priority":{"High":{"Pending":1,"Processing":2,"Processed":3,"Failed":4,)"
        R"("Cancelled":5},)"
        R"("Normal":{"Pending":10,"Processing":20,"Processed":30,"Failed":3000000000,)"
        R"("Cancelled":50}},)"
        R"("oldest_pending_seconds":2.5,"workers":[)"
        R"({"worker":"w-1","host":"host-1","threads":10,"processing":9,)"
        R"("started_at":"2026-11-22T13:04:05.678Z","last_seen_at":"2026-11-22T13:04:06.678Z",)"
        R"("lease_ends_at":"2026-11-22T13:04:16.678Z"},)"
        R"({"worker":"w-2","host":"b","threads":1,"processing":0,)"
        R"("started_at":"2026-11-22T13:04:05.678Z","last_seen_at":null,"lease_ends_at":null}],)"
        R"("waiting_for_time":6,"next_due_at":"2026-11-22T14:04:05.678Z",)"
        R"("oldest_pending_seconds_by_priority":{"High":1.0,"Normal":2.5},)"
        R"("kinds":[{"kind":"default","counts":{"Pending":11,"Processing":22,"Processed":33,)"
        R"("Failed":44,"Cancelled":55},"waiting_for_time":5,"paused":false,"unattended":true},)"
        R"({"kind":"mail","counts":{"Pending":0,"Processing":0,"Processed":0,"Failed":0,)"
        R"("Cancelled":0},"waiting_for_time":1,"paused":true,"unattended":false}],)"
        R"("endpoints":[{"kind":"mail","in_flight":7,"breaker":"closed"},)"
        R"({"kind":"sms","in_flight":0,"breaker":"open"}]})");
}

TEST_CASE(
    "order_writing: no order has waited for less than nothing, even if the clock was set back") {
    OrderReport report;
    report.taken_at = now;
    report.oldest_normal = now + 1h;
    const auto json = nlohmann::json::parse(to_json(report));
    CHECK_EQ(json["oldest_pending_seconds"], 0);
    CHECK_EQ(json["oldest_pending_seconds_by_priority"]["Normal"], 0);
}

TEST_CASE("order_writing: each order of a batch gets its result, in the order given") {
    const std::vector<ParsedOrder> parsed{
        InvalidOrder{{{"", "must be an object"}}, std::nullopt}, an_order("a").build(),
        InvalidOrder{{{"order_id", "is given twice"}, {"priority", "is missing"}}, "b \"1\""},
        an_order("c").build(), an_order("a").build()};
    CHECK_EQ(to_json(parsed,
                     {Created{now}, IdTaken{OrderStatus::failed}, IdTaken{OrderStatus::pending}}),
             R"({"results":[{"order_id":null,"status":"invalid",)"
             R"("errors":[{"field":"","detail":"must be an object"}]},)"
             R"({"order_id":"a","status":"created","created_at":"2026-11-22T13:04:05.678Z"},)"
             R"({"order_id":"b \"1\"","status":"invalid",)"
             R"("errors":[{"field":"order_id","detail":"is given twice"},)"
             R"({"field":"priority","detail":"is missing"}]},)"
             R"({"order_id":"c","status":"duplicate","order_status":"Failed"},)"
             R"({"order_id":"a","status":"duplicate","order_status":"Pending"}]})");
    CHECK_EQ(to_json({InvalidOrder{{{"order_id", "is missing"}}, ""}}, {}),
             R"({"results":[{"order_id":"","status":"invalid",)"
             R"("errors":[{"field":"order_id","detail":"is missing"}]}]})");
}

TEST_CASE(
    "order_writing: a duplicate in a batch that came with a key says whether it is the same") {
    const std::vector<ParsedOrder> parsed(3, an_order("a").fingerprinted(1).build());
    const std::string duplicate =
        R"({"order_id":"a","status":"duplicate","order_status":"Pending","same_content":)";
    CHECK_EQ(
        to_json(parsed, {IdTaken{OrderStatus::pending, true}, IdTaken{OrderStatus::pending, false},
                         IdTaken{OrderStatus::pending, std::nullopt}}),
        R"({"results":[)" + duplicate + "true}," + duplicate + "false}," + duplicate + "null}]}");
}

TEST_CASE("order_writing: an order of a batch whose kind is one too many is invalid") {
    const auto json = nlohmann::json::parse(
        to_json({an_order("a").of_kind("mail").build(), an_order("b").build()},
                {TooManyKinds{}, Created{now}}));
    CHECK_EQ(json["results"][0]["status"], "invalid");
    CHECK_EQ(json["results"][0]["order_id"], "a");
    CHECK_EQ(json["results"][0]["errors"][0]["field"], "kind");
    CHECK_EQ(json["results"][1]["status"], "created");
}

TEST_CASE("order_writing: what is written can be read again") {
    const NewOrder first = an_order("a._:~-").high().taking(86'400);
    const NewOrder second = an_order(std::string(64, 'x')).normal();
    CHECK_EQ(read_order(to_json(stored(first))), summary(first));
    CHECK_EQ(read_order(to_json(in_processing(stored(second)))), summary(second));
    CHECK_EQ(read_batch(to_json(OrderPage{{stored(first), stored(second)}, OrderSequence{1}})),
             summary(first) + " | " + summary(second));
}

}  // namespace orders::test
