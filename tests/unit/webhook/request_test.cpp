#include "worker/processors/webhook/request.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/order_builder.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

constexpr const char* store_id = "7f3a9c12e4b05d68";

ClaimedOrder claimed(const OrderBuilder& order) {
    return {.lease = {.order = {1042}, .token = 7},
            .spec = order.build().spec,
            .attempt = 2,
            .created_at = UtcTime(1'767'225'599'123ms)};
}

WebhookRequest request(const ClaimedOrder& order, const std::vector<WebhookSecret>& secrets = {}) {
    return webhook_request(order, store_id, secrets, UtcTime(1'767'225'600'999ms), 30'100ms);
}

}  // namespace

TEST_CASE("webhook_request: it says what the order is about, with the payload's bytes as sent") {
    const char* const payload = R"({ "n":1e400, "a":1,"a" : 2 })";
    const auto sent =
        request(claimed(an_order("A-1.b~c:d_e").high().of_kind("mail").carrying(payload)));
    CHECK(sent.body ==
          R"({"order_id":"A-1.b~c:d_e","priority":"High","kind":"mail","attempt":2,)"
          R"("created_at":"2025-12-31T23:59:59.123Z","payload":{ "n":1e400, "a":1,"a" : 2 }})");
}

TEST_CASE("webhook_request: without a payload there is null") {
    CHECK(request(claimed(an_order("1235"))).body ==
          R"({"order_id":"1235","priority":"Normal","kind":"default","attempt":2,)"
          R"("created_at":"2025-12-31T23:59:59.123Z","payload":null})");
}

TEST_CASE("webhook_request: headers say which order and which attempt it is") {
    CHECK(request(claimed(an_order("1235"))).headers ==
          std::vector<std::string>{"content-type: application/json",
                                   "webhook-id: ord_7f3a9c12e4b05d68_1042_1767225599123",
                                   "webhook-timestamp: 1767225600", "order-attempt: 2",
                                   "order-token: 7", "order-deadline-seconds: 30"});
}

TEST_CASE("webhook_request: a trace goes on, in a span of its own for each attempt") {
    const TraceContext trace{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b"};
    const ClaimedOrder order = claimed(an_order("1235").traced(trace));
    const auto parent_of = [](const WebhookRequest& sent) {
        CHECK(sent.headers.at(sent.headers.size() - 1) == "tracestate: a=b");
        const std::string header = sent.headers.at(sent.headers.size() - 2);
        const std::string name = "traceparent: ";
        REQUIRE(header.starts_with(name));
        return header.substr(name.size());
    };
    const std::string first = parent_of(request(order));
    const std::string second = parent_of(request(order));
    for (const std::string& parent : {first, second}) {
        CHECK(is_trace_parent(parent));
        CHECK(parent.substr(0, 36) == trace.parent.substr(0, 36));
        CHECK(parent.substr(52) == "-01");
        CHECK(parent != trace.parent);
    }
    CHECK(first != second);

    const ClaimedOrder without_state = claimed(an_order("1235").traced({trace.parent}));
    CHECK(request(without_state).headers.back().starts_with("traceparent: "));
}

TEST_CASE("webhook_request: it is signed over the bytes that are sent") {
    const auto secret = WebhookSecret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    REQUIRE(secret);
    const auto sent = request(claimed(an_order("1235")), {*secret});
    CHECK(sent.headers.back() ==
          "webhook-signature: " + webhook_signatures({*secret},
                                                     "ord_7f3a9c12e4b05d68_1042_1767225599123",
                                                     "1767225600", sent.body));
}

TEST_CASE("webhook_request: a deadline that has passed leaves no second") {
    const auto sent = webhook_request(claimed(an_order("1235")), store_id, {}, UtcTime(1s), -500ms);
    CHECK(sent.headers.back() == "order-deadline-seconds: 0");
}

}  // namespace orders::test
