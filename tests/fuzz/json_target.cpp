// Fuzz target: JSON that is kept as it was sent (shared/text/json_scanner.h,
// api/orders/payload_extraction.h). The input is a body. The scanner and the JSON library have to
// agree on what JSON is, and what is extracted has to be what a plain recursive reader finds.
//
// With ORDERS_PLANTED_DEFECT it ends at the first payload that is found by a key with an escape in
// it. A fuzzer that does not come upon one finds nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/orders/json_numbers.h"
#include "api/orders/payload_extraction.h"
#include "shared/text/json_scanner.h"
#include "tests/fuzz/invariant.h"

namespace orders::test {
namespace {

using nlohmann::json;

constexpr std::size_t max_payload_bytes = 300;  // so that a payload of too many levels fits

// As the JSON library has it, but for what the service does not share with it: numbers may be of
// any magnitude, and a NUL is no end.
bool library_accepts(std::string_view text) {
    return text.find('\0') == text.npos && json::accept(without_huge_numbers(text));
}

// The model: where things are in a text that is JSON.

std::size_t skip(std::string_view text, std::size_t at, std::string_view characters) {
    return std::min(text.find_first_not_of(characters, at), text.size());
}

std::size_t skip_white_space(std::string_view text, std::size_t at) {
    return skip(text, at, " \t\r\n");
}

struct Range {
    std::size_t begin;
    std::size_t end;
};

struct Child {
    std::string key;  // unescaped; empty in a list
    Range value;
};

struct Value {
    std::size_t end;
    std::size_t levels;
    std::vector<Child> children;
};

std::size_t string_end(std::string_view text, std::size_t begin) {
    std::size_t at = begin + 1;
    for (; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

Value value_at(std::string_view text, std::size_t begin) {
    const char first = text[begin];
    if (first == '"') return {string_end(text, begin), 0, {}};
    if (first != '{' && first != '[') {
        return {std::min(text.find_first_of(" \t\r\n,]}", begin), text.size()), 0, {}};
    }
    Value value{begin + 1, 1, {}};
    while (true) {
        std::size_t at = skip(text, value.end, " \t\r\n,");
        if (text[at] == '}' || text[at] == ']') return {at + 1, value.levels, value.children};
        std::string key;
        if (first == '{') {
            const std::size_t end = string_end(text, at);
            key = json::parse(text.substr(at, end - at)).get<std::string>();
            at = skip(text, end, " \t\r\n:");
        }
        const Value child = value_at(text, at);
        value.children.push_back({key, {at, child.end}});
        value.levels = std::max(value.levels, child.levels + 1);
        value.end = child.end;
    }
}

// For each order object, the ranges of its payloads.
std::vector<std::vector<Range>> payloads_in(std::string_view body, const BodyShape& shape) {
    std::vector<std::vector<Range>> payloads;
    const auto add = [&](std::size_t begin) {
        if (body[begin] != '{') return;
        payloads.emplace_back();
        for (const Child& member : value_at(body, begin).children) {
            if (member.key == "payload") payloads.back().push_back(member.value);
        }
    };
    const std::size_t begin = skip_white_space(body, body.starts_with("\xef\xbb\xbf") ? 3 : 0);
    if (!shape.is_list()) {
        add(begin);
    } else if (body[begin] == '{') {
        for (const Child& member : value_at(body, begin).children) {
            if (member.key != "orders" || body[member.value.begin] != '[') continue;
            for (const Child& order : value_at(body, member.value.begin).children) {
                add(order.value.begin);
            }
        }
    }
    return payloads;
}

// The checks.

void check_scanner(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // which the library skips
    const bool is_accepted = is_json(text);
    const bool is_expected = library_accepts(text) && !text.starts_with(byte_order_mark);
    require(!is_accepted || is_expected, "what the scanner accepts is JSON");
    if (is_accepted || !is_expected) return;
    require(value_at(text, skip_white_space(text, 0)).levels > max_json_levels,
            "the scanner accepts what is JSON, and not nested too deep");
}

#ifdef ORDERS_PLANTED_DEFECT
void check_for_defect(std::string_view body, const Range& payload) {
    const std::size_t key_end = body.find_last_of('"', payload.begin - 1);
    require(key_end < 7 || body.substr(key_end - 7, 7) == "payload",
            "the planted defect is not found");
}
#else
void check_for_defect(std::string_view, const Range&) {}
#endif

void check_payload(std::string_view body, const std::vector<Range>& expected,
                   const FoundPayload& found) {
    const auto* bytes = std::get_if<std::string_view>(&found);
    const auto* fault = std::get_if<PayloadFault>(&found);
    if (expected.empty())
        return require(!bytes && !fault, "no payload is found in an order without");
    const auto [begin, end] = expected.front();
    check_for_defect(body, expected.front());
    if (expected.size() > 1) {
        return require(fault && fault->detail == "is given twice", "a second payload is seen");
    }
    if (end - begin > max_payload_bytes) {
        return require(fault && fault->detail == "must be at most 300 bytes of JSON",
                       "a payload that is too long is seen");
    }
    if (value_at(body, begin).levels > max_json_levels) {
        return require(fault && fault->detail == "is nested deeper than 128 levels",
                       "a payload that is nested too deep is seen");
    }
    require(bytes && bytes->data() == body.data() + begin && bytes->size() == end - begin,
            "a payload is the bytes that were sent");
}

void check_valid_body(std::string_view body, const BodyShape& shape, const ExtractedPayloads& found,
                      std::string_view neutral) {
    const auto expected = payloads_in(body, shape);
    require(found.payloads.size() <= expected.size(), "payloads belong to orders");
    std::string expected_neutral(body);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        check_payload(body, expected[i],
                      i < found.payloads.size() ? found.payloads[i] : FoundPayload());
        for (const auto& [begin, end] : expected[i]) {
            expected_neutral.replace(begin, end - begin, end - begin, ' ');
            expected_neutral[begin] = '0';
        }
    }
    require(neutral == expected_neutral,
            "a zero takes the place of each payload, and all else stays");
}

// The library's tree of the body, and that of its parts, whatever the model says.
void check_trees(std::string_view body, const ExtractedPayloads& found, std::string_view neutral) {
    json tree = json::parse(body, nullptr, false);
    if (tree.is_discarded() || !tree.contains("payload") || found.payloads.empty()) return;
    const auto* payload = std::get_if<std::string_view>(&found.payloads.front());
    if (payload != nullptr) {
        require(json::parse(*payload) == tree["payload"], "a payload means what the body says");
    }
    tree["payload"] = 0;
    require(json::parse(neutral) == tree, "the rest of a body means what it meant");
}

void check_extraction(std::string_view body, const BodyShape& shape) {
    const auto result = extract_payloads(body, shape, max_payload_bytes);
    const bool is_valid = library_accepts(body);
    if (const auto* malformed = std::get_if<MalformedBody>(&result)) {
        require(!is_valid, "a valid body is not malformed");
        require(malformed->errors.size() == 1 && malformed->errors.front().field == "payload",
                "a refusal names the payload");
        return;
    }
    const auto& found = std::get<ExtractedPayloads>(result);
    const std::string_view neutral = found.neutral_body ? *found.neutral_body : body;
    require(neutral.size() == body.size(), "a body keeps its size");
    bool has_fault = false;
    for (const FoundPayload& payload : found.payloads) {
        has_fault = has_fault || std::holds_alternative<PayloadFault>(payload);
        const auto* bytes = std::get_if<std::string_view>(&payload);
        require(!bytes || (is_json(*bytes) && bytes->size() <= max_payload_bytes),
                "a payload is JSON within its limit");
    }
    if (is_valid) {
        check_valid_body(body, shape, found, neutral);
        if (!shape.is_list()) check_trees(body, found, neutral);
    } else {
        require(has_fault || !library_accepts(neutral), "what is no JSON is not made JSON");
    }
}

void check_json(std::string_view text) {
    check_scanner(text);
    check_extraction(text, one_order);
    check_extraction(text, list_of_orders);
}

}  // namespace
}  // namespace orders::test

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    orders::test::check_json({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
