#include "api/claims/claim_parsing.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

template <typename Parsed>
std::set<std::string> faults_of(const ParsedBody<Parsed>& parsed) {
    std::set<std::string> fields;
    const auto* const errors = std::get_if<std::vector<FieldError>>(&parsed);
    if (errors == nullptr) return {"(valid, or malformed)"};
    for (const FieldError& error : *errors) {
        CHECK_FALSE(error.detail.empty());
        CHECK(fields.insert(error.field).second);  // each field is told of once
    }
    return fields;
}

ClaimBody claim_in(std::string_view body) {
    return std::get<ClaimBody>(parse_claim(body));
}

ProcessingResult result_in(const ParsedBody<ProcessingResult>& parsed) {
    return std::get<ProcessingResult>(parsed);
}

}  // namespace

TEST_CASE("claim_parsing: a claim has a worker, and for the rest defaults") {
    const ClaimBody least = claim_in(R"({"worker":"py-1"})");
    CHECK(least.worker == "py-1");
    CHECK(least.limit == 1);
    CHECK(least.wait == 0s);
    CHECK(least.lease_time == 30s);
    CHECK(least.kinds.empty());
    const ClaimBody most =
        claim_in(R"({"kinds": ["mail", "default"],"worker":"a:b","limit":1000,"wait_seconds":30,)"
                 R"("lease_seconds":3600})");
    CHECK(most.limit == 1'000);
    CHECK(most.wait == 30s);
    CHECK(most.lease_time == 3'600s);
    REQUIRE(most.kinds.size() == 2);
    CHECK(most.kinds[0].kind == a_kind("mail"));
    CHECK(most.kinds[1].kind.is_default());
    const ClaimBody nulls = claim_in(
        R"({"worker":"w","limit":null,"wait_seconds":null,"lease_seconds":null,"kinds":null})");
    CHECK(nulls.limit == 1);
    CHECK(claim_in(R"({"worker":"w","kinds":[]})").kinds.empty());
}

TEST_CASE("claim_parsing: what is wrong with a claim is told by its fields, all at once") {
    using Fields = std::set<std::string>;
    CHECK(faults_of(parse_claim("{}")) == Fields{"worker"});
    CHECK(faults_of(parse_claim(R"({"worker":" w","limit":0,"wait_seconds":31,)"
                                R"("lease_seconds":4,"kinds":["A"]})")) ==
          Fields{"worker", "limit", "wait_seconds", "lease_seconds", "kinds"});
    CHECK(faults_of(parse_claim(R"({"worker":5,"limit":1001,"wait_seconds":-1,)"
                                R"("lease_seconds":3601,"kinds":"mail"})")) ==
          Fields{"worker", "limit", "wait_seconds", "lease_seconds", "kinds"});
    // A typing error would claim orders of all kinds.
    CHECK(faults_of(parse_claim(R"({"worker":"w","kind":"mail"})")) == Fields{"kind"});
    for (const char* kinds : {R"(["a","a"])", R"([""])", "[1]", "[null]", "{}", "7", "true",
                              R"([["a"]])", R"(["a b"])"}) {
        CAPTURE(kinds);
        CHECK(faults_of(parse_claim(R"({"worker":"w","kinds":)" + std::string(kinds) + "}")) ==
              Fields{"kinds"});
    }
    CHECK(faults_of(parse_claim(R"({"worker":"w","kinds":["a"],"kinds":["b"]})")) ==
          Fields{"kinds"});
    CHECK(faults_of(parse_claim(R"({"worker":"w","worker":"v"})")) == Fields{"worker"});
    std::string many = R"({"worker":"w","kinds":["k0")";
    for (int number = 1; number <= 64; ++number) many += ",\"k" + std::to_string(number) + '"';
    CHECK(faults_of(parse_claim(many + "]}")) == Fields{"kinds"});
    for (const char* body : {"", "[]", "{", R"({"worker":"w"} x)", "null"}) {
        CAPTURE(body);
        CHECK(std::holds_alternative<MalformedBody>(parse_claim(body)));
    }
}

TEST_CASE("claim_parsing: a completion is the result, byte for byte, or nothing") {
    for (const char* body : {"", " ", "\r\n"}) {
        CHECK(result_in(parse_completion(body)) == ProcessingResult(Completed{}));
    }
    for (const char* body : {"null", "1e999", R"({"a" : 1.50, "a":2})", R"("\u00e9")", "[]"}) {
        CHECK(result_in(parse_completion(std::string(" ") + body + "\n")) ==
              ProcessingResult(Completed{json_text(body)}));
    }
    const std::string longest = '"' + std::string(max_result_bytes - 2, 'x') + '"';
    CHECK(result_in(parse_completion(longest)) == ProcessingResult(Completed{json_text(longest)}));
    using Fields = std::set<std::string>;
    CHECK(faults_of(parse_completion('"' + std::string(max_result_bytes - 1, 'x') + '"')) ==
          Fields{"result"});
    CHECK(faults_of(parse_completion("\"\xff\"")) == Fields{"result"});
    CHECK(faults_of(parse_completion(std::string(200, '[') + std::string(200, ']'))) ==
          Fields{"result"});
    for (const char* body : {"{", "x", "1 2", "{}}", "'a'"}) {
        CAPTURE(body);
        CHECK(std::holds_alternative<MalformedBody>(parse_completion(body)));
    }
}

TEST_CASE("claim_parsing: a failure is for good, or to be tried again") {
    CHECK(result_in(parse_failure(R"({"reason":"card_declined"})")) ==
          ProcessingResult(Failure{"card_declined"}));
    CHECK(result_in(parse_failure(R"({"reason":"r","detail":"d","retry":false})")) ==
          ProcessingResult(Failure{"r", "d"}));
    CHECK(result_in(parse_failure(R"({"reason":"r","retry":true})")) ==
          ProcessingResult(Retry{"r"}));
    CHECK(result_in(parse_failure(R"({"reason":"r","retry":true,"retry_after_seconds":60})")) ==
          ProcessingResult(Retry{"r", {}, 60s}));
    // A long detail is cut at the end of a character.
    const std::string detail = std::string(max_detail_bytes - 1, 'x');
    CHECK(result_in(parse_failure(R"({"reason":"r","detail":")" + detail + "\xc3\xa9\"}")) ==
          ProcessingResult(Failure{"r", detail}));
    using Fields = std::set<std::string>;
    CHECK(faults_of(parse_failure("{}")) == Fields{"reason"});
    CHECK(faults_of(parse_failure(R"({"reason":"Not this","detail":1,"retry":1,)"
                                  R"("retry_after_seconds":86401,"more":1})")) ==
          Fields{"reason", "detail", "retry", "retry_after_seconds", "more"});
    CHECK(std::holds_alternative<MalformedBody>(parse_failure("")));
}

TEST_CASE("claim_parsing: a renewal needs no body") {
    CHECK(std::get<RenewLease>(parse_renewal("")).lease_time == 30s);
    CHECK(std::get<RenewLease>(parse_renewal("{}")).lease_time == 30s);
    CHECK(std::get<RenewLease>(parse_renewal(R"({"lease_seconds":5})")).lease_time == 5s);
    CHECK(faults_of(parse_renewal(R"({"lease_seconds":4})")) ==
          std::set<std::string>{"lease_seconds"});
}

TEST_CASE("claim_parsing: each lease of a batch is read by itself") {
    const auto parsed = parse_lease_batch(
        R"({"leases":[{"lease":"1.1.a","action":"complete","result": {"n" :1.0}},)"
        R"({"lease":"1.2.a","action":"fail","reason":"no","retry":true},)"
        R"({"lease":"1.3.a","action":"release"},)"
        R"({"lease":"1.4.a","action":"renew","lease_seconds":60},)"
        R"({"lease":"1.5.a","action":"fail"},)"
        R"({"lease":"1.6.a","action":"fly"},)"
        R"({"lease":"1.7.a","action":"complete","result":1,"result":2},)"
        R"(7,{"action":"complete","resutl":1}]})");
    const auto& requests = std::get<std::vector<ParsedLeaseRequest>>(parsed);
    REQUIRE(requests.size() == 9);
    const auto request = [&](std::size_t at) { return std::get<LeaseRequest>(requests.at(at)); };
    CHECK(request(0).lease == "1.1.a");
    CHECK(std::get<ProcessingResult>(request(0).what) ==
          ProcessingResult(Completed{json_text(R"({"n" :1.0})")}));
    CHECK(std::get<ProcessingResult>(request(1).what) == ProcessingResult(Retry{"no"}));
    CHECK(std::holds_alternative<ReleaseLease>(request(2).what));
    CHECK(std::get<RenewLease>(request(3).what).lease_time == 60s);
    const auto invalid = [&](std::size_t at) {
        const auto& one = std::get<InvalidLeaseRequest>(requests.at(at));
        std::string text = one.lease + ":";
        for (const FieldError& error : one.errors) text += " " + error.field;
        return text;
    };
    CHECK(invalid(4) == "1.5.a: reason");
    CHECK(invalid(5) == "1.6.a: action");
    CHECK(invalid(6) == "1.7.a: result");
    CHECK(invalid(7) == ": ");
    CHECK(invalid(8) == ": lease resutl");
}

TEST_CASE("claim_parsing: a batch is a list of 1 to 1,000 leases") {
    const auto fault_of = [](const std::string& body) {
        const auto parsed = parse_lease_batch(body);
        const auto* const malformed = std::get_if<MalformedBody>(&parsed);
        return malformed == nullptr        ? "none"
               : malformed->errors.empty() ? "body"
                                           : malformed->errors.at(0).field;
    };
    CHECK(fault_of("{}") == "leases");
    CHECK(fault_of(R"({"leases":[]})") == "leases");
    CHECK(fault_of(R"({"leases":{}})") == "leases");
    CHECK(fault_of("[]") == "body");
    std::string many = R"({"leases":[{})";
    for (int number = 1; number < 1'000; ++number) many += ",{}";
    CHECK(fault_of(many + "]}") == "none");
    CHECK(fault_of(many + ",{}]}") == "leases");
    const std::string long_lease = R"({"leases":[{"action":"renew","lease":")";
    const auto parsed = parse_lease_batch(long_lease + std::string(129, '1') + "\"}]}");
    const auto& requests = std::get<std::vector<ParsedLeaseRequest>>(parsed);
    CHECK(std::get<InvalidLeaseRequest>(requests.at(0)).lease.empty());
}

}  // namespace orders::test
