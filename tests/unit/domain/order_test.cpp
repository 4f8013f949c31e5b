#include "shared/domain/order.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>

namespace orders {
namespace {

TEST_CASE("order: an id is a letter or digit, then letters, digits and . _ : ~ -") {
    for (const std::string_view text :
         {"a", "Z", "0", "1235", "order-1", "a.b_c:d~e-f", "a..", "9----", "A:B:C"}) {
        CAPTURE(text);
        const auto id = OrderId::parse(text);
        REQUIRE(id.has_value());
        CHECK(id->text() == text);
    }
}

TEST_CASE("order: an id has at most 64 characters") {
    CHECK(OrderId::parse(std::string(64, 'x')).has_value());
    CHECK_FALSE(OrderId::parse(std::string(65, 'x')).has_value());
    CHECK_FALSE(OrderId::parse(std::string(1'000'000, 'x')).has_value());
}

TEST_CASE("order: text that would not be safe in a URL or a log is not an order id") {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {""sv,         "."sv,    ".."sv,   "-a"sv,   "_a"sv,    ":a"sv,
          "~a"sv,       " a"sv,   "a "sv,   "a b"sv,  "a/b"sv,   "a?b"sv,
          "a#b"sv,      "a%41"sv, "a\n"sv,  "a\\b"sv, "a\"b"sv,  "a'b"sv,
          "a+b"sv,      "a@b"sv,  "a\0b"sv, "\0"sv,   "a\x7f"sv, "gr\xc3\xbc\xc3\x9f"sv,
          "\xc3\xa9"sv, "a\xff"sv}) {
        CAPTURE(text);
        CHECK_FALSE(OrderId::parse(text).has_value());
    }
}

TEST_CASE("order: ids are equal when they are spelled alike, upper and lower case included") {
    CHECK(OrderId::parse("a1") == OrderId::parse("a1"));
    CHECK(OrderId::parse("a1") != OrderId::parse("A1"));
}

TEST_CASE("order: a priority is spelled High or Normal and reads back as itself") {
    CHECK(to_string(Priority::high) == "High");
    CHECK(to_string(Priority::normal) == "Normal");
    for (const Priority priority : all_priorities) {
        CHECK(parse_priority(to_string(priority)) == priority);
    }
    for (const std::string_view text : {"", "high", "HIGH", "High ", " High", "Low", "0"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_priority(text).has_value());
    }
}

TEST_CASE("order: a status is spelled as clients know it and reads back as itself") {
    CHECK(to_string(OrderStatus::pending) == "Pending");
    CHECK(to_string(OrderStatus::processing) == "Processing");
    CHECK(to_string(OrderStatus::processed) == "Processed");
    CHECK(to_string(OrderStatus::failed) == "Failed");
    std::set<std::string_view> spellings;
    for (const OrderStatus status : all_statuses) {
        CHECK(parse_status(to_string(status)) == status);
        spellings.insert(to_string(status));
    }
    CHECK(spellings.size() == 5);
    for (const std::string_view text : {"", "pending", "PENDING", "Pending\n", "Done"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_status(text).has_value());
    }
}

TEST_CASE("order: a processing time is 1 to 86,400 units") {
    for (const std::int64_t units : {1, 2, 5, 86'399, 86'400}) {
        const auto time = ProcessingTime::parse(units);
        REQUIRE(time.has_value());
        CHECK(time->units() == units);
    }
    for (const std::int64_t units :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{86'401},
          std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        CAPTURE(units);
        CHECK_FALSE(ProcessingTime::parse(units).has_value());
    }
}

}  // namespace
}  // namespace orders
