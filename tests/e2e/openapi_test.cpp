// What holds for every operation that the description of the API has, asked of each in turn. (That
// all other answers are as described is found out from what the tests have recorded.)

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/described_operations.h"
#include "tests/support/check_problem.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"

namespace orders::test {
TEST_CASE("openapi: the description is given out byte for byte, as YAML") {
    OrderProcesses processes;
    processes.start_api();
    const HttpAnswer answer = processes.client().get("/openapi.yaml");
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.header("content-type"), "application/yaml");
    CHECK((answer.body == contents_of(document_path)));
}

TEST_CASE("openapi: every operation but the health checks asks for a token") {
    OrderProcesses processes;
    processes.set("API_TOKENS", "some-token-0123456789");
    processes.start_api();
    HttpClient http = processes.client();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        HttpCall call = json_call(operation, "{}");
        CHECK((http.send(call).status == 401) != operation.is_open);
        call.headers.emplace_back("Authorization", "Bearer other-token-0123456789");
        CHECK((http.send(call).status == 401) != operation.is_open);
        CHECK((operation.answers["401"].IsDefined()) != operation.is_open);
    }
}

TEST_CASE("openapi: every operation takes the scopes that it names, and no other") {
    OrderProcesses processes;
    const std::string file = processes.directory().file("tokens");
    const auto token_of = [](const std::string& scope) { return scope + "-token-0123456789"; };
    const std::vector<std::string> scopes{"read", "submit", "work", "operate"};
    {
        std::ofstream tokens(file);
        for (const std::string& scope : scopes) tokens << token_of(scope) << " " << scope << "\n";
    }
    processes.set("API_TOKENS_FILE", file);
    processes.start_api();
    HttpClient http = processes.client();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        for (const std::string& scope : scopes) {
            CAPTURE(scope);
            HttpCall call = json_call(operation, "{");
            call.headers.emplace_back("Authorization", "Bearer " + token_of(scope));
            const HttpAnswer answer = http.send(call);
            if (operation.is_open || operation.scopes.contains(scope)) {
                CHECK_NE(answer.status, 403);
                continue;
            }
            check_problem(answer, 403, "insufficient-scope");
            CHECK(answer.header("www-authenticate")
                      .value_or("")
                      .ends_with("scope=\"" + *operation.scopes.begin() + "\""));
        }
    }
}

TEST_CASE("openapi: every operation that does something is refused to pages of other origins") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        HttpCall call = json_call(operation, "{}");
        call.headers.emplace_back("Origin", "http://elsewhere.example");
        const HttpAnswer answer = http.send(call);
        if (operation.method == "GET") {
            CHECK_NE(answer.status, 403);
        } else {
            check_problem(answer, 403, "foreign-origin");
        }
    }
}

TEST_CASE("openapi: every operation that takes a body refuses one that is too large") {
    OrderProcesses processes;
    processes.start_api({"--max-batch-bytes", "1048576"});
    HttpClient http = processes.client();
    const std::string too_large(1'048'577, ' ');
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        CHECK(operation.answers["413"].IsDefined() == operation.has_body);
        if (!operation.has_body) continue;
        check_problem(http.send(json_call(operation, too_large)), 413, "body-too-large");
    }
}

TEST_CASE("openapi: every operation that wants JSON refuses anything else") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        if (!operation.answers["415"]) continue;
        HttpCall call{operation.method, operation.target, {{"Content-Type", "text/plain"}}, "{}"};
        check_problem(http.send(call), 415, "unsupported-media-type");
        call.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}};
        const HttpAnswer answer = http.send(call);
        check_problem(answer, 415, "unsupported-media-type");
        CHECK_EQ(answer.header("accept-encoding"), "identity");
    }
}

TEST_CASE("openapi: every operation that takes a body refuses one that is not JSON") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        if (!operation.has_body) continue;
        check_problem(http.send(json_call(operation, "{")), 400, "malformed-body");
    }
}

TEST_CASE("openapi: every operation that takes a number in its query refuses anything else") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    int numbers = 0;
    for (const Operation& operation : operations()) {
        for (const std::string& name : operation.numbers) {
            CAPTURE(operation.target);
            CAPTURE(name);
            ++numbers;
            const HttpAnswer answer = http.get(operation.target + "?" + name + "=many");
            check_problem(answer, 400, "invalid-query");
            CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{name});
        }
    }
    CHECK_GT(numbers, 2);
}

}  // namespace orders::test
