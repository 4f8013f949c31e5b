#include "api/orders/fingerprint.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tests/support/order_builder.h"
#include "tests/unit/orders/parsed_orders.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

std::string in_hexadecimal(const Fingerprint& fingerprint) {
    std::string text;
    for (const unsigned char byte : fingerprint) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned>(byte));
        text += digits.data();
    }
    return text;
}

std::string fingerprint_of_text(const std::string& body) {
    auto parsed = parse_order(body);
    return in_hexadecimal(
        fingerprint_of(std::get<NewOrder>(std::get<ParsedOrder>(std::move(parsed)))));
}

std::string with(const std::string& members) {
    return fingerprint_of_text(R"({"order_id":"a","priority":"High")" + members + "}");
}

}  // namespace

// They are stored: an order that was created by an older version must be known again.
TEST_CASE("fingerprint: it is that of sha256sum over a line for each field, and the payload") {
    // printf 'priority=High\nprocessing_time=1\nkind=default\n' | sha256sum
    CHECK_EQ(with(""), "849930dc337c210305b09d6520e6ed1c");
    CHECK_EQ(in_hexadecimal(fingerprint_of(
                 an_order("a")
                     .normal()
                     .taking(7)
                     .of_kind("mail")
                     .due(60s)
                     .to_begin_before(UtcTime(std::chrono::milliseconds(1'795'352'645'678)))
                     .with({.timeout = 30s, .max_attempts = 3, .backoff = 9s})
                     .carrying(R"({"a":1})"))),
             "30a4025c37cd3d3111c36608e460ac05");
}

TEST_CASE("fingerprint: what means the same is the same") {
    const std::string plain = with("");
    CHECK_EQ(with(R"(,"processing_time":1,"kind":"default","delay_seconds":0)"), plain);
    CHECK_EQ(with(R"(,"kind":null,"not_before":null,"max_attempts":null)"), plain);
    CHECK_EQ(with(R"(,"unknown":"x")"), plain);
    CHECK_EQ(fingerprint_of_text(R"( { "priority" : "High" , "order_id" : "b" } )"), plain);
    CHECK_EQ(with(R"(,"not_before":"2026-11-26T10:00:00+05:30","max_attempts":3.0)"),
             with(R"(,"max_attempts":3,"not_before":"2026-11-26T04:30:00.000Z")"));
    CHECK_EQ(with(R"(,"payload":   {"a": 1}   )"), with(R"(,"payload":{"a": 1})"));
}

TEST_CASE("fingerprint: what means something else is something else, in every field") {
    std::map<std::string, std::string> seen;
    for (const std::string& members : std::vector<std::string>{
             "", R"(,"processing_time":2)", R"(,"kind":"a")", R"(,"delay_seconds":1)",
             R"(,"delay_seconds":2)", R"(,"not_before":"1970-01-01T00:00:01Z")",
             R"(,"not_before":"1970-01-01T00:00:00.001Z")",
             R"(,"start_before":"1970-01-01T00:00:01Z")", R"(,"timeout_seconds":1)",
             R"(,"max_attempts":1)", R"(,"backoff_seconds":1)", R"(,"payload":null)",
             R"(,"payload":1)", R"(,"payload":1.0)", R"(,"payload":{"a":1,"b":2})",
             R"(,"payload":{"b":2,"a":1})", R"(,"payload":{"a": 1,"b":2})",
             R"(,"payload":"backoff_seconds=1")"}) {
        const auto emplaced = seen.emplace(with(members), members);
        CHECK_MESSAGE(emplaced.second, members, " is the same as ", emplaced.first->second);
    }
    CHECK_NE(fingerprint_of_text(R"({"order_id":"a","priority":"Normal"})"), with(""));
}

}  // namespace orders::test
