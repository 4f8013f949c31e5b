#pragma once

// The operations that the description of the API has (api/openapi/openapi.yaml), for tests that ask
// for each of them.

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/http_client.h"

namespace orders::test {

inline const std::string document_path =
    std::string(ORDERS_SOURCE_DIR) + "/api/openapi/openapi.yaml";

struct Operation {
    std::string method;
    std::string target;
    bool is_open = false;  // to clients without a token
    bool has_body = false;
    std::set<std::string> scopes;      // each is enough
    std::vector<std::string> numbers;  // the parameters of its query that are numbers
    YAML::Node answers = {};
};

[[nodiscard]] inline std::vector<Operation> operations() {
    std::vector<Operation> found;
    for (const auto& path : YAML::LoadFile(document_path)["paths"]) {
        for (const auto& operation : path.second) {
            Operation one;
            one.method = operation.first.as<std::string>();
            one.target = path.first.as<std::string>();
            std::ranges::transform(one.method, one.method.begin(),
                                   [](unsigned char c) { return std::toupper(c); });
            // Whatever is meant by a parameter.
            for (std::size_t at = 0; (at = one.target.find('{')) != std::string::npos;) {
                one.target.replace(at, one.target.find('}') + 1 - at, "some");
            }
            const YAML::Node& what = operation.second;
            // A stream does not end by itself.
            if (what["responses"]["200"]["content"]["text/event-stream"]) one.target += "?unknown";
            one.is_open = what["security"] && what["security"].size() == 0;
            for (const auto& way : what["security"]) {
                if (way["bearer"]) one.scopes.insert(way["bearer"][0].as<std::string>());
            }
            for (const auto& parameter : what["parameters"]) {
                const YAML::Node schema = parameter["schema"];
                if (schema && schema["type"] && schema["type"].as<std::string>() == "integer") {
                    one.numbers.push_back(parameter["name"].as<std::string>());
                }
            }
            one.has_body = what["requestBody"].IsDefined();
            one.answers = what["responses"];
            found.push_back(std::move(one));
        }
    }
    return found;
}

[[nodiscard]] inline HttpCall json_call(const Operation& operation, std::string body) {
    HttpCall call{operation.method, operation.target};
    if (!operation.has_body) return call;
    call.headers = {{"Content-Type", "application/json"}};
    call.body = std::move(body);
    return call;
}

}  // namespace orders::test
