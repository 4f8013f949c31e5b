#pragma once

// `order-api copy`, run to its end, and orders for it.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {

[[nodiscard]] inline Run copy(const std::string& from, const std::string& to) {
    return run(api_program(), {"copy", "--from", from, "--to", to});
}

[[nodiscard]] inline std::string checksum_of(const Run& copied) {
    const std::string last = copied.error_lines.empty() ? "" : copied.error_lines.back();
    CHECK_MESSAGE(copied.ending == exited(0), last);
    const std::string words = ", checksum ";
    const std::size_t begin = copied.output.find(words);
    REQUIRE(begin != std::string::npos);
    return copied.output.substr(begin + words.size(), 16);
}

[[nodiscard]] inline std::string verify(const std::string& location) {
    return run(api_program(), {"verify", "--db", location}).output;
}

// Orders of every sort, on the service that runs.
inline void submit_some(OrderProcesses& processes) {
    std::vector<nlohmann::json> orders;
    for (int number = 0; number < 40; ++number) {
        const std::string id = "order-" + std::to_string(number);
        orders.push_back(order_json(id, number % 4 == 0 ? "High" : "Normal"));
        if (number % 3 == 0) orders.back()["payload"] = {{"number", number}};
        if (number % 5 == 0) orders.back()["kind"] = "mail";
    }
    processes.submit_all(orders);
}

}  // namespace orders::test
