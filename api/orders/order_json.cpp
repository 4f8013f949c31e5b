#include "api/orders/order_json.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/orders/json_numbers.h"

namespace orders {
namespace {

using Json = nlohmann::ordered_json;

// A field's value as far as an order could use it; the empty alternative is everything else (null,
// true, 1.5, lists, objects).
using FieldValue = std::variant<std::monostate, std::string, std::int64_t>;

// Gathers the fields of one order object.
class OrderFields {
   public:
    void begin_field(std::string_view name) {
        current_ = nullptr;
        for (Field& field : fields_) {
            if (field.name == name) current_ = &field;
        }
        if (current_ != nullptr) ++current_->times_given;
    }

    void set_value(FieldValue value) {
        if (current_ != nullptr) current_->value = std::move(value);
    }

    [[nodiscard]] ParsedOrder parse() const {
        std::vector<FieldError> errors;
        const auto check = [&](const Field& field, bool is_valid, const char* rule) {
            if (field.times_given == 0) {
                errors.push_back({std::string(field.name), "is missing"});
            } else if (field.times_given > 1) {
                errors.push_back({std::string(field.name), "is given twice"});
            } else if (!is_valid) {
                errors.push_back({std::string(field.name), rule});
            }
        };
        const auto& [id_field, priority_field, time_field] = fields_;
        const auto* id_text = std::get_if<std::string>(&id_field.value);
        const auto* priority_text = std::get_if<std::string>(&priority_field.value);
        const auto* time_units = std::get_if<std::int64_t>(&time_field.value);
        const auto order_id = id_text ? OrderId::parse(*id_text) : std::nullopt;
        const auto priority = priority_text ? parse_priority(*priority_text) : std::nullopt;
        const auto time = time_units ? ProcessingTime::parse(*time_units) : std::nullopt;
        check(id_field, order_id.has_value(),
              "must be a text that starts with a letter or digit, then has up to 63 of letters, "
              "digits and . _ : ~ -");
        check(priority_field, priority.has_value(), "must be \"High\" or \"Normal\"");
        check(time_field, time.has_value(), "must be a whole number from 1 to 86400");
        if (errors.empty()) return NewOrder{{*order_id, *priority, *time}};

        constexpr std::size_t max_echoed_id = 128;
        const bool is_echoed = id_text != nullptr && id_text->size() <= max_echoed_id;
        return InvalidOrder{std::move(errors), is_echoed ? std::optional(*id_text) : std::nullopt};
    }

   private:
    struct Field {
        std::string_view name;
        int times_given = 0;
        FieldValue value = {};
    };
    std::array<Field, 3> fields_{Field{"order_id"}, Field{"priority"}, Field{"processing_time"}};
    Field* current_ = nullptr;  // the field whose value comes next, if it is one of an order's
};

MalformedBody not_json_at(std::size_t position) {
    return {"The body is not valid JSON, at byte " + std::to_string(position) + "."};
}

// The parser's events for a body that holds orders as objects, either the body itself or the
// elements of its "orders" list. Depth counts the objects and lists that are open.
class OrderEvents final : public nlohmann::json_sax<nlohmann::json> {
   public:
    enum class Shape { one_order, list_of_orders };

    explicit OrderEvents(Shape shape)
        : order_depth_(shape == Shape::one_order ? 1 : 3), is_list_(shape != Shape::one_order) {}

    [[nodiscard]] std::vector<ParsedOrder>& orders() { return orders_; }
    // Set if parsing failed or the shape is wrong.
    [[nodiscard]] std::optional<MalformedBody>& malformed() { return malformed_; }
    // Whether parsing failed for a number that a double cannot hold.
    [[nodiscard]] bool has_huge_number() const { return has_huge_number_; }
    [[nodiscard]] int times_list_given() const { return times_list_given_; }

    bool null() override { return value({}); }
    bool boolean(bool) override { return value({}); }
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
        if (depth_ == order_depth_ && is_in_orders()) {
            fields_.begin_field(name);
        } else if (is_list_ && depth_ == 1) {
            is_list_next_ = name == "orders";
            if (is_list_next_) ++times_list_given_;
        }
        return true;
    }

    bool start_object(std::size_t) override {
        ++depth_;
        if (depth_ == order_depth_ && is_in_orders()) {
            fields_ = {};
            return true;
        }
        if (is_list_ && depth_ == 1) return true;
        return nested_value();
    }

    bool end_object() override {
        if (depth_ == order_depth_ && is_in_orders()) {
            if (!add(fields_.parse())) return false;
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
    [[nodiscard]] bool is_in_orders() const { return !is_list_ || is_inside_list_; }

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
        if (!is_in_orders()) {
            if (depth_ == 1 && is_list_next_) return wrong_list("must be a list of orders");
        } else if (depth_ == order_depth_) {
            fields_.set_value(std::move(value));
        } else if (depth_ == order_depth_ - 1) {
            return add(InvalidOrder{{{"", "must be an object"}}, std::nullopt});
        }
        return true;
    }

    bool add(ParsedOrder order) {
        if (orders_.size() == max_batch_orders) {
            return wrong_list("must hold at most " + std::to_string(max_batch_orders) + " orders");
        }
        orders_.push_back(std::move(order));
        return true;
    }

    bool wrong_list(std::string detail) {
        malformed_ =
            MalformedBody{"The list of orders is not usable.", {{"orders", std::move(detail)}}};
        return false;
    }

    const int order_depth_;
    const bool is_list_;
    int depth_ = 0;
    bool is_list_next_ = false;    // the value that comes next is that of "orders"
    bool is_inside_list_ = false;  // in the list of orders, at whatever depth
    bool has_huge_number_ = false;
    int times_list_given_ = 0;
    OrderFields fields_;
    std::vector<ParsedOrder> orders_;
    std::optional<MalformedBody> malformed_;
};

OrderEvents parse(std::string_view text, OrderEvents::Shape shape) {
    OrderEvents events(shape);
    nlohmann::json::sax_parse(text, &events);
    // To the parser a NUL is the end of the text, whatever follows; to JSON it is an error.
    const std::size_t nul = text.find('\0');
    if (nul != text.npos && !events.malformed()) events.malformed() = not_json_at(nul + 1);
    return events;
}

// No field of an order takes a huge number, and whatever unknown fields hold is ignored.
OrderEvents read(std::string_view text, OrderEvents::Shape shape) {
    OrderEvents events = parse(text, shape);
    if (events.has_huge_number()) return parse(without_huge_numbers(text), shape);
    return events;
}

Json optional_time(const std::optional<UtcTime>& time) {
    return time ? Json(to_rfc3339(*time)) : Json(nullptr);
}

Json optional_text(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

Json object_of(const Order& order) {
    return {{"order_id", order.spec.order_id.text()},
            {"priority", to_string(order.spec.priority)},
            {"processing_time", order.spec.processing_time.units()},
            {"status", to_string(order.status)},
            {"attempts", order.attempts},
            {"created_at", to_rfc3339(order.created_at)},
            {"started_at", optional_time(order.started_at)},
            {"finished_at", optional_time(order.finished_at)},
            {"worker", optional_text(order.worker)},
            {"failure", optional_text(order.failure)}};
}

Json object_of(const StatusCounts& counts) {
    Json object;
    for (const OrderStatus status : all_statuses) {
        object[std::string(to_string(status))] = counts[status];
    }
    return object;
}

Json list_of(const std::vector<FieldError>& errors) {
    Json list = Json::array();
    for (const auto& [field, detail] : errors)
        list.push_back({{"field", field}, {"detail", detail}});
    return list;
}

Json batch_result(const InvalidOrder& order) {
    return {{"order_id", optional_text(order.order_id)},
            {"status", "invalid"},
            {"errors", list_of(order.errors)}};
}

Json batch_result(const NewOrder& order, const SubmitOutcome& outcome) {
    if (const auto* created = std::get_if<Created>(&outcome)) {
        return {{"order_id", order.spec.order_id.text()},
                {"status", "created"},
                {"created_at", to_rfc3339(created->created_at)}};
    }
    return {{"order_id", order.spec.order_id.text()},
            {"status", "duplicate"},
            {"order_status", to_string(std::get<IdTaken>(outcome).status)}};
}

// A host's name or a failure's reason need not be UTF-8.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::variant<ParsedOrder, MalformedBody> parse_order(std::string_view text) {
    OrderEvents events = read(text, OrderEvents::Shape::one_order);
    if (events.malformed()) return std::move(*events.malformed());
    return std::move(events.orders().at(0));
}

std::variant<std::vector<ParsedOrder>, MalformedBody> parse_batch(std::string_view text) {
    OrderEvents events = read(text, OrderEvents::Shape::list_of_orders);
    if (events.malformed()) return std::move(*events.malformed());
    if (events.times_list_given() != 1 || events.orders().empty()) {
        const char* detail = events.times_list_given() == 0  ? "is missing"
                             : events.times_list_given() > 1 ? "is given twice"
                                                             : "must hold at least one order";
        return MalformedBody{"The list of orders is not usable.", {{"orders", detail}}};
    }
    return std::move(events.orders());
}

std::string to_json(const Order& order) {
    return text_of(object_of(order));
}

std::string to_json(const OrderPage& page) {
    Json list = Json::array();
    for (const Order& order : page.orders) list.push_back(object_of(order));
    const Json next = page.next_before ? Json(std::to_string(page.next_before->value)) : Json();
    return text_of({{"orders", std::move(list)}, {"next_cursor", next}});
}

std::string to_json(const OrderReport& report) {
    Json workers = Json::array();
    for (const LiveWorker& worker : report.workers) {
        workers.push_back({{"worker", worker.name},
                           {"host", worker.host},
                           {"threads", worker.threads},
                           {"processing", worker.processing},
                           {"started_at", to_rfc3339(worker.started_at)}});
    }
    const auto waited = report.oldest_pending_seconds();
    return text_of(
        {{"counts", object_of(report.total())},
         {"by_priority", {{"High", object_of(report.high)}, {"Normal", object_of(report.normal)}}},
         {"oldest_pending_seconds", waited ? Json(*waited) : Json()},
         {"workers", std::move(workers)}});
}

std::string to_json(const std::vector<ParsedOrder>& parsed,
                    const std::vector<SubmitOutcome>& outcomes) {
    Json results = Json::array();
    auto outcome = outcomes.begin();
    for (const ParsedOrder& order : parsed) {
        if (const auto* invalid = std::get_if<InvalidOrder>(&order)) {
            results.push_back(batch_result(*invalid));
        } else {
            assert(outcome != outcomes.end());
            results.push_back(batch_result(std::get<NewOrder>(order), *outcome++));
        }
    }
    return text_of({{"results", std::move(results)}});
}

}  // namespace orders
