// Events as they go over the wire, and their ids.

#include "api/events/event_texts.h"

#include <doctest/doctest.h>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

const EventTexts texts("e0");

}  // namespace

TEST_CASE("event_texts: only ids of this epoch are numbers") {
    CHECK(texts.number_of(texts.id_of(17)) == 17);
    CHECK(texts.number_of("e0-0") == 0);
    for (const char* other : {"", "e0", "e0-", "e0--1", "e0-1x", "e0- 1", "e1-1", "1", "e00-1",
                              "e0-99999999999999999999"}) {
        CHECK_MESSAGE(!texts.number_of(other), other);
    }
}

TEST_CASE("event_texts: an order's event has all that is said of it, on one line") {
    const Change change{.id = 5,
                        .order_id = order_id("a"),
                        .kind = a_kind("mail"),
                        .priority = Priority::high,
                        .status = OrderStatus::failed,
                        .attempt = 2,
                        .reason = "no\nroute \"x\"",
                        .at = UtcTime(std::chrono::milliseconds(1'000))};
    CHECK(texts.order(change) ==
          "id: e0-5\nevent: order\ndata: {\"order_id\":\"a\",\"kind\":\"mail\",\"priority\":"
          "\"High\",\"status\":\"Failed\",\"attempt\":2,\"reason\":\"no\\nroute \\\"x\\\"\","
          "\"at\":\"1970-01-01T00:00:01.000Z\"}\n\n");
}

TEST_CASE("event_texts: hello tells the id to go on from, unless something was missed") {
    CHECK(texts.hello(5, false) ==
          "retry: 2000\nid: e0-5\nevent: hello\ndata: {\"id\":\"e0-5\"}\n\n");
    CHECK(texts.hello(5, true) == "retry: 2000\nevent: hello\ndata: {\"id\":\"e0-5\"}\n\n");
}

TEST_CASE("event_texts: a gap repeats what the client knew, whatever that is") {
    CHECK(texts.gap("e9-1", 5) ==
          "id: e0-5\nevent: gap\ndata: {\"from\":\"e9-1\",\"to\":\"e0-5\"}\n\n");
    CHECK(texts.last_gap(1, 5) == "event: gap\ndata: {\"from\":\"e0-1\",\"to\":\"e0-5\"}\n\n");
    const std::string odd = texts.gap("\xff\"\n", 5);
    CHECK(odd.find("\xff") == std::string::npos);
    CHECK(odd.ends_with("\\\"\\n\",\"to\":\"e0-5\"}\n\n"));
}

TEST_CASE("event_texts: a sign of life is no event") {
    CHECK(texts.sign_of_life(std::nullopt) == ":\n\n");
    CHECK(texts.sign_of_life(5) == ":\nid: e0-5\n\n");
}

}  // namespace orders::test
