#include "api/orders/json_objects.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "api/orders/json_numbers.h"

namespace orders {
namespace {

MalformedBody not_json_at(std::size_t position) {
    return {"The body is not valid JSON, at byte " + std::to_string(position) + "."};
}

// "orders", "leases".
std::string plural_of(std::string_view word) {
    return std::string(word) + 's';
}

MalformedBody wrong_list(const BodyShape& shape, std::string detail) {
    return {"The list of " + plural_of(shape.element) + " is not usable.",
            {{std::string(shape.list), std::move(detail)}}};
}

// The parser's events, of which the sink is told those that concern it. Depth counts the objects
// and lists that are open.
class Events final : public nlohmann::json_sax<nlohmann::json> {
   public:
    Events(const BodyShape& shape, ObjectSink& sink)
        : shape_(shape), is_list_(shape.is_list()), object_depth_(is_list_ ? 3 : 1), sink_(sink) {}

    // Set if parsing failed or the shape is wrong.
    [[nodiscard]] std::optional<MalformedBody>& malformed() { return malformed_; }
    // Whether parsing failed for a number that a double cannot hold.
    [[nodiscard]] bool has_huge_number() const { return has_huge_number_; }
    [[nodiscard]] int times_list_given() const { return times_list_given_; }
    [[nodiscard]] std::size_t elements() const { return elements_; }

    bool null() override { return value(nullptr); }
    bool boolean(bool truth) override { return value(truth); }
    bool number_integer(number_integer_t number) override { return value(number); }
    bool number_unsigned(number_unsigned_t number) override {
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        return value(static_cast<std::int64_t>(std::min<std::uint64_t>(number, most)));
    }
    bool number_float(number_float_t number, const string_t&) override {
        const auto whole = whole_number(number);
        return value(whole ? FieldValue(*whole) : FieldValue());
    }
    bool string(string_t& text) override { return value(std::move(text)); }
    bool binary(binary_t&) override { return value({}); }

    bool key(string_t& name) override {
        if (depth_ == object_depth_ && is_among_objects()) {
            sink_.begin_field(name);
        } else if (is_list_ && depth_ == 1) {
            is_list_next_ = name == shape_.list;
            if (is_list_next_) ++times_list_given_;
        }
        return true;
    }

    bool start_object(std::size_t) override {
        ++depth_;
        if (depth_ == object_depth_ && is_among_objects()) {
            sink_.begin_object();
            return true;
        }
        if (is_list_ && depth_ == 1) return true;
        return nested_value();
    }

    bool end_object() override {
        if (depth_ == object_depth_ && is_among_objects()) {
            if (!count_element()) return false;
            sink_.end_object();
        }
        --depth_;
        return true;
    }

    bool start_array(std::size_t) override {
        ++depth_;
        if (is_list_ && depth_ == 2 && is_list_next_) {
            is_inside_list_ = true;
            return true;
        }
        return nested_value();
    }

    bool end_array() override {
        if (depth_ == 2) is_inside_list_ = false;
        --depth_;
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        constexpr int number_overflow = 406;
        has_huge_number_ = error.id == number_overflow;
        malformed_ = not_json_at(position);
        return false;
    }

   private:
    [[nodiscard]] bool is_among_objects() const { return !is_list_ || is_inside_list_; }

    bool nested_value() {
        --depth_;
        const bool go_on = value({});
        ++depth_;
        return go_on;
    }

    bool value(FieldValue value) {
        if (depth_ == 0) {
            malformed_ = MalformedBody{"The body must be a JSON object."};
            return false;
        }
        if (!is_among_objects()) {
            if (depth_ == 1 && is_list_next_) {
                return refuse_list("must be a list of " + plural_of(shape_.element));
            }
        } else if (depth_ == object_depth_) {
            sink_.set_value(std::move(value));
        } else if (depth_ == object_depth_ - 1) {
            if (!count_element()) return false;
            sink_.note_no_object();
        }
        return true;
    }

    bool count_element() {
        if (++elements_ <= max_list_size) return true;
        return refuse_list("must hold at most " + std::to_string(max_list_size) + " " +
                           plural_of(shape_.element));
    }

    bool refuse_list(std::string detail) {
        malformed_ = wrong_list(shape_, std::move(detail));
        return false;
    }

    const BodyShape& shape_;
    const bool is_list_;
    const int object_depth_;
    ObjectSink& sink_;
    int depth_ = 0;
    bool is_list_next_ = false;    // the value that comes next is that of the list
    bool is_inside_list_ = false;  // in the list, at whatever depth
    bool has_huge_number_ = false;
    int times_list_given_ = 0;
    std::size_t elements_ = 0;
    std::optional<MalformedBody> malformed_;
};

Events parse(std::string_view body, const BodyShape& shape, ObjectSink& sink) {
    sink.begin_body();
    Events events(shape, sink);
    nlohmann::json::sax_parse(body, &events);
    // To the parser a NUL is the end of the text, whatever follows; to JSON it is an error.
    const std::size_t nul = body.find('\0');
    if (nul != body.npos && !events.malformed()) events.malformed() = not_json_at(nul + 1);
    return events;
}

// No field takes a huge number nor what stands for one then; what unknown fields hold is ignored.
Events parse_with_huge_numbers(std::string_view body, const BodyShape& shape, ObjectSink& sink) {
    Events events = parse(body, shape, sink);
    if (events.has_huge_number()) return parse(without_huge_numbers(body), shape, sink);
    return events;
}

}  // namespace

std::optional<MalformedBody> read_objects(std::string_view body, const BodyShape& shape,
                                          ObjectSink& sink) {
    Events events = parse_with_huge_numbers(body, shape, sink);
    if (events.malformed() || !shape.is_list()) return std::move(events.malformed());
    if (events.times_list_given() == 0) return wrong_list(shape, "is missing");
    if (events.times_list_given() > 1) return wrong_list(shape, "is given twice");
    if (events.elements() == 0)
        return wrong_list(shape, "must hold at least one " + std::string(shape.element));
    return std::nullopt;
}

}  // namespace orders
