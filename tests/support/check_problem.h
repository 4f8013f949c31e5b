#pragma once

// Checks that an answer is a problem as the HTTP contract has it (RFC 9457), and that it tells
// nothing about the insides of the program.

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/http_client.h"

namespace orders::test {

inline void check_tells_no_internals(const HttpAnswer& answer) {
    std::string everything = answer.body;
    for (const auto& [name, value] : answer.headers) everything += "\n" + name + ": " + value;
    for (const char* word :
         {"sqlite", "SQLITE", "SELECT", "INSERT", "exception", "EXCEPTION", "std::", ".cpp",
          "json.exception", "httplib", "errno", "/tmp", "turnstile"}) {
        CHECK_MESSAGE(everything.find(word) == everything.npos, everything);
    }
}

inline void check_problem(const HttpAnswer& answer, int status, const std::string& slug) {
    CAPTURE(answer.body);
    CHECK_EQ(answer.status, status);
    const std::string content_type = answer.header("content-type").value_or("none");
    CHECK_EQ(content_type.substr(0, content_type.find(';')), "application/problem+json");
    check_tells_no_internals(answer);
    const nlohmann::json problem = answer.json();
    CHECK_EQ(problem.value("type", ""), "urn:order-management:problem:" + slug);
    CHECK_EQ(problem.value("status", 0), status);
    CHECK(!problem.value("title", "").empty());
    CHECK(!problem.value("detail", "").empty());
}

// The fields that a problem, or a batch's result, says are at fault.
[[nodiscard]] inline std::set<std::string> fields_at_fault(const nlohmann::json& problem) {
    std::set<std::string> fields;
    for (const auto& error : problem.value("errors", nlohmann::json::array())) {
        fields.insert(error.value("field", "(no field)"));
        CHECK(!error.value("detail", "").empty());
    }
    return fields;
}

}  // namespace orders::test
