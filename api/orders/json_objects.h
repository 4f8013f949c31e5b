#pragma once

// Reads a body that is an object, or holds a list of them, and tells of each what fields it has.
// Takes one pass (two if the text has a number beyond a double) and builds no tree: what stands
// deeper inside the objects, or beside the list, is passed over.
//
// Pure functions, for any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/orders/order_body.h"

namespace orders {

// A field's value as far as anything here could use it; the empty alternative is everything else
// (1.5, lists, objects). A whole number beyond 64 bits is one that is too large for anything.
using FieldValue = std::variant<std::monostate, std::nullptr_t, bool, std::string, std::int64_t>;

// Is told what a body holds, in its order.
class ObjectSink {
   public:
    virtual ~ObjectSink() = default;
    // What was told before is void.
    virtual void begin_body() = 0;
    virtual void begin_object() = 0;
    virtual void begin_field(std::string_view name) = 0;
    // Of the field that was begun last.
    virtual void set_value(FieldValue value) = 0;
    virtual void end_object() = 0;
    // An element of the list is something else.
    virtual void note_no_object() = 0;
};

// What is wrong with the body as a whole; what the sink was told is void then.
[[nodiscard]] std::optional<MalformedBody> read_objects(std::string_view body,
                                                        const BodyShape& shape, ObjectSink& sink);

}  // namespace orders
