// Orders, pages, reports and the results of batches as JSON, to the letter.

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

TEST_CASE("order_json: an order is written with all its fields, null until they have a value") {
    const Order pending = stored(an_order("A-1").high().taking(86'400));
    CHECK_EQ(to_json(pending),
             R"({"order_id":"A-1","priority":"High","processing_time":86400,"status":"Pending",)"
             R"("attempts":0,"created_at":"2026-11-22T13:04:05.678Z","started_at":null,)"
             R"("finished_at":null,"worker":null,"failure":null})");

    const Order processing = in_processing(stored(an_order("A-2")));
    CHECK_EQ(to_json(processing),
             R"({"order_id":"A-2","priority":"Normal","processing_time":1,"status":"Processing",)"
             R"("attempts":1,"created_at":"2026-11-22T13:04:05.678Z",)"
             R"("started_at":"2026-11-22T13:04:06.000Z","finished_at":null,)"
             R"("worker":"host-1/17","failure":null})");

    Order processed = processing;
    processed.status = OrderStatus::processed;
    processed.finished_at = now + 24h;
    CHECK_EQ(to_json(processed),
             R"({"order_id":"A-2","priority":"Normal","processing_time":1,"status":"Processed",)"
             R"("attempts":1,"created_at":"2026-11-22T13:04:05.678Z",)"
             R"("started_at":"2026-11-22T13:04:06.000Z",)"
             R"("finished_at":"2026-11-23T13:04:05.678Z","worker":"host-1/17","failure":null})");

    Order failed = processed;
    failed.status = OrderStatus::failed;
    failed.attempts = 5;
    failed.failure = failure_reason::attempts_exhausted;
    CHECK_EQ(to_json(failed),
             R"({"order_id":"A-2","priority":"Normal","processing_time":1,"status":"Failed",)"
             R"("attempts":5,"created_at":"2026-11-22T13:04:05.678Z",)"
             R"("started_at":"2026-11-22T13:04:06.000Z",)"
             R"("finished_at":"2026-11-23T13:04:05.678Z","worker":"host-1/17",)"
             R"("failure":"attempts_exhausted"})");
}

TEST_CASE("order_json: text that needs it is escaped") {
    Order order = in_processing(stored(an_order("a")));
    order.worker = "\"quoted\" back\\slash\n\x01 \u00e9";
    CHECK_EQ(nlohmann::json::parse(to_json(order))["worker"].get<std::string>(), *order.worker);
}

TEST_CASE("order_json: a page is written with its orders and the cursor of the next page, if any") {
    const Order order = stored(an_order("a"));
    const std::string text = to_json(order);
    CHECK_EQ(to_json(OrderPage{}), R"({"orders":[],"next_cursor":null})");
    CHECK_EQ(to_json(OrderPage{{order, order}, std::nullopt}),
             "{\"orders\":[" + text + "," + text + "],\"next_cursor\":null}");
    CHECK_EQ(to_json(OrderPage{{order}, OrderSequence{9'007'199'254'740'993}}),
             "{\"orders\":[" + text + "],\"next_cursor\":\"9007199254740993\"}");
    CHECK_EQ(to_json(OrderPage{{}, OrderSequence{7}}), R"({"orders":[],"next_cursor":"7"})");
}

TEST_CASE("order_json: a report is written with every count, even if it is zero") {
    CHECK_EQ(to_json(OrderReport{}),
             R"({"counts":{"Pending":0,"Processing":0,"Processed":0,"Failed":0},)"
             R"("by_priority":{"High":{"Pending":0,"Processing":0,"Processed":0,"Failed":0},)"
             R"("Normal":{"Pending":0,"Processing":0,"Processed":0,"Failed":0}},)"
             R"("oldest_pending_seconds":null,"workers":[]})");

    const OrderReport report{.taken_at = now,
                             .high = {1, 2, 3, 4},
                             .normal = {10, 20, 30, 3'000'000'000},
                             .oldest_pending = now - 2'500ms,
                             .workers = {{"w-1", "host-1", 10, 9, now}, {"w-2", "b", 1, 0, now}}};
    CHECK_EQ(to_json(report),
             R"({"counts":{"Pending":11,"Processing":22,"Processed":33,"Failed":3000000004},)"
             R"("by_priority":{"High":{"Pending":1,"Processing":2,"Processed":3,"Failed":4},)"
             R"("Normal":{"Pending":10,"Processing":20,"Processed":30,"Failed":3000000000}},)"
             R"("oldest_pending_seconds":2.5,"workers":[)"
             R"({"worker":"w-1","host":"host-1","threads":10,"processing":9,)"
             R"("started_at":"2026-11-22T13:04:05.678Z"},)"
             R"({"worker":"w-2","host":"b","threads":1,"processing":0,)"
             R"("started_at":"2026-11-22T13:04:05.678Z"}]})");
}

TEST_CASE("order_json: no order has waited for less than nothing, even if the clock was set back") {
    OrderReport report;
    report.taken_at = now;
    report.oldest_pending = now + 1h;
    CHECK_EQ(nlohmann::json::parse(to_json(report))["oldest_pending_seconds"], 0);
}

TEST_CASE("order_json: each order of a batch gets its result, in the order given") {
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

TEST_CASE("order_json: what is written can be read again") {
    const NewOrder first = an_order("a._:~-").high().taking(86'400);
    const NewOrder second = an_order(std::string(64, 'x')).normal();
    CHECK_EQ(read_order(to_json(stored(first))), summary(first));
    CHECK_EQ(read_order(to_json(in_processing(stored(second)))), summary(second));
    CHECK_EQ(read_batch(to_json(OrderPage{{stored(first), stored(second)}, OrderSequence{1}})),
             summary(first) + " | " + summary(second));
}

}  // namespace orders::test
