#include "api/claims/claim_parsing.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/orders/field_values.h"
#include "api/orders/json_objects.h"
#include "api/orders/object_fields.h"
#include "api/orders/payload_extraction.h"
#include "shared/domain/backoff.h"
#include "shared/text/json_scanner.h"
#include "shared/text/utf8.h"

namespace orders {
namespace {

using std::chrono::seconds;

// The kinds are a list, which no other field is: their bytes are taken out and read by themselves.
constexpr BodyShape claim_body{.list = {}, .element = "claim", .verbatim = "kinds"};
constexpr BodyShape list_of_leases{.list = "leases", .element = "lease", .verbatim = "result"};

constexpr std::size_t max_kinds_bytes = 65'536;
constexpr std::string_view lease_seconds_rule = "must be a whole number from 5 to 3600";
constexpr seconds longest_lease = std::chrono::duration_cast<seconds>(longest_lease_time);

// False if the value has no meaning; null is the same as no value.
template <typename Value>
bool take_unless_null(const FieldValue& value, const std::optional<Value>& meaning, Value& target) {
    if (meaning) target = *meaning;
    return meaning.has_value() || is_null(value);
}

// A field that is taken out before the others are read: here it only counts as known.
template <typename Target>
constexpr FieldRule<Target> taken_out(std::string_view name) {
    return {name, "", [](FieldValue&, Target&) { return true; }};
}

constexpr std::array<FieldRule<ClaimBody>, 5> claim_fields{{
    {"worker", field_rule::name,
     [](FieldValue& value, ClaimBody& claim) {
         const auto text = text_in(value);
         if (!text || !OrderId::parse(*text)) return false;
         claim.worker = *text;
         return true;
     },
     true},
    {"limit", "must be a whole number from 1 to 1000",
     [](FieldValue& value, ClaimBody& claim) {
         const auto limit = number_in(value, 1, most_orders_per_claim);
         if (limit) claim.limit = static_cast<std::size_t>(*limit);
         return limit.has_value() || is_null(value);
     }},
    {"wait_seconds", "must be a whole number from 0 to 30",
     [](FieldValue& value, ClaimBody& claim) {
         return take_unless_null(value, seconds_in(value, 0, longest_claim_wait), claim.wait);
     }},
    {"lease_seconds", lease_seconds_rule,
     [](FieldValue& value, ClaimBody& claim) {
         return take_unless_null(value,
                                 seconds_in(value, shortest_lease_time.count(), longest_lease),
                                 claim.lease_time);
     }},
    taken_out<ClaimBody>(claim_body.verbatim),
}};

// What is asked about one lease, as its fields say it.
struct LeaseDraft {
    std::string lease;
    enum class Action { complete, fail, release, renew } action = Action::complete;
    std::string reason;
    std::string detail;
    bool retry = false;
    std::optional<seconds> retry_after;
    seconds lease_time = default_lease_time;
    JsonText result;
};

constexpr FieldRule<LeaseDraft> reason_field{"reason", field_rule::reason,
                                             [](FieldValue& value, LeaseDraft& draft) {
                                                 const auto text = text_in(value);
                                                 if (text) draft.reason = *text;
                                                 return text && is_failure_reason(*text);
                                             }};
constexpr FieldRule<LeaseDraft> detail_field{
    "detail", "must be a text", [](FieldValue& value, LeaseDraft& draft) {
        const auto text = text_in(value);
        if (text) draft.detail = utf8::truncated(*text, max_detail_bytes);
        return text || is_null(value);
    }};
constexpr FieldRule<LeaseDraft> retry_field{
    "retry", "must be true or false", [](FieldValue& value, LeaseDraft& draft) {
        const auto* const is_asked = std::get_if<bool>(&value);
        if (is_asked != nullptr) draft.retry = *is_asked;
        return is_asked != nullptr || is_null(value);
    }};
constexpr FieldRule<LeaseDraft> retry_after_field{
    "retry_after_seconds", "must be a whole number from 0 to 86400",
    [](FieldValue& value, LeaseDraft& draft) {
        draft.retry_after =
            seconds_in(value, 0, std::chrono::duration_cast<seconds>(longest_asked_wait));
        return draft.retry_after || is_null(value);
    }};
constexpr FieldRule<LeaseDraft> lease_seconds_field{
    "lease_seconds", lease_seconds_rule, [](FieldValue& value, LeaseDraft& draft) {
        return take_unless_null(
            value, seconds_in(value, shortest_lease_time.count(), longest_lease), draft.lease_time);
    }};

constexpr FieldRule<LeaseDraft> required(FieldRule<LeaseDraft> field) {
    field.is_required = true;
    return field;
}

constexpr std::array failure_fields{required(reason_field), detail_field, retry_field,
                                    retry_after_field};
constexpr std::array renewal_fields{lease_seconds_field};
constexpr std::array<FieldRule<LeaseDraft>, 8> batch_fields{{
    {"lease", "must be a text of 1 to 128 characters, as the claim gave it",
     [](FieldValue& value, LeaseDraft& draft) {
         const auto text = text_in(value);
         const bool is_usable = text && !text->empty() && text->size() <= max_lease_text;
         if (is_usable) draft.lease = *text;
         return is_usable;
     },
     true},
    {"action", "must be \"complete\", \"fail\", \"release\" or \"renew\"",
     [](FieldValue& value, LeaseDraft& draft) {
         using Action = LeaseDraft::Action;
         constexpr std::array<std::pair<std::string_view, Action>, 4> actions{
             {{"complete", Action::complete},
              {"fail", Action::fail},
              {"release", Action::release},
              {"renew", Action::renew}}};
         const auto text = text_in(value);
         const auto* const known = std::ranges::find(actions, text.value_or(""),
                                                     &std::pair<std::string_view, Action>::first);
         if (known != actions.end()) draft.action = known->second;
         return known != actions.end();
     },
     true},
    reason_field,
    detail_field,
    retry_field,
    retry_after_field,
    lease_seconds_field,
    taken_out<LeaseDraft>(list_of_leases.verbatim),
}};

ProcessingResult failure_of(LeaseDraft&& draft) {
    if (!draft.retry) return Failure{std::move(draft.reason), std::move(draft.detail)};
    return Retry{std::move(draft.reason), std::move(draft.detail), draft.retry_after};
}

FieldError wrong_result(std::string detail) {
    return {"result", std::move(detail)};
}

std::string result_too_long() {
    return "must be at most " + std::to_string(max_result_bytes) + " bytes of JSON";
}

bool is_named(const std::vector<FieldError>& errors, std::string_view field) {
    return std::ranges::find(errors, field, &FieldError::field) != errors.end();
}

std::vector<FieldError> take_kinds(const FoundPayload& given, ClaimBody& claim) {
    std::vector<FieldError> wrong{
        {"kinds",
         "must be a list of up to 64 kinds, each a text of 1 to 32 lower-case letters, "
         "digits, _ and -, and none twice"}};
    if (std::holds_alternative<std::monostate>(given)) return {};
    const auto* const bytes = std::get_if<std::string_view>(&given);
    if (bytes == nullptr) return {{"kinds", std::get<PayloadFault>(given).detail}};
    const auto list = nlohmann::json::parse(*bytes, nullptr, false);
    if (list.is_null()) return {};
    if (!list.is_array() || list.size() > Kind::max_named + 1) return wrong;
    for (const auto& item : list) {
        const auto kind =
            item.is_string() ? Kind::parse(item.get_ref<const std::string&>()) : std::nullopt;
        if (!kind || std::ranges::find(claim.kinds, *kind, &KindLimit::kind) != claim.kinds.end()) {
            return wrong;
        }
        claim.kinds.push_back({.kind = *kind});
    }
    return {};
}

// What a batch says of one lease.
ParsedLeaseRequest request_of(LeaseDraft&& draft) {
    using Action = LeaseDraft::Action;
    switch (draft.action) {
        case Action::complete:
            return LeaseRequest{std::move(draft.lease), Completed{std::move(draft.result)}};
        case Action::release:
            return LeaseRequest{std::move(draft.lease), ReleaseLease{}};
        case Action::renew:
            return LeaseRequest{std::move(draft.lease), RenewLease{draft.lease_time}};
        case Action::fail:
            break;
    }
    if (draft.reason.empty()) {
        return InvalidLeaseRequest{std::move(draft.lease), {{"reason", "is missing"}}};
    }
    std::string lease = std::move(draft.lease);
    return LeaseRequest{std::move(lease), failure_of(std::move(draft))};
}

// Makes requests of the objects of a body, whose results have been taken out before.
class LeaseSink final : public ObjectSink {
   public:
    explicit LeaseSink(const std::vector<FoundPayload>& results) : results_(results) {}

    [[nodiscard]] std::vector<ParsedLeaseRequest>& requests() { return requests_; }

    void begin_body() override {
        requests_.clear();
        objects_ = 0;
    }
    void begin_object() override { fields_ = GivenFields(batch_fields, OtherFields::refused); }
    void begin_field(std::string_view name) override { fields_.begin_field(name); }
    void set_value(FieldValue value) override { fields_.set_value(std::move(value)); }
    void end_object() override { requests_.push_back(taken(objects_++)); }
    void note_no_object() override {
        requests_.emplace_back(InvalidLeaseRequest{{}, {{"", "must be an object"}}});
    }

   private:
    [[nodiscard]] ParsedLeaseRequest taken(std::size_t object) {
        LeaseDraft draft;
        auto errors = fields_.take_into(draft);
        if (object < results_.size() && !is_named(errors, list_of_leases.verbatim)) {
            if (const auto* const fault = std::get_if<PayloadFault>(&results_[object])) {
                errors.push_back(wrong_result(fault->detail));
            } else if (const auto* bytes = std::get_if<std::string_view>(&results_[object])) {
                draft.result = json_text(*bytes);
            }
        }
        if (!errors.empty()) return InvalidLeaseRequest{std::move(draft.lease), std::move(errors)};
        return request_of(std::move(draft));
    }

    const std::vector<FoundPayload>& results_;
    std::size_t objects_ = 0;  // that have ended
    GivenFields<LeaseDraft, batch_fields.size()> fields_{batch_fields};
    std::vector<ParsedLeaseRequest> requests_;
};

bool is_blank(std::string_view body) {
    return skip_json_white_space(body, 0) == body.size();
}

}  // namespace

ParsedBody<ClaimBody> parse_claim(std::string_view body) {
    auto extracted = extract_payloads(body, claim_body, max_kinds_bytes);
    if (auto* malformed = std::get_if<MalformedBody>(&extracted)) return std::move(*malformed);
    const auto& [neutral_body, kinds] = std::get<ExtractedPayloads>(extracted);
    ClaimBody claim;
    auto result =
        read_fields(neutral_body ? *neutral_body : body, claim_fields, OtherFields::refused, claim);
    if (auto* malformed = std::get_if<MalformedBody>(&result)) return std::move(*malformed);
    auto& errors = std::get<std::vector<FieldError>>(result);
    if (!kinds.empty() && !is_named(errors, claim_body.verbatim)) {
        std::ranges::move(take_kinds(kinds.at(0), claim), std::back_inserter(errors));
    }
    if (!errors.empty()) return std::move(errors);
    return claim;
}

ParsedBody<ProcessingResult> parse_completion(std::string_view body) {
    const std::size_t begin = skip_json_white_space(body, 0);
    if (begin == body.size()) return ProcessingResult(Completed{});
    const JsonScan scan = scan_json_value(body, begin);
    if (!scan.end || skip_json_white_space(body, *scan.end) != body.size()) {
        return MalformedBody{"The body is not valid JSON. It is the result itself, or empty."};
    }
    if (scan.fault) return std::vector{wrong_result(scan.fault->reason)};
    const std::string_view result = body.substr(begin, *scan.end - begin);
    if (result.size() > max_result_bytes) return std::vector{wrong_result(result_too_long())};
    return ProcessingResult(Completed{json_text(result)});
}

ParsedBody<ProcessingResult> parse_failure(std::string_view body) {
    LeaseDraft draft;
    auto result = read_fields(body, failure_fields, OtherFields::refused, draft);
    if (auto* malformed = std::get_if<MalformedBody>(&result)) return std::move(*malformed);
    auto& errors = std::get<std::vector<FieldError>>(result);
    if (!errors.empty()) return std::move(errors);
    return failure_of(std::move(draft));
}

ParsedBody<RenewLease> parse_renewal(std::string_view body) {
    LeaseDraft draft;
    if (!is_blank(body)) {
        auto result = read_fields(body, renewal_fields, OtherFields::refused, draft);
        if (auto* malformed = std::get_if<MalformedBody>(&result)) return std::move(*malformed);
        auto& errors = std::get<std::vector<FieldError>>(result);
        if (!errors.empty()) return std::move(errors);
    }
    return RenewLease{draft.lease_time};
}

std::variant<std::vector<ParsedLeaseRequest>, MalformedBody> parse_lease_batch(
    std::string_view body) {
    auto extracted = extract_payloads(body, list_of_leases, max_result_bytes);
    if (auto* malformed = std::get_if<MalformedBody>(&extracted)) return std::move(*malformed);
    const auto& [neutral_body, results] = std::get<ExtractedPayloads>(extracted);
    LeaseSink sink(results);
    if (auto malformed = read_objects(neutral_body ? *neutral_body : body, list_of_leases, sink)) {
        return *std::move(malformed);
    }
    return std::move(sink.requests());
}

}  // namespace orders
