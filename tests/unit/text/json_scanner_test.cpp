#include "shared/text/json_scanner.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace orders::test {
namespace {

using namespace std::string_literals;

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

// The reason that the value at the begin of the text is refused for; its end must be known, or not.
std::string reason(const std::string& text, bool has_end) {
    const JsonScan scan = scan_json_value(text, 0);
    CHECK_EQ(scan.end.has_value(), has_end);
    if (scan.end) CHECK_EQ(*scan.end, text.size());
    return scan.fault ? scan.fault->reason : "";
}

}  // namespace

TEST_CASE("json_scanner: every kind of value is JSON, with white space around it") {
    for (const std::string value : {"null",
                                    "true",
                                    "false",
                                    "0",
                                    "-0",
                                    "12",
                                    "-1.5",
                                    "1e5",
                                    "1E+5",
                                    "0.25e-10",
                                    "1e400",
                                    "-123456789012345678901234567890123456789012345678901234567890",
                                    R"("")",
                                    R"("a\"\\\/\b\f\n\r\tz")",
                                    R"("\u0000\uD83d\uDe80")",
                                    "\"\x7f\u00e9\u20ac\U0001f680\"",
                                    "[]",
                                    "{}",
                                    "[ ]",
                                    "{ }",
                                    "[1,[2],{}]",
                                    R"({"a":1,"a":{"b":[null]}})",
                                    "[ 1 ,\t2\r\n, { \"a\" : 3 } ]"}) {
        CAPTURE(value);
        CHECK(is_json(value));
        CHECK(is_json(" \t\r\n" + value + "\n\r\t "));
        CHECK_EQ(scan_json_value("  " + value + " ]", 2).end, value.size() + 2);
    }
}

TEST_CASE("json_scanner: what is not JSON is refused") {
    for (const std::string& text : {""s,
                                    " "s,
                                    "nul"s,
                                    "nulL"s,
                                    "True"s,
                                    "01"s,
                                    "-"s,
                                    "+1"s,
                                    ".5"s,
                                    "1."s,
                                    "1.e5"s,
                                    "1e"s,
                                    "1e+"s,
                                    "0x1"s,
                                    "NaN"s,
                                    "'a'"s,
                                    "\""s,
                                    "\"a"s,
                                    "\"\\"s,
                                    "\"\\\""s,
                                    "["s,
                                    "[1"s,
                                    "[1,"s,
                                    "[1,]"s,
                                    "[,1]"s,
                                    "[1 2]"s,
                                    "[1}"s,
                                    "{"s,
                                    "{1:2}"s,
                                    R"({"a"})"s,
                                    R"({"a":})"s,
                                    R"({"a":1,})"s,
                                    R"({"a":1 "b":2})"s,
                                    R"({"a":1])"s,
                                    "]"s,
                                    "1 2"s,
                                    "{}{}"s,
                                    "1,"s,
                                    "// a\n1"s,
                                    "\xef\xbb\xbf"s + "1",
                                    "\v1"s,
                                    "1\0"s,
                                    "\0"s,
                                    "[1\0]"s}) {
        CAPTURE(text);
        CHECK_FALSE(is_json(text));
    }
}

TEST_CASE("json_scanner: a text must be valid UTF-8 without control characters") {
    for (const std::string& bad :
         {"\x80"s, "\xbf"s, "\xc0\xaf"s, "\xc1\xbf"s, "\xc3"s, "\xe0\x9f\xbf"s, "\xe2\x82"s,
          "\xed\xa0\x80"s, "\xed\xbf\xbf"s, "\xf0\x8f\xbf\xbf"s, "\xf0\x9f\x9a"s,
          "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s}) {
        CAPTURE(bad);
        CHECK_EQ(reason("\"a" + bad + "\"", true), "is not valid UTF-8");
        CHECK_EQ(reason("{\"" + bad + "\":[1]}", true), "is not valid UTF-8");
    }
    for (const std::string good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                   "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CAPTURE(good);
        CHECK(is_json("\"" + good + "\""));
    }
    for (char c = 0; c < 0x20; ++c) {
        CHECK_EQ(reason("[\""s + c + "\"]", true), "has a control character in a text");
    }
}

TEST_CASE("json_scanner: surrogates come in pairs") {
    for (const std::string bad : {R"(\ud800)", R"(\udfff)", R"(\ud83d\u0041)", R"(\ud83d\ud83d)",
                                  R"(\ude80\ud83d)", R"(\ud83d\n)", R"(\ud83d ude80)"}) {
        CAPTURE(bad);
        CHECK_EQ(reason("[\"" + bad + "\"]", true), "has a lone surrogate");
    }
    CHECK(is_json(R"("\ud800\udc00\udbff\udfff\ud7ff\ue000")"));
}

TEST_CASE("json_scanner: an unknown escape is refused") {
    for (const std::string bad :
         {R"(\x)", R"(\')", R"(\u12)", R"(\u12g4)", R"(\U0041)", "\\\xc3\xa9"}) {
        CAPTURE(bad);
        CHECK_EQ(reason("\"" + bad + "\"", true), "has an unknown escape in a text");
    }
}

TEST_CASE("json_scanner: a value is nested at most 128 levels deep") {
    CHECK(is_json(nested(128)));
    CHECK_EQ(reason(nested(129), true), "is nested deeper than 128 levels");
    std::string mixed = "1";
    for (int i = 0; i < 64; ++i) mixed = "[{\"a\": " + mixed + "}]";
    CHECK(is_json(mixed));
    CHECK_EQ(reason("[" + mixed + "]", true), "is nested deeper than 128 levels");
    CHECK(is_json("[" + nested(127) + "," + nested(127) + "]"));

    // The end of what is too deep is found past brackets in texts, and what follows is scanned.
    const std::string deep = std::string(128, '[') + R"({"]\"}":"]}"})" + std::string(128, ']');
    CHECK_EQ(reason("{\"a\":" + deep + ",\"b\":2}", true), "is nested deeper than 128 levels");
    CHECK_EQ(reason("[" + deep + ",,]", false), "has a character out of place");
    CHECK_EQ(reason(std::string(100'000, '['), false), "ends in the middle");
    CHECK_EQ(reason(nested(100'000), true), "is nested deeper than 128 levels");
}

TEST_CASE("json_scanner: a fault has a place and a reason") {
    const auto fault = [](std::string_view text) {
        const JsonScan scan = scan_json_value(text, 2);
        REQUIRE(scan.fault);
        return std::to_string(scan.fault->position) + " " + scan.fault->reason;
    };
    CHECK_EQ(fault("  "), "2 ends in the middle");
    CHECK_EQ(fault("  tru"), "5 ends in the middle");
    CHECK_EQ(fault("  trUe"), "4 has a character out of place");
    CHECK_EQ(fault("  [1,]"), "5 has a character out of place");
    CHECK_EQ(fault("  -a"), "3 has a number that is not complete");
    CHECK_EQ(fault("  \"ab"), "5 ends in the middle");
    CHECK_EQ(fault("  \"a\n\xff\""), "4 has a control character in a text");
    CHECK_EQ(fault("  [\"\xff\", x]"), "8 has a character out of place");
}

TEST_CASE("json_scanner: a value ends before what cannot belong to it") {
    CHECK_EQ(scan_json_value("01", 0).end, 1U);
    CHECK_EQ(scan_json_value("truex", 0).end, 4U);
    CHECK_EQ(scan_json_value("[]]", 0).end, 2U);
    CHECK_EQ(scan_json_value("x\"a\"\"b\"", 1).end, 4U);
}

TEST_CASE("json_scanner: a value that is cut off anywhere ends in the middle") {
    const std::string text = R"({"a":[true,null,"\ud83d\ude80\n)"
                             "\xf0\x9f\x9a\x80"
                             R"(",{"b":-1.5e+10}]})";
    REQUIRE(is_json(text));
    for (std::size_t size = 0; size < text.size(); ++size) {
        const JsonScan scan = scan_json_value(std::string_view(text).substr(0, size), 0);
        CAPTURE(size);
        CHECK_FALSE(scan.end);
        CHECK_EQ(scan.fault->reason, "ends in the middle"s);
    }
}

}  // namespace orders::test
