#pragma once

// The fields of a JSON object as a table, and what an object gives for them: gathered while the
// object is read, and taken once it is whole. So all that is wrong with it is found at once, and
// told in the order of the table.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "api/orders/json_objects.h"
#include "api/orders/order_body.h"

namespace orders {

template <typename Target>
struct FieldRule {
    std::string_view name;
    std::string_view rule;  // for a value that breaks it: "must be ..."
    // False if the value breaks the rule. It may be moved from.
    bool (*take)(FieldValue& value, Target& target);
    bool is_required = false;
};

enum class OtherFields { ignored, refused };

// Each field of the table may be given once.
template <typename Target, std::size_t Size>
class GivenFields {
   public:
    // The table must outlive this.
    explicit GivenFields(const std::array<FieldRule<Target>, Size>& table,
                         OtherFields others = OtherFields::ignored)
        : table_(&table), are_others_refused_(others == OtherFields::refused) {}

    void begin_field(std::string_view name) {
        current_ = nullptr;
        for (std::size_t at = 0; at < Size; ++at) {
            if ((*table_)[at].name == name) current_ = &given_[at];
        }
        if (current_ != nullptr) {
            ++current_->times;
        } else if (are_others_refused_ && unknown_.size() < max_unknown_told) {
            unknown_.emplace_back(name.substr(0, max_name_told));
        }
    }
    void set_value(FieldValue&& value) {
        if (current_ != nullptr) current_->value = std::move(value);
    }

    // Takes what is given into the target, and returns what is wrong. Call it once.
    [[nodiscard]] std::vector<FieldError> take_into(Target& target) {
        std::vector<FieldError> errors;
        for (std::size_t at = 0; at < Size; ++at) {
            const FieldRule<Target>& field = (*table_)[at];
            const auto refuse = [&](std::string_view what) {
                errors.push_back({std::string(field.name), std::string(what)});
            };
            if (given_[at].times > 1) {
                refuse("is given twice");
            } else if (given_[at].times == 0) {
                if (field.is_required) refuse("is missing");
            } else if (!field.take(given_[at].value, target)) {
                refuse(field.rule);
            }
        }
        for (std::string& name : unknown_) errors.push_back({std::move(name), "is not known here"});
        return errors;
    }

   private:
    // Of a body's nonsense an answer need not repeat all.
    static constexpr std::size_t max_unknown_told = 10;
    static constexpr std::size_t max_name_told = 64;

    struct Given {
        int times = 0;
        FieldValue value = {};
    };

    const std::array<FieldRule<Target>, Size>* table_;
    std::array<Given, Size> given_{};
    Given* current_ = nullptr;  // the field whose value comes next, if it is in the table
    bool are_others_refused_;
    std::vector<std::string> unknown_;
};

// Takes the fields of a body that is one object into the target. Returns what is wrong with them,
// or with the body as a whole.
template <typename Target, std::size_t Size>
[[nodiscard]] std::variant<std::vector<FieldError>, MalformedBody> read_fields(
    std::string_view body, const std::array<FieldRule<Target>, Size>& table, OtherFields others,
    Target& target) {
    class Sink final : public ObjectSink {
       public:
        Sink(const std::array<FieldRule<Target>, Size>& rules, OtherFields other_fields)
            : rules_(rules), others_(other_fields) {}

        [[nodiscard]] GivenFields<Target, Size>& fields() { return fields_; }

        void begin_body() override { fields_ = GivenFields(rules_, others_); }
        void begin_object() override {}
        void begin_field(std::string_view name) override { fields_.begin_field(name); }
        void set_value(FieldValue value) override { fields_.set_value(std::move(value)); }
        void end_object() override {}
        void note_no_object() override {}

       private:
        const std::array<FieldRule<Target>, Size>& rules_;
        const OtherFields others_;
        GivenFields<Target, Size> fields_{rules_, others_};
    };
    Sink sink(table, others);
    if (auto malformed = read_objects(body, one_order, sink)) {
        return *std::move(malformed);
    }
    return sink.fields().take_into(target);
}

}  // namespace orders
