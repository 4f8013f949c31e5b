// The description of the API for programs, as it is built in, against the code and against
// api/HTTP.md: all three must say the same.

#include "api/openapi/openapi_document.h"

#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <initializer_list>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "api/claims/claim_parsing.h"
#include "api/orders/action_parsing.h"
#include "api/orders/order_body.h"
#include "api/orders/order_query.h"
#include "shared/domain/backoff.h"
#include "shared/domain/claim.h"
#include "shared/domain/kind.h"
#include "shared/domain/order.h"
#include "tests/support/document.h"
#include "tests/support/file_contents.h"
#include "tests/unit/api/coded_routes.h"

namespace orders::test {
namespace {

using Texts = std::set<std::string>;
using Keys = std::vector<std::string>;

const std::string urn = "urn:order-management:problem:";

const YAML::Node& document() {
    static const YAML::Node loaded = YAML::Load(std::string(openapi_document()));
    return loaded;
}

// Throws if there is none.
YAML::Node find(YAML::Node node, const Keys& keys) {
    for (const std::string& key : keys) {
        // Assigning to a node would change the document.
        node.reset(node.IsSequence() ? node[std::stoi(key)] : node[key]);
        if (!node.IsDefined()) throw std::runtime_error("nothing at " + key);
    }
    return node;
}

YAML::Node schema(const std::string& name, const Keys& keys = {}) {
    return find(find(document(), {"components", "schemas", name}), keys);
}

Texts texts_of(const YAML::Node& list) {
    Texts texts;
    for (const auto& item : list) texts.insert(item.as<std::string>());
    CHECK(texts.size() == list.size());
    return texts;
}

std::string upper_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

// An operation, and the types of problems it may answer with, by the status.
struct Operation {
    std::string name;  // such as "GET /livez"
    std::map<std::string, Texts> answers;
    Texts scopes;  // none: it is open to everybody
};

Texts slugs_of(const YAML::Node& response) {
    const YAML::Node problem = response["content"]["application/problem+json"];
    if (!problem) return {};
    Texts slugs;
    for (const std::string& type :
         texts_of(find(problem, {"schema", "allOf", "1", "properties", "type", "enum"}))) {
        REQUIRE(type.starts_with(urn));
        slugs.insert(type.substr(urn.size()));
    }
    return slugs;
}

std::map<std::string, Texts> answers_of(const YAML::Node& operation) {
    const std::string prefix = "#/components/responses/";
    std::map<std::string, Texts> answers;
    for (const auto& answer : operation["responses"]) {
        YAML::Node response = answer.second;
        if (response["$ref"]) {
            const auto name = response["$ref"].as<std::string>().substr(prefix.size());
            response = find(document(), {"components", "responses", name});
        }
        answers[answer.first.as<std::string>()] = slugs_of(response);
    }
    return answers;
}

// One of them is enough.
Texts scopes_of(const YAML::Node& operation) {
    Texts scopes;
    for (const auto& way : operation["security"]) {
        for (const auto& scheme : way) {
            REQUIRE(scheme.first.as<std::string>() == "bearer");
            REQUIRE(scheme.second.size() == 1);
            scopes.insert(scheme.second[0].as<std::string>());
        }
    }
    return scopes;
}

std::vector<Operation> operations() {
    std::vector<Operation> found;
    for (const auto& path : document()["paths"]) {
        for (const auto& operation : path.second) {
            found.push_back(
                {upper_case(operation.first.as<std::string>()) + " " + path.first.as<std::string>(),
                 answers_of(operation.second), scopes_of(operation.second)});
        }
    }
    return found;
}

// The text below each heading of a route, by the heading.
std::map<std::string, std::string> sections_of_http_document() {
    std::map<std::string, std::string> sections;
    std::istringstream prose(Document("api/HTTP.md").prose());
    std::string* section = nullptr;
    for (std::string line; std::getline(prose, line);) {
        if (line.starts_with("### ")) {
            section = &sections[line.substr(4)];
        } else if (section != nullptr) {
            *section += line + "\n";
        }
    }
    return sections;
}

Texts matches_in(const std::string& text, const std::string& expression) {
    const std::regex regex(expression);
    Texts found;
    for (std::sregex_iterator match(text.begin(), text.end(), regex);
         match != std::sregex_iterator(); ++match) {
        found.insert((*match)[1].str());
    }
    return found;
}

std::string seconds_text(std::chrono::milliseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

}  // namespace

TEST_CASE("openapi_document: it is the file, of this version, and describes all routes") {
    // (Without the parentheses a failure would print both.)
    CHECK((openapi_document() ==
           contents_of(std::filesystem::path(ORDERS_SOURCE_DIR) / "api/openapi/openapi.yaml")));
    CHECK(find(document(), {"info", "version"}).as<std::string>() == ORDERS_VERSION);
    Texts described;
    for (const Operation& operation : operations()) {
        CHECK_MESSAGE(described.insert(operation.name).second, operation.name);
    }
    check_describes_routes(described);
}

TEST_CASE("openapi_document: it names the scopes that each operation takes") {
    const std::vector<CodedRoute> routes = coded_routes();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.name);
        const auto route = std::ranges::find(routes, operation.name, &CodedRoute::name);
        REQUIRE(route != routes.end());
        Texts scopes;
        for (const http::NamedScope& known : http::named_scopes) {
            if (!route->access.is_open() && route->access.allows(known.scope)) {
                scopes.emplace(known.name);
            }
        }
        CHECK(operation.scopes == scopes);
    }
}

TEST_CASE("openapi_document: it has all types of problems, each where its status is") {
    const std::map<std::string, int> coded = coded_problems();
    Texts all;
    for (const auto& [slug, status] : coded) all.insert(urn + slug);
    CHECK(texts_of(schema("ProblemType", {"enum"})) == all);

    Texts answered;
    for (const Operation& operation : operations()) {
        CAPTURE(operation.name);
        for (const auto& [status, slugs] : operation.answers) {
            for (const std::string& slug : slugs) {
                CAPTURE(slug);
                REQUIRE(coded.contains(slug));
                if (status != "default") CHECK(std::to_string(coded.at(slug)) == status);
                answered.insert(slug);
            }
        }
    }
    for (const std::string& slug : answered) all.erase(urn + slug);
    CHECK(all == Texts{});
}

TEST_CASE("openapi_document: its lists of values are the code's") {
    Texts statuses;
    for (const OrderStatus status : all_statuses) statuses.emplace(to_string(status));
    CHECK(texts_of(schema("Status", {"enum"})) == statuses);
    Texts counted;
    for (const auto& count : schema("Counts", {"properties"})) {
        counted.insert(count.first.as<std::string>());
    }
    CHECK(counted == statuses);

    Texts priorities;
    for (const Priority priority : all_priorities) priorities.emplace(to_string(priority));
    CHECK(texts_of(schema("Priority", {"enum"})) == priorities);

    using Outcome = PastAttempt::Outcome;
    Texts outcomes;
    for (const Outcome outcome : {Outcome::retry, Outcome::lease_expired, Outcome::released,
                                  Outcome::failed, Outcome::cancelled}) {
        outcomes.emplace(to_string(outcome));
    }
    CHECK(texts_of(schema("PastAttempt", {"properties", "outcome", "enum"})) == outcomes);

    using What = PastAction::What;
    Texts actions;
    for (const What what : {What::cancel, What::retry, What::change}) {
        actions.emplace(to_string(what));
    }
    CHECK(texts_of(schema("PastAction", {"properties", "action", "enum"})) == actions);

    CHECK(texts_of(schema("Reason", {"examples"})) ==
          Texts{failure_reason::timeout, failure_reason::attempts_exhausted,
                failure_reason::processor_error, failure_reason::expired});
}

TEST_CASE("openapi_document: its bounds are the code's") {
    struct Bound {
        std::string schema;
        Keys keys;
        std::string value;
    };
    const auto of = [](const std::string& field, const std::string& bound) {
        return Keys{"properties", field, bound};
    };
    const auto number = [](auto value) { return std::to_string(value); };
    const std::string timeout = seconds_text(AttemptOptions::longest_timeout);
    const std::string attempts = number(AttemptOptions::most_attempts);
    const std::string backoff = seconds_text(AttemptOptions::longest_backoff_base);
    const std::string lease_time = seconds_text(longest_lease_time);
    const std::string asked_wait = seconds_text(longest_asked_wait);
    const Keys batched{"properties", "leases", "items", "properties", "lease_seconds"};
    for (const Bound& bound : std::vector<Bound>{
             {"NewOrder", of("delay_seconds", "maximum"), seconds_text(longest_delay)},
             {"OrderChange", of("delay_seconds", "maximum"), seconds_text(longest_delay)},
             {"NewOrder", of("timeout_seconds", "maximum"), timeout},
             {"OrderChange", of("timeout_seconds", "maximum"), timeout},
             {"WholeOrder", of("timeout_seconds", "maximum"), timeout},
             {"NewOrder", of("max_attempts", "maximum"), attempts},
             {"OrderChange", of("max_attempts", "maximum"), attempts},
             {"WholeOrder", of("max_attempts", "maximum"), attempts},
             {"NewOrder", of("backoff_seconds", "maximum"), backoff},
             {"WholeOrder", of("backoff_seconds", "maximum"), backoff},
             {"NewOrder", of("processing_time", "minimum"), number(ProcessingTime::min_units)},
             {"NewOrder", of("processing_time", "maximum"), number(ProcessingTime::max_units)},
             {"ProcessingTime", {"maximum"}, number(ProcessingTime::max_units)},
             {"NewOrders", of("orders", "maxItems"), number(max_list_size)},
             {"LeaseRequests", of("leases", "maxItems"), number(max_list_size)},
             {"CancelFilter", of("limit", "maximum"), number(BulkRequest::max_limit)},
             {"CancelFilter", of("limit", "default"), number(BulkRequest{}.limit)},
             {"RetryFilter", of("limit", "maximum"), number(BulkRequest::max_limit)},
             {"RetryFilter", of("limit", "default"), number(BulkRequest{}.limit)},
             {"Claim", of("limit", "maximum"), number(most_orders_per_claim)},
             {"Claimed", of("orders", "maxItems"), number(most_orders_per_claim)},
             {"Claim", of("wait_seconds", "maximum"), seconds_text(longest_claim_wait)},
             {"Claim", of("lease_seconds", "minimum"), seconds_text(shortest_lease_time)},
             {"Claim", of("lease_seconds", "maximum"), lease_time},
             {"Claim", of("lease_seconds", "default"), seconds_text(default_lease_time)},
             {"LeaseRenewal", of("lease_seconds", "maximum"), lease_time},
             {"LeaseRenewal", of("lease_seconds", "default"), seconds_text(default_lease_time)},
             {"Claim", of("kinds", "maxItems"), number(Kind::max_named + 1)},
             {"LeaseFailure", of("retry_after_seconds", "maximum"), asked_wait},
             {"Lease", {"maxLength"}, number(max_lease_text)},
             {"OrderPage", of("orders", "maxItems"), number(OrderQuery::max_limit)}}) {
        CAPTURE(bound.schema);
        CAPTURE(bound.keys);
        CHECK(schema(bound.schema, bound.keys).as<std::string>() == bound.value);
    }
    const auto parameter = [](const std::string& path, const std::string& name) {
        for (const auto& each : find(document(), {"paths", path, "get", "parameters"})) {
            if (each["name"] && each["name"].as<std::string>() == name) return each["schema"];
        }
        throw std::runtime_error("no parameter " + name);
    };
    CHECK(parameter("/api/v1/orders/{order_id}", "wait_seconds")["maximum"].as<std::string>() ==
          seconds_text(longest_wait));
    const YAML::Node limit = parameter("/api/v1/orders", "limit");
    CHECK(limit["maximum"].as<std::string>() == number(OrderQuery::max_limit));
    CHECK(limit["default"].as<std::string>() == number(OrderQuery{}.limit));
}

TEST_CASE("openapi_document: its patterns take what the code takes, and nothing else") {
    struct Row {
        std::string schema;
        bool (*is_taken)(const std::string& text);
    };
    for (const Row& row :
         {Row{"OrderId", [](const std::string& text) { return OrderId::parse(text).has_value(); }},
          Row{"WorkerName",
              [](const std::string& text) { return OrderId::parse(text).has_value(); }},
          Row{"Kind", [](const std::string& text) { return Kind::parse(text).has_value(); }},
          Row{"Reason", [](const std::string& text) { return is_failure_reason(text); }}}) {
        CAPTURE(row.schema);
        const std::regex pattern(schema(row.schema, {"pattern"}).as<std::string>());
        std::vector<std::string> texts{"", std::string(33, 'a'), "ab", "A", "\xC3\xA9"};
        for (const std::size_t length : {31U, 32U, 63U, 64U, 65U}) texts.emplace_back(length, 'a');
        for (int byte = 1; byte < 128; ++byte) {
            texts.emplace_back(1, static_cast<char>(byte));
            texts.push_back("a" + std::string(1, static_cast<char>(byte)));
        }
        for (const std::string& text : texts) {
            CAPTURE(text);
            CHECK(std::regex_match(text, pattern) == row.is_taken(text));
        }
    }
}

TEST_CASE("openapi_document: it and the document for people say the same of each route") {
    const auto sections = sections_of_http_document();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.name);
        REQUIRE(sections.contains(operation.name));
        const std::string& section = sections.at(operation.name);
        // What may come from every route stands in a section of its own there.
        const auto is_general = [&](const std::string& status) {
            const Texts& slugs = operation.answers.at(status);
            const Texts everywhere{"body-too-large", "foreign-origin", "insufficient-scope",
                                   "not-ready",      "overloaded",     "unauthorized"};
            return status == "default" ||
                   (!slugs.empty() && std::ranges::includes(everywhere, slugs));
        };
        const Texts told = matches_in(section, R"(\*\*([0-9]{3})\*\*)");
        for (const auto& answer : operation.answers) {
            const std::string& status = answer.first;
            CAPTURE(status);
            CHECK((told.contains(status) || is_general(status)));
        }
        for (const std::string& status : told) {
            CAPTURE(status);
            CHECK(operation.answers.contains(status));
        }
        Texts answered;
        for (const auto& [status, slugs] : operation.answers)
            answered.insert(slugs.begin(), slugs.end());
        const auto coded = coded_problems();
        for (const std::string& slug : matches_in(section, "`([a-z-]+)`")) {
            if (coded.contains(slug)) CHECK_MESSAGE(answered.contains(slug), slug);
        }
    }
}

TEST_CASE("openapi_document: the document for people has each header that it names") {
    const auto told = Document("api/HTTP.md").matches(std::regex("\n\\| `([A-Z][A-Za-z-]+)` \\|"));
    for (const auto& header : find(document(), {"components", "headers"})) {
        const auto name = header.first.as<std::string>();
        CHECK_MESSAGE(std::ranges::find(told, name) != told.end(), name);
    }
}

}  // namespace orders::test
