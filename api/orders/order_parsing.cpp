#include "api/orders/order_parsing.h"

#include <array>
#include <utility>

#include "api/orders/field_values.h"
#include "api/orders/json_objects.h"
#include "api/orders/object_fields.h"
#include "api/orders/payload_extraction.h"

namespace orders {
namespace {

// What an object says of its order.
struct Draft {
    std::optional<std::string> given_id;  // whatever text it is
    std::optional<OrderId> order_id;
    std::optional<Priority> priority;
    std::optional<ProcessingTime> processing_time;
    std::optional<Kind> kind;
    std::optional<UtcTime> not_before;
    std::optional<std::chrono::seconds> delay;
    std::optional<UtcTime> start_before;
    AttemptOptions options;
};

// False if the value has no meaning; null is the same as no value.
template <typename Value>
bool take_optional(const FieldValue& value, std::optional<Value> meaning,
                   std::optional<Value>& target) {
    target = std::move(meaning);
    return target.has_value() || is_null(value);
}

constexpr std::array<FieldRule<Draft>, 10> order_fields{{
    {"order_id", field_rule::name,
     [](FieldValue& value, Draft& draft) {
         const auto text = text_in(value);
         if (!text) return false;
         draft.order_id = OrderId::parse(*text);
         draft.given_id = std::get<std::string>(std::move(value));
         return draft.order_id.has_value();
     },
     true},
    {"priority", field_rule::priority,
     [](FieldValue& value, Draft& draft) {
         draft.priority = priority_in(value);
         return draft.priority.has_value();
     },
     true},
    {"processing_time", "must be a whole number from 1 to 86400",
     [](FieldValue& value, Draft& draft) {
         const auto units = number_in(value, ProcessingTime::min_units, ProcessingTime::max_units);
         return take_optional(value, units ? ProcessingTime::parse(*units) : std::nullopt,
                              draft.processing_time);
     }},
    {"kind", field_rule::kind,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, kind_in(value), draft.kind);
     }},
    {"not_before", field_rule::time,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, time_in(value), draft.not_before);
     }},
    {"delay_seconds", field_rule::delay,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, seconds_in(value, 0, longest_delay), draft.delay);
     }},
    {"start_before", field_rule::time,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, time_in(value), draft.start_before);
     }},
    {"timeout_seconds", field_rule::timeout,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, seconds_in(value, 1, AttemptOptions::longest_timeout),
                              draft.options.timeout);
     }},
    {"max_attempts", field_rule::max_attempts,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, attempts_in(value), draft.options.max_attempts);
     }},
    {"backoff_seconds", field_rule::backoff,
     [](FieldValue& value, Draft& draft) {
         return take_optional(value, seconds_in(value, 1, AttemptOptions::longest_backoff_base),
                              draft.options.backoff);
     }},
}};

// What is wrong with fields that are each right by themselves.
void check_times(const Draft& draft, std::vector<FieldError>& errors) {
    if (draft.not_before && draft.delay) {
        errors.push_back({"delay_seconds", std::string(field_rule::one_time)});
    }
    if (draft.not_before && draft.start_before && *draft.start_before < *draft.not_before) {
        errors.push_back({"start_before", std::string(field_rule::starts_when_due)});
    }
}

std::optional<DueTime> due_in(const Draft& draft) {
    if (draft.not_before) return DueTime(*draft.not_before);
    if (draft.delay && draft.delay->count() > 0) return DueTime(*draft.delay);
    return std::nullopt;
}

NewOrder order_of(Draft&& draft, JsonText payload) {
    return {.spec = {.order_id = *std::move(draft.order_id),
                     .priority = *draft.priority,
                     .processing_time = draft.processing_time.value_or(ProcessingTime()),
                     .kind = std::move(draft.kind).value_or(Kind()),
                     .options = draft.options,
                     .start_before = draft.start_before,
                     .payload = std::move(payload)},
            .due = due_in(draft)};
}

// Makes orders of the objects of a body, whose payloads have been taken out before.
class OrderSink final : public ObjectSink {
   public:
    explicit OrderSink(const std::vector<FoundPayload>& payloads) : payloads_(payloads) {}

    [[nodiscard]] std::vector<ParsedOrder>& orders() { return orders_; }

    void begin_body() override {
        orders_.clear();
        objects_ = 0;
    }
    void begin_object() override { fields_ = GivenFields(order_fields); }
    void begin_field(std::string_view name) override { fields_.begin_field(name); }
    void set_value(FieldValue value) override { fields_.set_value(std::move(value)); }
    void end_object() override { orders_.push_back(taken(payload_of(objects_++))); }
    void note_no_object() override {
        orders_.emplace_back(InvalidOrder{{{"", "must be an object"}}, std::nullopt});
    }

   private:
    [[nodiscard]] FoundPayload payload_of(std::size_t object) const {
        return object < payloads_.size() ? payloads_[object] : FoundPayload();
    }

    [[nodiscard]] ParsedOrder taken(const FoundPayload& payload) {
        Draft draft;
        auto errors = fields_.take_into(draft);
        check_times(draft, errors);
        if (const auto* const fault = std::get_if<PayloadFault>(&payload)) {
            errors.push_back({"payload", fault->detail});
        }
        if (errors.empty()) {
            const auto* const bytes = std::get_if<std::string_view>(&payload);
            return order_of(std::move(draft), bytes != nullptr ? json_text(*bytes) : nullptr);
        }
        constexpr std::size_t max_echoed_id = 128;
        if (draft.given_id && draft.given_id->size() > max_echoed_id) draft.given_id.reset();
        return InvalidOrder{std::move(errors), std::move(draft.given_id)};
    }

    const std::vector<FoundPayload>& payloads_;
    std::size_t objects_ = 0;  // that have ended
    GivenFields<Draft, order_fields.size()> fields_{order_fields};
    std::vector<ParsedOrder> orders_;
};

std::variant<std::vector<ParsedOrder>, MalformedBody> parse(std::string_view text,
                                                            const BodyShape& shape,
                                                            std::size_t max_payload_bytes) {
    auto extracted = extract_payloads(text, shape, max_payload_bytes);
    if (auto* malformed = std::get_if<MalformedBody>(&extracted)) return std::move(*malformed);
    const auto& [neutral_body, payloads] = std::get<ExtractedPayloads>(extracted);
    OrderSink sink(payloads);
    if (auto malformed = read_objects(neutral_body ? *neutral_body : text, shape, sink)) {
        return *std::move(malformed);
    }
    return std::move(sink.orders());
}

}  // namespace

std::variant<ParsedOrder, MalformedBody> parse_order(std::string_view text,
                                                     std::size_t max_payload_bytes) {
    auto result = parse(text, one_order, max_payload_bytes);
    if (auto* malformed = std::get_if<MalformedBody>(&result)) return std::move(*malformed);
    return std::move(std::get<std::vector<ParsedOrder>>(result).at(0));
}

std::variant<std::vector<ParsedOrder>, MalformedBody> parse_batch(std::string_view text,
                                                                  std::size_t max_payload_bytes) {
    return parse(text, list_of_orders, max_payload_bytes);
}

}  // namespace orders
