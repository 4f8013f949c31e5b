#pragma once

// Takes the payloads out of a request body before the body is read; and likewise the results, or
// whatever field BodyShape::verbatim names. A payload is any JSON value, and is kept byte for byte
// as it was sent, with its spelling, its white space and numbers of any magnitude. So nothing but
// the scanner of shared/text looks at it, and the reader of the objects gets a body with a zero in
// its place.
//
// Pure functions, for any thread. Memory is bounded by the body's size: what neither names a
// payload nor might, by an escape, is not even copied.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/orders/order_body.h"

namespace orders {

// What is wrong with the field `payload` of an object, as the detail of a FieldError.
struct PayloadFault {
    std::string detail;
};

// The field `payload` of an object: not given, given with these bytes of the body, or wrong.
using FoundPayload = std::variant<std::monostate, std::string_view, PayloadFault>;

struct ExtractedPayloads {
    // The body with a zero and blanks in the place of each payload, so that all else stays where it
    // was. It is JSON if and only if the body is, but for payloads that have a PayloadFault. Empty
    // if it would be the same as the body.
    std::optional<std::string> neutral_body;
    // For each object of the list, from first to last, also if it is not valid. (What is no object
    // has no place here.) Objects behind the last payload are left out: they have none.
    // The bytes are those of the body that was given, and live as long.
    std::vector<FoundPayload> payloads;
};

// The body may be any bytes. It is malformed if a payload has no end, or something in it has no
// place in JSON; `errors` then names the field. What is wrong elsewhere is left to the reader of
// the neutral body. A payload of more than `max_bytes` is a PayloadFault.
[[nodiscard]] std::variant<ExtractedPayloads, MalformedBody> extract_payloads(
    std::string_view body, const BodyShape& shape, std::size_t max_bytes);

}  // namespace orders
