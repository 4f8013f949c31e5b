#include "api/orders/payload_extraction.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "api/orders/order_parsing.h"

namespace orders::test {
namespace {

using namespace std::string_literals;

constexpr std::size_t max_bytes = 1'000;

ExtractedPayloads extracted(std::string_view body, const BodyShape& shape,
                            std::size_t most = max_bytes) {
    auto result = extract_payloads(body, shape, most);
    REQUIRE(std::holds_alternative<ExtractedPayloads>(result));
    return std::get<ExtractedPayloads>(std::move(result));
}

// What was found, one text for each order: "none", the bytes, or "payload" and what is wrong.
std::vector<std::string> found(std::string_view body, const BodyShape& shape,
                               std::size_t most = max_bytes) {
    std::vector<std::string> texts;
    for (const FoundPayload& payload : extracted(body, shape, most).payloads) {
        if (const auto* bytes = std::get_if<std::string_view>(&payload)) {
            texts.emplace_back(*bytes);
        } else if (const auto* fault = std::get_if<PayloadFault>(&payload)) {
            texts.push_back("payload " + fault->detail);
        } else {
            texts.emplace_back("none");
        }
    }
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("payload_extraction: a payload is found as it was sent, and a zero takes its place") {
    const std::string payload = "{ \"n\" :1.50,\t\"big\":[1e400,\"\\u00e9\xc3\xa9\"]}";
    const std::string body = "{\"order_id\":\"A\",\n \"payload\" : " + payload + " ,\"x\":1}";
    CHECK_EQ(found(body, one_order), Texts{payload});
    CHECK_EQ(*extracted(body, one_order).neutral_body, "{\"order_id\":\"A\",\n \"payload\" : 0" +
                                                           std::string(payload.size() - 1, ' ') +
                                                           " ,\"x\":1}");
}

TEST_CASE("payload_extraction: the payload's bytes are those of the body") {
    const std::string body = R"({"payload":[1]})";
    const auto result = extracted(body, one_order);
    CHECK_EQ(std::get<std::string_view>(result.payloads.at(0)).data(), body.data() + 11);
}

TEST_CASE("payload_extraction: every kind of value may be a payload") {
    for (const std::string payload : {"null", "true", "0", "-1e999", R"("")", R"("}\"]")", "[]",
                                      "{}", R"({"payload":{"payload":1}})"}) {
        CAPTURE(payload);
        CHECK_EQ(found("{\"payload\":" + payload + "}", one_order), Texts{payload});
        CHECK_EQ(found("{\"orders\":[{\"payload\":" + payload + "}]}", list_of_orders),
                 Texts{payload});
    }
}

TEST_CASE("payload_extraction: without a payload there is nothing to do") {
    for (const std::string body :
         {R"({"order_id":"A"})", R"({"x":"payload"})", R"({"x":{"payload":1}})",
          R"({"payloads":1})", R"({"payloa\u0065":1})", R"(["payload",1])", "", "\"payload\"",
          "}{\"payload\":1}"}) {
        CAPTURE(body);
        CHECK_FALSE(extracted(body, one_order).neutral_body);
        CHECK(extracted(body, one_order).payloads.empty());
    }
}

TEST_CASE("payload_extraction: a key may be written with escapes") {
    CHECK_EQ(found(R"({"p\u0061yload":1})", one_order), Texts{"1"});
    CHECK_EQ(found(R"({"\u0070\u0061\u0079\u006C\u006f\u0061\u0064":2})", one_order), Texts{"2"});
    CHECK_EQ(found(R"({"\u006frders":[{"payloa\u0064":3}]})", list_of_orders), Texts{"3"});
    CHECK_EQ(found(R"({"p\u0041yload":1})", one_order), Texts{});
    CHECK_EQ(found(R"({"\\u0070ayload":1})", one_order), Texts{});
}

TEST_CASE("payload_extraction: the orders of a list have payloads of their own") {
    CHECK_EQ(found(R"({"x":[{"payload":0}],"orders":[{"payload":1},{},7,[{"payload":8}],)"
                   R"({"y":{"payload":9},"payload":{"payload":2}},{}],"payload":3})",
                   list_of_orders),
             Texts{"1", "none", R"({"payload":2})"});
    CHECK_EQ(found(R"({"orders":[{"payload":1}],"orders":[{"payload":2}]})", list_of_orders),
             Texts{"1", "2"});
    CHECK_EQ(found(R"({"orders":{"a":{"payload":1}}})", list_of_orders), Texts{});
    CHECK_EQ(found(R"({"orders":[{}],"more":[{"payload":1}]})", list_of_orders), Texts{});
    CHECK_EQ(found(R"({"payload":1})", list_of_orders), Texts{});
}

TEST_CASE("payload_extraction: a fault of one payload leaves the others alone") {
    const std::string deep = std::string(129, '[') + std::string(129, ']');
    const std::vector<std::pair<std::string, std::string>> faults{
        {R"(["\ud800"])", "has a lone surrogate"},
        {"\"\xff\"", "is not valid UTF-8"},
        {"{\"\xc0\xaf\":{}}", "is not valid UTF-8"},
        {"\"\n\"", "has a control character in a text"},
        {"\"\0\""s, "has a control character in a text"},
        {R"("\x")", "has an unknown escape in a text"},
        {deep, "is nested deeper than 128 levels"},
        {"1,\"payload\":[2]", "is given twice"},
        {"\"" + std::string(999, 'x') + "\"", "must be at most 1000 bytes of JSON"}};
    for (const auto& each : faults) {
        const std::string& payload = each.first;
        CAPTURE(payload);
        const std::string body =
            R"({"orders":[{"payload":1},{"payload":)" + payload + R"(},{"payload":"two"}]})";
        CHECK_EQ(found(body, list_of_orders), Texts{"1", "payload " + each.second, R"("two")"});
        const std::string neutral = extracted(body, list_of_orders).neutral_body.value();
        CHECK_EQ(neutral.size(), body.size());
        CHECK_EQ(parse_batch(neutral).index(), 0);
    }
}

TEST_CASE("payload_extraction: a payload may be as long as the limit") {
    CHECK_EQ(found(R"({"payload": "abc" })", one_order, 5), Texts{R"("abc")"});
    CHECK_EQ(found(R"({"payload": "abc" })", one_order, 4),
             Texts{"payload must be at most 4 bytes of JSON"});
}

TEST_CASE("payload_extraction: a payload that is no JSON makes the body malformed") {
    const std::vector<std::pair<std::string, std::string>> bodies{
        {R"({"payload":)", "ends in the middle"},
        {R"({"payload":"a)", "ends in the middle"},
        {R"({"payload":[1,2)", "ends in the middle"},
        {R"({"payload":})", "has a character out of place"},
        {R"({"payload":tru})", "has a character out of place"},
        {R"({"payload":[1}})", "has a character out of place"},
        {R"({"payload":1.})", "has a number that is not complete"}};
    for (const auto& each : bodies) {
        const std::string& body = each.first;
        CAPTURE(body);
        const auto result = extract_payloads(body, one_order, max_bytes);
        REQUIRE(std::holds_alternative<MalformedBody>(result));
        const auto& errors = std::get<MalformedBody>(result).errors;
        REQUIRE_EQ(errors.size(), 1);
        CHECK_EQ(errors[0].field, "payload");
        CHECK_EQ(errors[0].detail, each.second);
    }
    CHECK_EQ(std::get<MalformedBody>(extract_payloads(bodies[4].first, one_order, 9)).detail,
             "The body is not valid JSON, at byte 15.");
}

TEST_CASE("payload_extraction: what is wrong outside the payload stays wrong") {
    for (const std::string& body :
         {R"({"payload":01})"s, R"({"payload":1 2})"s, R"({"payload":1}})"s, R"({"payload":1)"s,
          R"({"payload":truex})"s, R"({,"payload":1})"s, R"(["payload":1])"s, R"("payload":1)"s,
          R"({"payload":1}{"payload":2})"s, R"({"payload":1)"s + '\0' + "}"}) {
        CAPTURE(body);
        const auto neutral = extracted(body, one_order).neutral_body;
        CHECK(std::holds_alternative<MalformedBody>(parse_order(neutral.value_or(body))));
    }
}

TEST_CASE("payload_extraction: orders beyond the limit of a list are left to the reader") {
    std::string body = R"({"orders":[{"payload":1})";
    for (std::size_t i = 0; i < 2 * max_list_size; ++i) body += R"(,{"payload":1})";
    body += "]}";
    const auto result = extracted(body, list_of_orders);
    CHECK_LE(result.payloads.size(), max_list_size);
    CHECK(std::holds_alternative<MalformedBody>(parse_batch(*result.neutral_body)));
}

}  // namespace orders::test
