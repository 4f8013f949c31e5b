#include "api/orders/action_parsing.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;
using What = BulkAction::What;

OrderChange change_in(std::string_view body) {
    auto parsed = parse_change(body);
    REQUIRE(std::holds_alternative<OrderChange>(parsed));
    return std::get<OrderChange>(std::move(parsed));
}

BulkRequest request_in(What what, std::string_view body) {
    auto parsed = parse_bulk(what, body);
    REQUIRE(std::holds_alternative<BulkRequest>(parsed));
    return std::get<BulkRequest>(std::move(parsed));
}

// The fields at fault, and "body" if it is malformed.
template <typename Parsed>
std::multiset<std::string> faults_of(const Parsed& parsed) {
    if (std::holds_alternative<MalformedBody>(parsed)) return {"body"};
    std::multiset<std::string> fields;
    if (const auto* const errors = std::get_if<std::vector<FieldError>>(&parsed)) {
        for (const FieldError& error : *errors) fields.insert(error.field);
    }
    return fields;
}

struct Case {
    std::string body;
    std::multiset<std::string> at_fault;
};

}  // namespace

TEST_CASE("action_parsing: a change has what is given, and what is not given stays") {
    const OrderChange nothing = change_in("{}");
    CHECK_FALSE(nothing.priority.has_value());
    CHECK_FALSE(nothing.due.has_value());
    CHECK_FALSE(nothing.start_before.has_value());
    CHECK_FALSE(nothing.timeout.has_value());
    CHECK_FALSE(nothing.max_attempts.has_value());

    const OrderChange all = change_in(
        R"({"priority":"High","not_before":"2026-11-26T10:00:00+05:30","timeout_seconds":86400,)"
        R"("start_before":"2026-11-26T10:00:00Z","max_attempts":100})");
    CHECK(all.priority == Priority::high);
    CHECK(all.due == std::optional(DueTime(parse_rfc3339("2026-11-26T04:30:00Z").value())));
    CHECK(all.start_before == parse_rfc3339("2026-11-26T10:00:00Z"));
    CHECK(all.timeout == std::optional(86'400s));
    CHECK(all.max_attempts == std::optional(100));

    CHECK(change_in(R"({"delay_seconds":60})").due == std::optional(DueTime(60s)));
}

TEST_CASE("action_parsing: null puts the default back, and makes an order due now") {
    const OrderChange change = change_in(
        R"({"start_before":null,"timeout_seconds":null,"max_attempts":null,"not_before":null})");
    const auto is_default = [](const auto& field) { return field.has_value() && !*field; };
    CHECK(is_default(change.start_before));
    CHECK(is_default(change.timeout));
    CHECK(is_default(change.max_attempts));
    CHECK(is_default(change.due));
    CHECK(is_default(change_in(R"({"delay_seconds":null})").due));
}

TEST_CASE("action_parsing: a change that makes no sense names each field at fault") {
    for (const Case& each : std::vector<Case>{
             {R"({"priority":null})", {"priority"}},
             {R"({"priority":"Low"})", {"priority"}},
             {R"({"not_before":"now"})", {"not_before"}},
             {R"({"delay_seconds":-1})", {"delay_seconds"}},
             {R"({"delay_seconds":1e400})", {"delay_seconds"}},
             {R"({"start_before":5})", {"start_before"}},
             {R"({"timeout_seconds":0})", {"timeout_seconds"}},
             {R"({"max_attempts":101})", {"max_attempts"}},
             {R"({"not_before":null,"delay_seconds":null})", {"delay_seconds"}},
             {R"({"not_before":"2026-11-26T10:00:00Z","delay_seconds":1})", {"delay_seconds"}},
             {R"({"not_before":"2026-11-26T10:00:00Z","start_before":"2026-11-26T09:00:00Z"})",
              {"start_before"}},
             {R"({"max_attempts":5,"max_attempts":5})", {"max_attempts"}},
             {R"({"kind":"mail","payload":1,"backoff_seconds":1,"status":"Pending","x":null})",
              {"kind", "payload", "backoff_seconds", "status", "x"}},
             {R"({"priority":"High","prioritY":"High"})", {"prioritY"}},
             {"", {"body"}},
             {"[]", {"body"}},
             {"null", {"body"}},
             {R"({"priority":"High"}x)", {"body"}}}) {
        CAPTURE(each.body);
        CHECK(faults_of(parse_change(each.body)) == each.at_fault);
    }
}

TEST_CASE("action_parsing: a body of nothing but unknown fields is answered with a few of them") {
    std::string body = "{";
    for (int number = 0; number < 1'000; ++number) {
        body += "\"" + std::string(100'000U / (static_cast<std::size_t>(number) + 1), 'x') +
                std::to_string(number) + "\":1,";
    }
    body.back() = '}';
    const auto parsed = parse_change(body);
    const auto& errors = std::get<std::vector<FieldError>>(parsed);
    CHECK_EQ(errors.size(), 10);
    for (const FieldError& error : errors) CHECK(error.field.size() <= 64);
}

TEST_CASE(
    "action_parsing: a filter has what is given, and the statuses that the action can change") {
    const BulkRequest plain = request_in(What::cancel, R"({"kind":"mail"})");
    CHECK(plain.filter.statuses ==
          std::vector<OrderStatus>{OrderStatus::pending, OrderStatus::processing});
    CHECK_EQ(plain.filter.kind, a_kind("mail"));
    CHECK_EQ(plain.limit, 10'000);
    CHECK_FALSE(plain.is_dry_run);
    CHECK(request_in(What::retry, R"({"kind":"mail"})").filter.statuses ==
          std::vector<OrderStatus>{OrderStatus::failed});

    const BulkRequest all = request_in(
        What::retry,
        R"({"status":"Cancelled","kind":"mail","priority":"Normal","reason":"no_such.host-1",)"
        R"("created_before":"2026-11-26T10:00:00Z","limit":100000,"dry_run":true})");
    CHECK(all.what == What::retry);
    CHECK(all.filter.statuses == std::vector<OrderStatus>{OrderStatus::cancelled});
    CHECK(all.filter.priority == Priority::normal);
    CHECK_EQ(all.filter.reason, "no_such.host-1");
    CHECK_EQ(all.filter.created_before, parse_rfc3339("2026-11-26T10:00:00Z"));
    CHECK_EQ(all.limit, 100'000);
    CHECK(all.is_dry_run);
}

TEST_CASE("action_parsing: a filter that could mean more than was meant is refused") {
    for (const Case& each : std::vector<Case>{
             {"{}", {""}},
             {R"({"limit":5})", {""}},
             {R"({"dry_run":true,"limit":5})", {""}},
             {R"({"kind":null})", {"kind"}},
             {R"({"kinds":"mail"})", {"kinds"}},
             {R"({"filter":{"kind":"mail"}})", {"filter"}},
             {R"({"kind":["mail"]})", {"kind"}},
             {R"({"kind":"Mail","priority":"low","reason":"a b","created_before":"2026"})",
              {"kind", "priority", "reason", "created_before"}},
             {R"({"kind":"mail","limit":0})", {"limit"}},
             {R"({"kind":"mail","limit":100001})", {"limit"}},
             {R"({"kind":"mail","limit":"5"})", {"limit"}},
             {R"({"kind":"mail","limit":null})", {"limit"}},
             {R"({"kind":"mail","dry_run":1})", {"dry_run"}},
             {R"({"kind":"mail","dry_run":"false"})", {"dry_run"}},
             {R"({"kind":"mail","dry_run":null})", {"dry_run"}},
             {R"({"kind":"mail","created_after":"2026-11-26T10:00:00Z"})", {"created_after"}},
             {R"({"kind":"mail","kind":"mail"})", {"kind"}},
             {R"({"status":"Processed"})", {"status"}},
             {R"({"status":["Pending"]})", {"status"}},
             {"", {"body"}},
             {"7", {"body"}},
             {R"([{"kind":"mail"}])", {"body"}}}) {
        CAPTURE(each.body);
        CHECK(faults_of(parse_bulk(What::cancel, each.body)) == each.at_fault);
        CHECK(faults_of(parse_bulk(What::retry, each.body)) == each.at_fault);
    }
    for (const char* status : {"Failed", "Cancelled"}) {
        const std::string body = std::string(R"({"status":")") + status + "\"}";
        CHECK(faults_of(parse_bulk(What::cancel, body)) == std::multiset<std::string>{"status"});
        CHECK(faults_of(parse_bulk(What::retry, body)).empty());
    }
    for (const char* status : {"Pending", "Processing"}) {
        const std::string body = std::string(R"({"status":")") + status + "\"}";
        CHECK(faults_of(parse_bulk(What::retry, body)) == std::multiset<std::string>{"status"});
        CHECK(faults_of(parse_bulk(What::cancel, body)).empty());
    }
}

TEST_CASE("action_parsing: a body that says nothing is empty, or an object without fields") {
    for (const char* body : {"", " \r\n\t", "{}", " { } \n"}) CHECK(says_nothing(body));
    for (const std::string body :
         {"[]", "null", "{\"a\":1}", "{", "{}{}", "a=b", "\"\"", "0", "\v"}) {
        CAPTURE(body);
        CHECK_FALSE(says_nothing(body));
    }
    CHECK_FALSE(says_nothing(std::string_view("\0", 1)));
    CHECK_FALSE(says_nothing(std::string_view("{}\0", 3)));
}

}  // namespace orders::test
