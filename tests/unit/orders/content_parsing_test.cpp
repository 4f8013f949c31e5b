// Reading what an order carries beyond its id and priority: kind, times, limits, payload.

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/order_builder.h"
#include "tests/unit/orders/parsed_orders.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

// An order with these members besides its id and its priority.
std::string order_with(const std::string& members) {
    return R"({"order_id":"A-1","priority":"High",)" + members + "}";
}

NewOrder order_in(std::string_view text) {
    auto result = parse_order(text);
    REQUIRE(std::holds_alternative<ParsedOrder>(result));
    auto& parsed = std::get<ParsedOrder>(result);
    const std::string what = summary(parsed);
    REQUIRE_MESSAGE(std::holds_alternative<NewOrder>(parsed), what);
    return std::get<NewOrder>(std::move(parsed));
}

std::vector<FieldError> errors_in(std::string_view text) {
    const auto result = parse_order(text);
    REQUIRE(std::holds_alternative<ParsedOrder>(result));
    const auto* const invalid = std::get_if<InvalidOrder>(&std::get<ParsedOrder>(result));
    return invalid != nullptr ? invalid->errors : std::vector<FieldError>();
}

UtcTime time_of(std::string_view text) {
    return parse_rfc3339(text).value();
}

// Its rule is named for each of these values, and nothing else is at fault.
void check_refused(const std::string& field, std::string_view rule,
                   const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        CAPTURE(value);
        CHECK_EQ(errors_in(order_with("\"" + field + "\":" + value)),
                 std::vector<FieldError>{{field, std::string(rule)}});
    }
}

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("order_parsing: an order that says no more than it must has the defaults") {
    const NewOrder order = order_in(R"({"order_id":"A-1","priority":"High"})");
    CHECK_EQ(order.spec.processing_time, ProcessingTime());
    CHECK(order.spec.kind.is_default());
    CHECK_EQ(order.spec.options, AttemptOptions());
    CHECK_FALSE(order.spec.start_before.has_value());
    CHECK_EQ(order.spec.payload, nullptr);
    CHECK_FALSE(order.due.has_value());
    CHECK_FALSE(order.fingerprint.has_value());
}

TEST_CASE("order_parsing: all that an order may carry is read") {
    const NewOrder order = order_in(order_with(
        R"("kind":"mail_2-x","not_before":"2026-11-26T10:00:00+05:30","payload":{"a" : 1e400},)"
        R"("start_before":"2026-11-26t10:00:00z","timeout_seconds":86400,"max_attempts":100,)"
        R"("backoff_seconds":3600,"processing_time":7)"));
    CHECK_EQ(order.spec.kind, a_kind("mail_2-x"));
    CHECK_EQ(order.due, DueTime(time_of("2026-11-26T04:30:00Z")));
    CHECK_EQ(order.spec.start_before, time_of("2026-11-26T10:00:00Z"));
    CHECK_EQ(order.spec.options,
             AttemptOptions{.timeout = 86'400s, .max_attempts = 100, .backoff = 3'600s});
    REQUIRE(order.spec.payload);
    CHECK_EQ(*order.spec.payload, R"({"a" : 1e400})");
    CHECK_EQ(order.spec.processing_time.units(), 7);
}

TEST_CASE("order_parsing: a delay is kept as it was given, and none is no delay") {
    CHECK_EQ(order_in(order_with(R"("delay_seconds":1)")).due, DueTime(1s));
    CHECK_EQ(order_in(order_with(R"("delay_seconds":31536000.0)")).due, DueTime(longest_delay));
    CHECK_FALSE(order_in(order_with(R"("delay_seconds":0)")).due.has_value());
}

TEST_CASE("order_parsing: null for an optional field means that it is not given") {
    const NewOrder order = order_in(order_with(
        R"("processing_time":null,"kind":null,"not_before":null,"delay_seconds":5,)"
        R"("start_before":null,"timeout_seconds":null,"max_attempts":null,"backoff_seconds":null)"));
    CHECK_EQ(order.spec.processing_time, ProcessingTime());
    CHECK(order.spec.kind.is_default());
    CHECK_EQ(order.spec.options, AttemptOptions());
    CHECK_EQ(order.due, DueTime(5s));
    CHECK_EQ(errors_in(R"({"order_id":null,"priority":null})").size(), 2);
}

TEST_CASE("order_parsing: a payload of null is a payload") {
    const NewOrder order = order_in(order_with(R"("payload": null )"));
    REQUIRE(order.spec.payload);
    CHECK_EQ(*order.spec.payload, "null");
}

TEST_CASE("order_parsing: a value of the wrong type or out of range names its field and its rule") {
    const std::string kind = "must be a text of 1 to 32 lower-case letters, digits, _ and -";
    check_refused("kind", kind,
                  {"\"\"", "\"Mail\"", "\"a b\"", "\"a.b\"", "\"\\u00e9\"", "\"a\\u0000\"", "5",
                   "true", "[]", "{}", json_quoted(std::string(33, 'a'))});
    CHECK(errors_in(order_with("\"kind\":" + json_quoted(std::string(32, 'a')))).empty());

    const std::string time =
        "must be a time with a zone, such as 2026-11-22T13:04:05Z, from 1970 to 9999";
    for (const std::string field : {"not_before", "start_before"}) {
        check_refused(
            field, time,
            {"\"\"", "1795352645", "1795352645.5", "true", "{}", "\"tomorrow\"",
             "\"2026-11-26T10:00:00\"", "\"2026-11-26 10:00:00Z\"", "\"2026-11-26T24:00:00Z\"",
             "\"2026-11-26T10:00:60Z\"", "\"2026-02-30T10:00:00Z\"", "\"1969-12-31T23:59:59Z\"",
             "\"10000-01-01T00:00:00Z\"", "\"2026-11-26T10:00:00Z\\u0000\""});
    }
    struct Bounds {
        std::string field;
        std::string least;
        std::string most;
        std::string below;
        std::string above;
    };
    for (const auto& [field, least, most, below, above] :
         std::vector<Bounds>{{"delay_seconds", "0", "31536000", "-1", "31536001"},
                             {"timeout_seconds", "1", "86400", "0", "86401"},
                             {"max_attempts", "1", "100", "0", "101"},
                             {"backoff_seconds", "1", "3600", "0", "3601"}}) {
        const std::string rule = "must be a whole number from " + least + " to " + most;
        check_refused(
            field, rule,
            {below, above, "1.5", "1e400", "\"5\"", "true", "[5]", "{}", "18446744073709551616"});
        CHECK(errors_in(order_with("\"" + field + "\":" + least)).empty());
        CHECK(errors_in(order_with("\"" + field + "\":" + most)).empty());
    }
}

TEST_CASE("order_parsing: times that contradict each other are at fault") {
    const std::string not_before = R"("not_before":"2026-11-26T10:00:00Z")";
    CHECK_EQ(
        errors_in(order_with(not_before + R"(,"delay_seconds":0)")),
        std::vector<FieldError>{{"delay_seconds", "must not be given together with not_before"}});
    CHECK_EQ(errors_in(order_with(not_before + R"(,"start_before":"2026-11-26T09:59:59.999Z")")),
             std::vector<FieldError>{{"start_before", "must not be before not_before"}});
    CHECK(errors_in(order_with(not_before + R"(,"start_before":"2026-11-26T10:00:00Z")")).empty());
    // Times in the past contradict nothing.
    CHECK_EQ(order_in(order_with(R"("not_before":"1970-01-01T00:00:00Z")")).due,
             DueTime(UtcTime()));
}

TEST_CASE("order_parsing: a field that an order may have is at fault if it is given twice") {
    for (const std::string field :
         {"kind", "not_before", "delay_seconds", "start_before", "timeout_seconds", "max_attempts",
          "backoff_seconds", "payload"}) {
        CAPTURE(field);
        CHECK_EQ(errors_in(order_with("\"" + field + "\":null,\"" + field + "\":null")),
                 std::vector<FieldError>{{field, "is given twice"}});
    }
}

TEST_CASE("order_parsing: a payload is kept byte for byte, whatever is in it") {
    for (const std::string& payload :
         {"0"s, "-0.0e-0"s, "1e400"s, "\"\""s, "\"\\u0000\\ud83d\\ude00\""s,
          "\"\xf0\x9f\x98\x80\""s, "[ 1 ,\n\t2 ]"s,
          R"({"b":1,"a":2,"b":{"order_id":"x","payload":1}})"s, "true"s,
          R"({"1":123456789012345678901234567890,"\/":"\/"})"s, nested(128)}) {
        CAPTURE(payload);
        const std::string member = "\"payload\" : " + payload;
        const NewOrder order = order_in(order_with(member));
        REQUIRE(order.spec.payload);
        CHECK_EQ(*order.spec.payload, payload);
        CHECK_EQ(*order_in("{" + member + R"( ,"priority":"High","order_id":"A-1"})").spec.payload,
                 payload);
    }
}

TEST_CASE("order_parsing: a payload that cannot be kept is the fault of its order") {
    for (const std::string& payload : {nested(129), "\"\\ud800\""s, "\"\\udc00\\ud800\""s,
                                       "\"\xff\""s, "\"\xc0\xaf\""s, "{\"\xed\xa0\x80\":1}"s}) {
        CAPTURE(payload);
        const auto errors = errors_in(order_with("\"payload\":" + payload));
        REQUIRE_EQ(errors.size(), 1);
        CHECK_EQ(errors.at(0).field, "payload");
        CHECK_FALSE(errors.at(0).detail.empty());
    }
    const auto both = errors_in(R"({"order_id":"A-1","payload":"\ud800","max_attempts":0})");
    REQUIRE_EQ(both.size(), 3);
    CHECK_EQ(both.at(2).field, "payload");
}

TEST_CASE("order_parsing: the bound of a payload counts bytes as they were sent") {
    const auto errors_with = [](const std::string& payload) {
        return errors_in(order_with("\"payload\":" + payload));
    };
    constexpr std::size_t most = default_max_payload_bytes;
    const std::vector<FieldError> too_large{{"payload", "must be at most 65536 bytes of JSON"}};
    CHECK(errors_with(json_quoted(std::string(most - 2, 'a'))).empty());
    CHECK_EQ(errors_with(json_quoted(std::string(most - 1, 'a'))), too_large);
    // White space inside counts; around it, it does not.
    CHECK(errors_with("  [" + std::string(most - 2, ' ') + "]  ").empty());
    CHECK_EQ(errors_with("[" + std::string(most - 1, ' ') + "]"), too_large);
    // A quarter as many characters of four bytes are as many bytes.
    std::string characters;
    for (std::size_t at = 0; at < most / 4; ++at) characters += "\xf0\x9f\x98\x80";
    CHECK_EQ(errors_with(json_quoted(characters)), too_large);
    CHECK(errors_with(json_quoted(characters.substr(4))).empty());

    const std::string ten = order_with(R"("payload":"12345678")");
    CHECK(std::holds_alternative<NewOrder>(std::get<ParsedOrder>(parse_order(ten, 10))));
    CHECK(std::holds_alternative<InvalidOrder>(std::get<ParsedOrder>(parse_order(ten, 9))));
}

TEST_CASE("order_parsing: in a batch each order has its own payload and its own faults") {
    const auto order = [](const std::string& id, const std::string& more) {
        return R"({"order_id":")" + id + R"(","priority":"High")" + more + "}";
    };
    const std::string body =
        R"({"orders":[)" + order("a", "") + "," + order("b", R"(,"payload":{"x":1e999})") + ",7," +
        order("c", R"(,"payload":"\ud800")") + "," + order("d", R"(,"payload":[],"kind":"Mail")") +
        "," + order("e", R"(,"payload":"e","delay_seconds":3)") + "]}";
    CHECK_EQ(read_batch(body), "a High 1 | b High 1 | (all of it) | payload | kind | e High 1");
    const auto result = parse_batch(body);
    const auto& orders = std::get<std::vector<ParsedOrder>>(result);
    CHECK_EQ(std::get<NewOrder>(orders.at(0)).spec.payload, nullptr);
    CHECK_EQ(*std::get<NewOrder>(orders.at(1)).spec.payload, R"({"x":1e999})");
    CHECK_EQ(*std::get<NewOrder>(orders.at(5)).spec.payload, R"("e")");
    CHECK_EQ(std::get<NewOrder>(orders.at(5)).due, DueTime(3s));
}

}  // namespace orders::test
