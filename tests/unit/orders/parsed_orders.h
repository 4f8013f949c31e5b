#pragma once

// What api/orders/order_parsing.h read from a body, as one line of text: short to compare in a
// table, and readable if a comparison fails.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/orders/order_parsing.h"

namespace orders::test {

// "A-1 High 5", or the fields at fault: "order_id, priority".
[[nodiscard]] inline std::string summary(const ParsedOrder& parsed) {
    if (const auto* order = std::get_if<NewOrder>(&parsed)) {
        const OrderSpec& spec = order->spec;
        return spec.order_id.text() + " " + std::string(to_string(spec.priority)) + " " +
               std::to_string(spec.processing_time.units());
    }
    std::string fields;
    for (const FieldError& error : std::get<InvalidOrder>(parsed).errors) {
        if (!fields.empty()) fields += ", ";
        fields += error.field.empty() ? "(all of it)" : error.field;
    }
    return fields;
}

// What is wrong with a body that is unusable as a whole.
[[nodiscard]] inline std::string summary(const MalformedBody& malformed) {
    std::string text = malformed.detail;
    for (const FieldError& error : malformed.errors) text += " " + error.field + " " + error.detail;
    return text;
}

[[nodiscard]] inline std::string read_order(std::string_view text) {
    return std::visit([](const auto& result) { return summary(result); }, parse_order(text));
}

// The orders with " | " between them.
[[nodiscard]] inline std::string read_batch(std::string_view text) {
    const auto result = parse_batch(text);
    if (const auto* malformed = std::get_if<MalformedBody>(&result)) return summary(*malformed);
    std::string line;
    for (const ParsedOrder& order : std::get<std::vector<ParsedOrder>>(result)) {
        if (!line.empty()) line += " | ";
        line += summary(order);
    }
    return line;
}

[[nodiscard]] inline bool is_malformed(std::string_view text) {
    return std::holds_alternative<MalformedBody>(parse_order(text));
}

// A body whose only fault, if any, is the value of one field, given as JSON text.
[[nodiscard]] inline std::string body_with(std::string_view field, std::string_view value) {
    const auto value_of = [&](std::string_view name, std::string_view good) {
        return std::string(name == field ? value : good);
    };
    return R"({"order_id":)" + value_of("order_id", R"("A-1")") + R"(,"priority":)" +
           value_of("priority", R"("High")") + R"(,"processing_time":)" +
           value_of("processing_time", "5") + "}";
}

[[nodiscard]] inline std::string json_quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

}  // namespace orders::test
