#include "api/orders/action_parsing.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "api/orders/field_values.h"
#include "api/orders/object_fields.h"
#include "shared/text/json_scanner.h"

namespace orders {
namespace {

struct ChangeDraft {
    OrderChange change;
    // Each is one way to say when it is due; an inner empty value means now.
    std::optional<std::optional<DueTime>> not_before = {};
    std::optional<std::optional<DueTime>> delay = {};
};

// False if the value has no meaning; null is an inner empty value.
template <typename Value, typename Target>
bool take_or_default(const FieldValue& value, const std::optional<Value>& meaning,
                     std::optional<std::optional<Target>>& target) {
    target = std::optional<Target>(meaning);
    return meaning.has_value() || is_null(value);
}

constexpr std::array<FieldRule<ChangeDraft>, 6> change_fields{{
    {"priority", field_rule::priority,
     [](FieldValue& value, ChangeDraft& draft) {
         draft.change.priority = priority_in(value);
         return draft.change.priority.has_value();
     }},
    {"not_before", field_rule::time,
     [](FieldValue& value, ChangeDraft& draft) {
         return take_or_default(value, time_in(value), draft.not_before);
     }},
    {"delay_seconds", field_rule::delay,
     [](FieldValue& value, ChangeDraft& draft) {
         return take_or_default(value, seconds_in(value, 0, longest_delay), draft.delay);
     }},
    {"start_before", field_rule::time,
     [](FieldValue& value, ChangeDraft& draft) {
         return take_or_default(value, time_in(value), draft.change.start_before);
     }},
    {"timeout_seconds", field_rule::timeout,
     [](FieldValue& value, ChangeDraft& draft) {
         return take_or_default(value, seconds_in(value, 1, AttemptOptions::longest_timeout),
                                draft.change.timeout);
     }},
    {"max_attempts", field_rule::max_attempts,
     [](FieldValue& value, ChangeDraft& draft) {
         return take_or_default(value, attempts_in(value), draft.change.max_attempts);
     }},
}};

// What is wrong with times that are each right by themselves.
void check_times(const ChangeDraft& draft, std::vector<FieldError>& errors) {
    if (draft.not_before && draft.delay) {
        errors.push_back({"delay_seconds", std::string(field_rule::one_time)});
    }
    const auto not_before = draft.not_before.value_or(std::nullopt);
    const auto start_before = draft.change.start_before.value_or(std::nullopt);
    if (not_before && start_before && *start_before < std::get<UtcTime>(*not_before)) {
        errors.push_back({"start_before", std::string(field_rule::starts_when_due)});
    }
}

const std::vector<OrderStatus>& statuses_for(BulkAction::What what) {
    static const std::vector<OrderStatus> to_cancel{OrderStatus::pending, OrderStatus::processing};
    static const std::vector<OrderStatus> to_retry{OrderStatus::failed, OrderStatus::cancelled};
    return what == BulkAction::What::cancel ? to_cancel : to_retry;
}

constexpr std::array<FieldRule<BulkRequest>, 7> bulk_fields{{
    {"status", "must be Pending or Processing to cancel, Failed or Cancelled to retry",
     [](FieldValue& value, BulkRequest& request) {
         const auto text = text_in(value);
         const auto status = text ? parse_status(*text) : std::nullopt;
         const auto& fitting = statuses_for(request.what);
         if (!status || std::ranges::find(fitting, *status) == fitting.end()) return false;
         request.filter.statuses = {*status};
         return true;
     }},
    {"kind", field_rule::kind,
     [](FieldValue& value, BulkRequest& request) {
         request.filter.kind = kind_in(value);
         return request.filter.kind.has_value();
     }},
    {"priority", field_rule::priority,
     [](FieldValue& value, BulkRequest& request) {
         request.filter.priority = priority_in(value);
         return request.filter.priority.has_value();
     }},
    {"reason", field_rule::reason,
     [](FieldValue& value, BulkRequest& request) {
         const auto text = text_in(value);
         request.filter.reason = text;
         return text && is_failure_reason(*text);
     }},
    {"created_before", field_rule::time,
     [](FieldValue& value, BulkRequest& request) {
         request.filter.created_before = time_in(value);
         return request.filter.created_before.has_value();
     }},
    {"limit", "must be a whole number from 1 to 100000",
     [](FieldValue& value, BulkRequest& request) {
         const auto limit = number_in(value, 1, BulkRequest::max_limit);
         request.limit = static_cast<std::size_t>(limit.value_or(1));
         return limit.has_value();
     }},
    {"dry_run", "must be true or false",
     [](FieldValue& value, BulkRequest& request) {
         const auto* const is_dry_run = std::get_if<bool>(&value);
         if (is_dry_run != nullptr) request.is_dry_run = *is_dry_run;
         return is_dry_run != nullptr;
     }},
}};

bool is_empty(const OrderFilter& filter) {
    return filter.statuses.empty() && !filter.kind && !filter.priority && !filter.reason &&
           !filter.created_before;
}

}  // namespace

ParsedBody<OrderChange> parse_change(std::string_view body) {
    ChangeDraft draft;
    auto result = read_fields(body, change_fields, OtherFields::refused, draft);
    if (auto* malformed = std::get_if<MalformedBody>(&result)) return std::move(*malformed);
    auto& errors = std::get<std::vector<FieldError>>(result);
    check_times(draft, errors);
    if (!errors.empty()) return std::move(errors);
    draft.change.due = draft.not_before ? draft.not_before : draft.delay;
    return draft.change;
}

ParsedBody<BulkRequest> parse_bulk(BulkAction::What what, std::string_view body) {
    BulkRequest request{.what = what};
    auto result = read_fields(body, bulk_fields, OtherFields::refused, request);
    if (auto* malformed = std::get_if<MalformedBody>(&result)) return std::move(*malformed);
    auto& errors = std::get<std::vector<FieldError>>(result);
    if (errors.empty() && is_empty(request.filter)) {
        errors.push_back(
            {"", "must name at least one of status, kind, priority, reason and created_before"});
    }
    if (!errors.empty()) return std::move(errors);
    if (request.filter.statuses.empty()) {
        request.filter.statuses = what == BulkAction::What::cancel
                                      ? statuses_for(what)
                                      : std::vector{OrderStatus::failed};
    }
    return request;
}

bool says_nothing(std::string_view body) {
    if (skip_json_white_space(body, 0) == body.size()) return true;
    struct Nothing {};
    constexpr std::array<FieldRule<Nothing>, 0> no_fields{};
    Nothing nothing;
    const auto result = read_fields(body, no_fields, OtherFields::refused, nothing);
    const auto* const errors = std::get_if<std::vector<FieldError>>(&result);
    return errors != nullptr && errors->empty();
}

}  // namespace orders
