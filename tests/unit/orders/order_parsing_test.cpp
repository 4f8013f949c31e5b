// Reading one order. Batches, writing and mutated bodies have files of their own.

#include "api/orders/order_parsing.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/orders/parsed_orders.h"

namespace orders::test {
namespace {

using namespace std::string_literals;

std::vector<FieldError> errors_of(std::string_view text) {
    const auto result = parse_order(text);
    REQUIRE(std::holds_alternative<ParsedOrder>(result));
    const auto& parsed = std::get<ParsedOrder>(result);
    REQUIRE(std::holds_alternative<InvalidOrder>(parsed));
    return std::get<InvalidOrder>(parsed).errors;
}

std::optional<std::string> echoed_id(std::string_view text) {
    const auto result = parse_order(text);
    REQUIRE(std::holds_alternative<ParsedOrder>(result));
    const auto& parsed = std::get<ParsedOrder>(result);
    REQUIRE(std::holds_alternative<InvalidOrder>(parsed));
    return std::get<InvalidOrder>(parsed).order_id;
}

void check_only_fault(const std::string& field, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        const std::string begin_of_value = value.substr(0, 80);
        CAPTURE(begin_of_value);
        CHECK_EQ(read_order(body_with(field, value)), field);
    }
}

std::string as_escape(int character) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(character));
    return text.data();
}

bool is_letter_or_digit(int c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

TEST_CASE(
    "order_parsing: an order is read from its fields, in any order and with any white space") {
    for (const char* body : {R"({"order_id":"A-1","priority":"High","processing_time":5})",
                             R"({"processing_time":5,"priority":"High","order_id":"A-1"})",
                             " \r\n\t{ \"order_id\" :\n\"A-1\" , \"priority\":\t\"High\" , "
                             "\"processing_time\" : 5 } \n\r ",
                             R"({"order_id":"\u0041\u002d1","pri\u006frity":"H\u0069gh",
                                 "processing_time":5})",
                             // A byte order mark may be ignored (RFC 8259, section 8.1).
                             "\xef\xbb\xbf{\"order_id\":\"A-1\",\"priority\":\"High\","
                             "\"processing_time\":5}"}) {
        CAPTURE(body);
        CHECK_EQ(read_order(body), "A-1 High 5");
    }
    CHECK_EQ(read_order(body_with("priority", R"("Normal")")), "A-1 Normal 5");
}

TEST_CASE("order_parsing: an order_id has 1 to 64 characters") {
    for (const std::size_t length : {1U, 2U, 63U, 64U}) {
        const std::string id(length, 'x');
        CHECK_EQ(read_order(body_with("order_id", json_quoted(id))), id + " High 5");
    }
    check_only_fault("order_id", {R"("")", json_quoted(std::string(65, 'x')),
                                  json_quoted(std::string(100'000, 'x')),
                                  // 64 characters, more bytes.
                                  json_quoted(std::string(63, 'x') + "\u00e9")});
}

TEST_CASE(
    "order_parsing: an order_id takes exactly the characters of the contract, escaped or not") {
    for (int c = 0; c < 0x80; ++c) {
        CAPTURE(c);
        const bool may_lead = is_letter_or_digit(c);
        const bool may_follow = may_lead || (c != 0 && "._:~-"s.find(static_cast<char>(c)) < 5);
        const std::string leading = body_with("order_id", json_quoted(as_escape(c) + "b"));
        const std::string following = body_with("order_id", json_quoted("a" + as_escape(c)));
        const char plain = static_cast<char>(c);
        CHECK_EQ(read_order(leading), may_lead ? plain + "b High 5"s : "order_id");
        CHECK_EQ(read_order(following), may_follow ? "a"s + plain + " High 5" : "order_id");
        if (!may_follow) continue;
        CHECK_EQ(read_order(body_with("order_id", json_quoted("a"s + plain))),
                 "a"s + plain + " High 5");
    }
    check_only_fault("order_id", {"\"\u00e9\"", "\"a\u00e9\"", "\"a\u2024b\"", "\"\U0001f600\"",
                                  R"("a\ud83d\ude00")", R"("a\u0000")", R"("\u0000")", R"("a/b")",
                                  R"("a\/b")", R"("../a")", R"("a%20b")", R"("a\nb")"});
}

TEST_CASE("order_parsing: a priority is High or Normal, spelled exactly so") {
    check_only_fault("priority", {R"("high")", R"("HIGH")", R"("normal")", R"("Low")", R"("")",
                                  R"(" High")", R"("High ")", R"("High\u0000")", R"("HighNormal")",
                                  R"("Pending")", json_quoted(std::string(100'000, 'H'))});
}

TEST_CASE("order_parsing: a processing_time is a whole number from 1 to 86400") {
    for (const char* value : {"1", "2", "9", "86399", "86400"}) {
        CHECK_EQ(read_order(body_with("processing_time", value)), "A-1 High "s + value);
    }
    // Lua, Perl, PHP and R write whole numbers so.
    for (const char* value : {"5.0", "5.000", "5e0", "50e-1", "0.5E+1", "5.00000000000000000000"}) {
        CAPTURE(value);
        CHECK_EQ(read_order(body_with("processing_time", value)), "A-1 High 5");
    }
    CHECK_EQ(read_order(body_with("processing_time", "1e3")), "A-1 High 1000");
    CHECK_EQ(read_order(body_with("processing_time", "86400.0")), "A-1 High 86400");
    check_only_fault("processing_time", {"0",
                                         "-0",
                                         "-1",
                                         "-5",
                                         "86401",
                                         "0.0",
                                         "-5.0",
                                         "0.5",
                                         "1.5",
                                         "86400.5",
                                         "86401.0",
                                         "5e-1",
                                         "1e5",
                                         "1e15",
                                         "9007199254740992.0",
                                         "1e300",
                                         "-1e300",
                                         "1e-400",
                                         "2147483648",
                                         "4294967297",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "9223372036854775809",
                                         "-9223372036854775808",
                                         "-9223372036854775809",
                                         "18446744073709551615",
                                         "18446744073709551616",
                                         "18446744073709551617",
                                         "1"s + std::string(300, '0')});
}

TEST_CASE("order_parsing: a number beyond a double is a number, and out of range") {
    const std::vector<std::string> huge{"1e400",
                                        "-1E+400",
                                        "1.5e99999999999999999999",
                                        "0.1e310",
                                        "1e-400",
                                        "-0.1e-999999999",
                                        "1"s + std::string(400, '0'),
                                        "-9"s + std::string(400, '9') + ".5e1"};
    check_only_fault("processing_time", huge);
    check_only_fault("order_id", huge);
    check_only_fault("priority", huge);
    for (const std::string& number : huge) {
        CAPTURE(number);
        CHECK_EQ(read_order(number), "The body must be a JSON object.");
        // Nobody asks what is in unknown fields.
        const std::string rest = "," + body_with("", "").substr(1);
        CHECK_EQ(read_order("{\"x\":" + number + rest), "A-1 High 5");
        CHECK_EQ(
            read_order("{\"x\":{\"\\\"" + number + "\":[" + number + " , " + number + "]}" + rest),
            "A-1 High 5");
        // The fault beside it is found where it is.
        const std::string before = "{\"x\":[\"1e400\"," + number + ",";
        CHECK_EQ(read_order(before + "?]}"),
                 "The body is not valid JSON, at byte " + std::to_string(before.size() + 1) + ".");
    }
    for (const std::string broken :
         {"01e400", "1.e400", "1e400.5", "1e400e1", "--1e400", "5-1e400", "1e+-1e400", "1e400x",
          "1e400 1", "+1e400", ".1e400", "1e400\\"}) {
        CAPTURE(broken);
        CHECK(is_malformed(body_with("processing_time", broken)));
        CHECK(is_malformed("{\"x\":1e400," + body_with("processing_time", broken).substr(1)));
    }
}

TEST_CASE("order_parsing: a field of the wrong type is at fault, whatever the type") {
    const std::vector<std::string> no_text{"null", "true", "false", "0",    "5",  "-5",
                                           "1.5",  "[]",   "{}",    "[[]]", "[5]"};
    check_only_fault("order_id", no_text);
    check_only_fault("order_id", {R"(["A-1"])", R"({"order_id":"A-1"})"});
    check_only_fault("priority", no_text);
    check_only_fault("priority", {R"(["High"])", R"({"priority":"High"})"});
    check_only_fault("processing_time", {"true", "false", R"("")", R"("5")", "[]", "[5]", "{}",
                                         R"({"processing_time":5})"});
}

TEST_CASE("order_parsing: a missing field is named, even if another is spelled almost like it") {
    CHECK_EQ(read_order(R"({"priority":"High","processing_time":5})"), "order_id");
    CHECK_EQ(read_order(R"({"order_id":"A-1","processing_time":5})"), "priority");
    CHECK_EQ(read_order(R"({"Order_id":"A-1","PRIORITY":"High","processing_time ":5})"),
             "order_id, priority");
    CHECK_EQ(read_order(R"({"order_id\u0000":"A-1","priority":"High","processing_time":5})"),
             "order_id");
}

TEST_CASE("order_parsing: a field that is given twice is at fault, whatever its values are") {
    for (const char* body :
         {R"({"order_id":"A-1","order_id":"A-1","priority":"High","processing_time":5})",
          R"({"order_id":"A-1","priority":"High","processing_time":5,"order_id":"A-2"})",
          R"({"order_id":"","order_id":"A-1","priority":"High","processing_time":5})",
          R"({"order_id":"A-1","order_id":null,"priority":"High","processing_time":5})",
          R"({"order_id":"A-1","order_id":{},"order_id":[],"priority":"High","processing_time":5})",
          R"({"order_id":"A-1","\u006frder_id":"A-1","priority":"High","processing_time":5})"}) {
        CAPTURE(body);
        CHECK_EQ(errors_of(body), std::vector<FieldError>{{"order_id", "is given twice"}});
    }
    CHECK_EQ(read_order(R"({"order_id":"A-1","priority":"High","priority":"High",
                            "processing_time":5})"),
             "priority");
    CHECK_EQ(read_order(R"({"order_id":"A-1","priority":"High","processing_time":5,
                            "processing_time":5})"),
             "processing_time");
}

TEST_CASE("order_parsing: all faults of an order are reported together, each with its rule") {
    const FieldError wrong_id{"order_id",
                              "must be a text that starts with a letter or digit, then has up to "
                              "63 of letters, digits and . _ : ~ -"};
    const FieldError wrong_priority{"priority", "must be \"High\" or \"Normal\""};
    const FieldError wrong_time{"processing_time", "must be a whole number from 1 to 86400"};
    CHECK_EQ(errors_of(R"({"order_id":"","priority":"Low","processing_time":0})"),
             std::vector{wrong_id, wrong_priority, wrong_time});
    CHECK_EQ(errors_of(R"({"processing_time":null,"order_id":"A-1","order_id":"A-1"})"),
             std::vector<FieldError>{{"order_id", "is given twice"}, {"priority", "is missing"}});
    CHECK_EQ(errors_of("{}"),
             std::vector<FieldError>{{"order_id", "is missing"}, {"priority", "is missing"}});
}

TEST_CASE(
    "order_parsing: unknown fields are ignored, whatever they hold, however often they come") {
    for (const char* unknown :
         {R"("note":"x")", R"("note":null)", R"("":0)", R"("note":1,"note":2,"note":[])",
          R"("nested":{"order_id":"no","priority":1,"processing_time":"no"})",
          R"("list":["order_id",{"order_id":"no"},[{"order_id":"no"}],7])",
          R"("deep":{"a":{"b":[{"order_id":1,"order_id":2}]},"order_id":[[[]]]})",
          R"("orders":[{"order_id":"no","priority":"High","processing_time":1}])",
          R"("status":"Processed","attempts":99,"worker":"me")", R"("order_id ":"no")"}) {
        CAPTURE(unknown);
        const std::string rest = R"("order_id":"A-1","priority":"High","processing_time":5)";
        CHECK_EQ(read_order("{"s + unknown + "," + rest + "}"), "A-1 High 5");
        CHECK_EQ(read_order("{" + rest + "," + unknown + "}"), "A-1 High 5");
        CHECK_EQ(read_order(R"({"order_id":"A-1",)"s + unknown +
                            R"(,"priority":"High","processing_time":5})"),
                 "A-1 High 5");
        CHECK_EQ(read_order("{"s + unknown + "}"), "order_id, priority");
    }
}

TEST_CASE(
    "order_parsing: the id of an invalid order is echoed if it is a text of sensible length") {
    CHECK_EQ(echoed_id(R"({"order_id":"A-1"})"), "A-1");
    CHECK_EQ(echoed_id(R"({"order_id":""})"), "");
    CHECK_EQ(echoed_id(R"({"order_id":"a\u0000b \u00e9"})"), "a\0b \u00e9"s);
    CHECK_EQ(echoed_id(body_with("order_id", json_quoted(std::string(128, 'x')))),
             std::string(128, 'x'));
    CHECK_EQ(echoed_id(body_with("order_id", json_quoted(std::string(129, 'x')))), std::nullopt);
    CHECK_EQ(echoed_id(body_with("order_id", "5")), std::nullopt);
    CHECK_EQ(echoed_id("{}"), std::nullopt);
}

TEST_CASE("order_parsing: a body that is not an object is malformed") {
    for (const char* body :
         {"null", "true", "false", "0", "-1.5", R"("x")", "[]", "[{}]", R"(["order_id"])",
          R"([{"order_id":"A-1","priority":"High","processing_time":5}])"}) {
        CAPTURE(body);
        CHECK_EQ(read_order(body), "The body must be a JSON object.");
        CHECK_EQ(read_batch(body), "The body must be a JSON object.");
    }
}

TEST_CASE("order_parsing: a body that is not JSON is malformed, and the error says where") {
    const std::string good = body_with("", "");
    const std::vector<std::string> bodies{
        "", " ", "\n\t ", "{", "}", "]", "\"", "{]", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{1:2}",
        "{null:1}", "{a:1}", "{'a':1}", "{\"a\":'b'}", "{\"a\":[1,]}", "{\"a\":[1 2]}",
        "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}", "{\"a\":undefined}", "{\"a\":True}",
        "{\"a\":nul}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":-}",
        "{\"a\":1e}", "{\"a\":0x1}", "{\"a\":1_000}", "{\"a\":\"\t\"}", "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "nonsense",
        "order_id=A-1&priority=High", "<order/>", "/* */" + good, good + "// end", "# c\n" + good,
        good + good, good + ",", good + "}", good + "x", good + " null", "\xef\xbb\xbf",
        "\xef\xbb" + good, good + "\xef\xbb\xbf", "\xff\xfe{\0}\0"s, "\x0b" + good,
        "\xc2\xa0" + good,
        // Not UTF-8: lone, overlong, surrogate, cut off, beyond Unicode.
        body_with("order_id", "\"\xff\""), body_with("order_id", "\"a\x80\""),
        body_with("order_id", "\"\xc0\xaf\""), body_with("order_id", "\"\xed\xa0\x80\""),
        body_with("order_id", "\"\xe2\x82\""), body_with("order_id", "\"\xf5\x80\x80\x80\""),
        "{\"\xff\":1," + good.substr(1),
        // NUL: alone, before, after, in the middle, in a text.
        "\0"s, "\0"s + good, good + "\0"s, good + "\0garbage"s, "{\0}"s, "{\"a\":\"\0\"}"s};
    for (const std::string& body : bodies) {
        CAPTURE(body);
        const std::string one = read_order(body);
        CHECK_MESSAGE(one.starts_with("The body is not valid JSON, at byte "), one);
        const std::string batch = read_batch(body);
        CHECK_MESSAGE(batch.starts_with("The body is not valid JSON, at byte "), batch);
    }
    CHECK_EQ(read_order(R"({"order_id":?})"), "The body is not valid JSON, at byte 13.");
}

TEST_CASE("order_parsing: every part of a valid body that ends too early is malformed") {
    const std::string good = R"({"order_id":"A-1","priority":"High","processing_time":5,)"
                             R"("x":{"y":[1,-2.5e3,true,null,"\u00e9\n"]}})";
    REQUIRE_EQ(read_order(good), "A-1 High 5");
    for (std::size_t length = 0; length < good.size(); ++length) {
        CAPTURE(length);
        CHECK(is_malformed(good.substr(0, length)));
    }
}

TEST_CASE("order_parsing: nesting may be as deep as the body is long") {
    constexpr std::size_t depth = 100'000;
    const std::string open(depth, '[');
    const std::string lists = open + std::string(depth, ']');
    std::string objects;
    for (std::size_t i = 0; i < depth; ++i) objects += R"({"order_id":)";
    objects += "1" + std::string(depth, '}');

    CHECK(is_malformed(open));
    CHECK(is_malformed(lists));
    CHECK(is_malformed(objects.substr(0, objects.size() / 2)));
    CHECK_EQ(read_order(objects), "order_id, priority");
    for (const std::string& deep : {lists, objects}) {
        CHECK_EQ(read_order("{\"x\":" + deep + "," + body_with("", "").substr(1)), "A-1 High 5");
        CHECK_EQ(read_order(body_with("order_id", deep)), "order_id");
        CHECK_EQ(read_order(body_with("processing_time", deep)), "processing_time");
        CHECK_EQ(
            read_batch("{\"x\":" + deep + ",\"orders\":[" + body_with("priority", deep) + "]}"),
            "priority");
    }
}

}  // namespace orders::test
