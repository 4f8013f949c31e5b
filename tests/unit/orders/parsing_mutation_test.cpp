// Valid bodies, damaged at random: whatever comes of it, nothing crashes, and what is accepted as
// an order is one. A parser that builds a tree is the judge.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "api/orders/json_numbers.h"
#include "api/orders/order_writing.h"
#include "tests/support/seed.h"
#include "tests/unit/orders/parsed_orders.h"

namespace orders::test {
namespace {

using namespace std::string_literals;
using nlohmann::json;

constexpr int mutations = 5'000;

std::size_t place_in(const std::string& text, std::mt19937& random) {
    return std::uniform_int_distribution<std::size_t>(0, text.size())(random);
}

const std::string& piece(std::mt19937& random) {
    static const std::vector<std::string> pieces = [] {
        std::vector<std::string> all{" ", "\n", "\0"s, "\xff", "\xc3\xa9", "\xef\xbb\xbf"};
        std::istringstream more(R"({ } [ ] , : " \ {} [] [{ }] },{ /* \u0000 \ud800 null true 0 -1
            1.5 5.0 1e400 86401 18446744073709551616 "order_id": "priority": "processing_time":
            "orders": "x": "High" "A-1" "order_id":"B-2",
            {"order_id":"B-2","priority":"Normal","processing_time":1},)");
        for (std::string one; more >> one;) all.push_back(one);
        return all;
    }();
    return pieces.at(std::uniform_int_distribution<std::size_t>(0, pieces.size() - 1)(random));
}

std::string mutated(std::string text, std::mt19937& random) {
    for (int left = any_of(random, 1, 4); left > 0; --left) {
        const std::size_t at = place_in(text, random);
        const auto length = static_cast<std::size_t>(any_of(random, 1, 12));
        switch (any_of(random, 0, 5)) {
            case 0:
                text.insert(at, 1, static_cast<char>(any_of(random, 0, 255)));
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.insert(place_in(text, random), text.substr(at, length));
                break;
            case 3:
                if (at < text.size()) text[at] = static_cast<char>(any_of(random, 0, 255));
                break;
            default:
                text.insert(at, piece(random));
        }
    }
    return text;
}

// As the tree has it; nothing if it is not an object. The parser takes a NUL for the end, and
// numbers beyond its own for no JSON.
json object_in(const std::string& text) {
    if (text.find('\0') != text.npos) return nullptr;
    json tree = json::parse(without_huge_numbers(text), nullptr, false);
    return tree.is_object() ? tree : json();
}

void check_is_valid(const NewOrder& order, const json& object) {
    CHECK_EQ(OrderId::parse(order.spec.order_id.text()), order.spec.order_id);
    CHECK_EQ(object.at("order_id"), order.spec.order_id.text());
    CHECK_EQ(object.at("priority"), std::string(to_string(order.spec.priority)));
    const json time = object.value("processing_time", json());
    CHECK_EQ(order.spec.processing_time.units(), time.is_null() ? 1 : time.get<double>());
    CHECK(order.spec.processing_time.units() >= ProcessingTime::min_units);
    CHECK(order.spec.processing_time.units() <= ProcessingTime::max_units);
}

void check_is_plausible(const ParsedOrder& parsed, const json& element) {
    if (const auto* order = std::get_if<NewOrder>(&parsed)) return check_is_valid(*order, element);
    CHECK_FALSE(std::get<InvalidOrder>(parsed).errors.empty());
}

}  // namespace

TEST_CASE("order_parsing: a damaged order is either valid all the same, or invalid, or malformed") {
    auto random = seeded_random();
    const std::vector<std::string> bodies{
        body_with("", ""),
        R"({"x":{"order_id":[1,{"order_id":2}]},"processing_time":86400,"order_id":"a._:~-",)"
        R"("priority":"Normal","y":[null,true,-2.5e3,"\u00e9\n"]})"};
    for (int i = 0; i < mutations; ++i) {
        const std::string text = mutated(bodies.at(static_cast<std::size_t>(i) % 2), random);
        CAPTURE(text);
        const json object = object_in(text);
        const auto result = parse_order(text);
        CHECK_EQ(std::holds_alternative<MalformedBody>(result), object.is_null());
        if (const auto* parsed = std::get_if<ParsedOrder>(&result)) {
            check_is_plausible(*parsed, object);
        }
    }
}

TEST_CASE("order_parsing: a damaged batch has a result for each element, or is malformed") {
    auto random = seeded_random();
    const std::string body = R"({"x":[[{}]],"orders":[)" + body_with("order_id", R"("B-1")") + "," +
                             body_with("priority", R"("Low")") + ",[{}]," + body_with("", "") +
                             R"(],"y":{"orders":[1]}})";
    for (int i = 0; i < mutations; ++i) {
        const std::string text = mutated(body, random);
        CAPTURE(text);
        const json object = object_in(text);
        const auto result = parse_batch(text);
        const auto* parsed = std::get_if<std::vector<ParsedOrder>>(&result);
        if (parsed == nullptr) continue;

        REQUIRE(object.contains("orders"));
        const json& list = object["orders"];
        REQUIRE_EQ(list.size(), parsed->size());
        std::vector<SubmitOutcome> outcomes;
        for (std::size_t at = 0; at < list.size(); ++at) {
            check_is_plausible(parsed->at(at), list.at(at));
            if (std::holds_alternative<NewOrder>(parsed->at(at))) outcomes.emplace_back(Created{});
        }
        // Whatever was in it, the answer is JSON.
        CHECK_EQ(json::parse(to_json(*parsed, outcomes))["results"].size(), list.size());
    }
}

}  // namespace orders::test
