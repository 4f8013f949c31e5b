// Reading a batch of orders.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/orders/parsed_orders.h"

namespace orders::test {
namespace {

using namespace std::string_literals;

const std::string unusable = "The list of orders is not usable. ";

std::string order_text(const std::string& id) {
    return body_with("order_id", json_quoted(id));
}

std::string batch_of(const std::vector<std::string>& elements) {
    std::string text = R"({"orders":[)";
    for (const std::string& element : elements) text += element + ",";
    if (!elements.empty()) text.pop_back();
    return text + "]}";
}

std::vector<std::string> numbered_orders(int count) {
    std::vector<std::string> orders;
    for (int number = 0; number < count; ++number) {
        orders.push_back(order_text("order-" + std::to_string(number)));
    }
    return orders;
}

}  // namespace

TEST_CASE("order_parsing: a batch is read in the order given") {
    CHECK_EQ(read_batch(batch_of({order_text("a")})), "a High 5");
    CHECK_EQ(read_batch(batch_of({order_text("b"), order_text("a"), order_text("b")})),
             "b High 5 | a High 5 | b High 5");
    CHECK_EQ(read_batch("\xef\xbb\xbf { \"orders\" :\n[ " + order_text("a") + " ] } "), "a High 5");
    CHECK_EQ(read_batch("{\"\\u006frders\":[" + order_text("a") + "]}"), "a High 5");
}

TEST_CASE("order_parsing: an order that is invalid keeps its place and spoils no other") {
    CHECK_EQ(read_batch(batch_of({R"({})", order_text("a"), order_text(""), order_text("b"),
                                  body_with("priority", R"("Low")"), order_text("c"),
                                  R"({"order_id":"d","order_id":"d"})"})),
             "order_id, priority | a High 5 | order_id | b High 5 | priority | "
             "c High 5 | order_id, priority");
}

TEST_CASE("order_parsing: no field of one order counts for the next") {
    CHECK_EQ(read_batch(batch_of({R"({"order_id":"a","priority":"High"})",
                                  R"({"processing_time":5})", order_text("b")})),
             "a High 1 | order_id, priority | b High 5");
    // The values of elements that are not objects, or of lists in the list, belong to no order
    // either.
    CHECK_EQ(read_batch(batch_of({R"({"order_id":"a","priority":"High","processing_time":5})",
                                  R"([1,{"order_id":"x"}])", R"("text")",
                                  R"({"order_id":"b","priority":"High"})", "7"})),
             "a High 5 | (all of it) | (all of it) | b High 1 | (all of it)");
}

TEST_CASE("order_parsing: an element that is not an object is an invalid order without an id") {
    for (const char* element :
         {"null", "true", "false", "0", "-7", "1.5", R"("A-1")", "[]", "[[]]", "[1,2,3]",
          R"([{"order_id":"A-1","priority":"High","processing_time":5}])",
          R"([[{"order_id":"A-1","priority":"High","processing_time":5}],{}])"}) {
        CAPTURE(element);
        const std::string body = batch_of({order_text("a"), element, order_text("b")});
        CHECK_EQ(read_batch(body), "a High 5 | (all of it) | b High 5");
        const auto result = parse_batch(body);
        const auto& invalid = std::get<InvalidOrder>(std::get<0>(result).at(1));
        CHECK_EQ(invalid.errors, std::vector<FieldError>{{"", "must be an object"}});
        CHECK_FALSE(invalid.order_id.has_value());
    }
}

TEST_CASE("order_parsing: a batch without a usable list of orders is refused as a whole") {
    const std::string list = "[" + order_text("a") + "]";
    struct Shape {
        std::string body;
        std::string fault;
    };
    for (const Shape& shape : std::vector<Shape>{
             {"{}", "orders is missing"},
             {order_text("a"), "orders is missing"},
             {"{\"Orders\":" + list + "}", "orders is missing"},
             {"{\"orders\\u0000\":" + list + "}", "orders is missing"},
             {"{\"x\":{\"orders\":" + list + "}}", "orders is missing"},
             {"{\"x\":[{\"orders\":" + list + "}]}", "orders is missing"},
             {"{\"x\":" + list + "}", "orders is missing"},
             {R"({"orders":[]})", "orders must hold at least one order"},
             {"{\"orders\":" + list + ",\"orders\":" + list + "}", "orders is given twice"},
             {"{\"orders\":[],\"orders\":" + list + "}", "orders is given twice"},
             {"{\"orders\":" + list + ",\"orders\":[]}", "orders is given twice"},
             {"{\"orders\":" + list + ",\"\\u006frders\":" + list + "}", "orders is given twice"},
             {"{\"orders\":" + list + ",\"orders\":null}", "orders must be a list of orders"},
             {R"({"orders":null})", "orders must be a list of orders"},
             {R"({"orders":true})", "orders must be a list of orders"},
             {R"({"orders":1})", "orders must be a list of orders"},
             {R"({"orders":-1})", "orders must be a list of orders"},
             {R"({"orders":1.5})", "orders must be a list of orders"},
             {R"({"orders":"x"})", "orders must be a list of orders"},
             {R"({"orders":{}})", "orders must be a list of orders"},
             {"{\"orders\":" + order_text("a") + "}", "orders must be a list of orders"},
             {"{\"orders\":{\"orders\":" + list + "}}", "orders must be a list of orders"}}) {
        CAPTURE(shape.body);
        CHECK_EQ(read_batch(shape.body), unusable + shape.fault);
    }
}

TEST_CASE("order_parsing: a batch may hold 1,000 orders and not one more, whatever they are") {
    const auto size_of = [](const std::string& body) {
        const auto result = parse_batch(body);
        return std::holds_alternative<MalformedBody>(result) ? 0 : std::get<0>(result).size();
    };
    CHECK_EQ(max_list_size, 1'000);
    CHECK_EQ(size_of(batch_of(numbered_orders(1'000))), 1'000);
    CHECK_EQ(read_batch(batch_of(numbered_orders(1'001))),
             unusable + "orders must hold at most 1000 orders");
    for (const char* element : {"{}", "null", "[]", "7", R"("x")", R"({"order_id":"A-1"})"}) {
        CAPTURE(element);
        std::vector<std::string> elements(1'000, element);
        CHECK_EQ(size_of(batch_of(elements)), 1'000);
        elements.emplace_back(element);
        CHECK_EQ(read_batch(batch_of(elements)), unusable + "orders must hold at most 1000 orders");
    }
    // Lists elsewhere do not count.
    const std::string numbers = "[0" + [] {
        std::string more;
        for (int i = 0; i < 5'000; ++i) more += ",0";
        return more;
    }() + "]";
    CHECK_EQ(read_batch("{\"x\":" + numbers + ",\"orders\":[" + body_with("priority", numbers) +
                        "," + order_text("a") + "],\"y\":" + numbers + "}"),
             "priority | a High 5");
}

TEST_CASE("order_parsing: a number beyond a double is the fault of its order alone") {
    CHECK_EQ(read_batch(batch_of({order_text("a"), body_with("processing_time", "1e400"), "1e400",
                                  R"({"x":-1e400,)" + order_text("b").substr(1)})),
             "a High 5 | processing_time | (all of it) | b High 5");
    CHECK_EQ(read_batch(R"({"orders":1e400})"), unusable + "orders must be a list of orders");
    CHECK_EQ(read_batch(R"({"x":1e400,"orders":[)" + order_text("a") + "]}"), "a High 5");
}

TEST_CASE("order_parsing: unknown fields around and in a batch are ignored") {
    const std::string list = "[" + order_text("a") + "]";
    const std::string decoy = R"([{"order_id":"no","priority":"High","processing_time":1}])";
    for (const std::string& unknown :
         {R"("x":1)"s, R"("x":null,"x":[])"s, "\"x\":" + decoy, "\"x\":{\"orders\":" + decoy + "}",
          "\"x\":[{\"orders\":" + decoy + "}]", "\"x\":{\"orders\":1,\"orders\":[[]]}"s,
          R"("order_id":"no","priority":"High","processing_time":1)"s, R"("":{})"s}) {
        CAPTURE(unknown);
        CHECK_EQ(read_batch("{" + unknown + ",\"orders\":" + list + "}"), "a High 5");
        CHECK_EQ(read_batch("{\"orders\":" + list + "," + unknown + "}"), "a High 5");
    }
    CHECK_EQ(read_batch(batch_of({R"({"orders":)" + decoy + "," + order_text("a").substr(1),
                                  R"({"x":[{"order_id":"no"},[]],"y":{"order_id":1},)" +
                                      order_text("b").substr(1)})),
             "a High 5 | b High 5");
}

TEST_CASE("order_parsing: a batch that is malformed after its list is refused as a whole") {
    const std::string good = batch_of(numbered_orders(3));
    for (std::size_t length = 0; length < good.size(); ++length) {
        CAPTURE(length);
        CHECK(std::holds_alternative<MalformedBody>(parse_batch(good.substr(0, length))));
    }
    for (const std::string& end : {"x"s, "}"s, ","s, "{}"s, "\0"s, "\0{"s}) {
        CHECK(std::holds_alternative<MalformedBody>(parse_batch(good + end)));
    }
}

}  // namespace orders::test
