#include "worker/processors/command/captured_output.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/json_scanner.h"

namespace orders::test {
namespace {

std::string result_of(const std::string& written) {
    OutputBeginning output;
    output.add(written);
    const JsonText result = output.as_result();
    return result ? *result : "nothing";
}

std::string detail_of(const std::string& written) {
    OutputEnd error;
    error.add(written);
    return error.as_detail();
}

}  // namespace

TEST_CASE("captured_output: JSON is the result as it stands") {
    CHECK(result_of("{\"a\": 1e999, \"a\": 2}\n") == "{\"a\": 1e999, \"a\": 2}");
    CHECK(result_of("7") == "7");
    CHECK(result_of(" \"text\" ") == "\"text\"");
}

TEST_CASE("captured_output: no output is no result") {
    CHECK(result_of("") == "nothing");
    CHECK(result_of(" \n\t\n") == "nothing");
}

TEST_CASE("captured_output: anything else becomes a text in JSON") {
    CHECK(result_of("done\n") == R"({"output":"done\n"})");
    CHECK(result_of("7 8") == R"({"output":"7 8"})");
    CHECK(result_of("a\t\"b\"\\\r\x01\x7f") == "{\"output\":\"a\\t\\\"b\\\"\\\\\\r\\u0001\x7f\"}");
    CHECK(result_of(std::string("a\0b", 3)) == R"({"output":"a\u0000b"})");
    CHECK(result_of("h\xc3\xa9 \xff") == "{\"output\":\"h\xc3\xa9 \xef\xbf\xbd\"}");
}

TEST_CASE("captured_output: a long output is cut, says so, and stays within bounds") {
    OutputBeginning output;
    for (int part = 0; part < 100; ++part) output.add(std::string(1'000, 'x'));
    const std::string result = *output.as_result();
    CHECK(result.size() <= max_result_bytes);
    CHECK(result.size() > max_result_bytes - 100);
    CHECK(result.ends_with("x\",\"truncated\":true}"));
    CHECK(is_json(result));
}

TEST_CASE("captured_output: an output that grows as JSON is cut, too") {
    const std::string result = result_of(std::string(60'000, '\x01'));
    CHECK(result.size() <= max_result_bytes);
    CHECK(result.ends_with("\\u0001\",\"truncated\":true}"));
    CHECK(is_json(result));
    CHECK(is_json(result_of(std::string(60'000, '\xff'))));
}

TEST_CASE(
    "captured_output: JSON of the greatest length is kept, and none of which a part is lost") {
    const std::string longest = '"' + std::string(max_result_bytes - 2, 'x') + '"';
    CHECK(result_of(longest) == longest);
    CHECK(result_of(longest + "\n").starts_with(R"({"output":"\"xxx)"));
}

TEST_CASE("captured_output: a detail is the end of what was written") {
    CHECK(detail_of("one\ntwo\n") == "one\ntwo");
    CHECK(detail_of("") == "");
    OutputEnd error;
    for (int line = 0; line < 5'000; ++line) error.add("line " + std::to_string(line) + "\n");
    error.add(std::string(3'000, '-') + "\nlast words\n");
    CHECK(error.as_detail().size() == max_detail_bytes);
    CHECK(error.as_detail().ends_with("---\nlast words"));
}

TEST_CASE("captured_output: a detail has whole characters only") {
    std::string characters;
    for (int times = 0; times < 1'000; ++times) characters += "\xe2\x82\xac";
    const std::string detail = detail_of(characters);
    CHECK(detail.size() == 1'998);
    CHECK(detail.starts_with("\xe2\x82\xac"));
    CHECK(detail_of("a\xff\xc3") == "a\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace orders::test
