#include "tests/support/order_processes.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "tests/support/eventually.h"
#include "tests/support/silent_reporter.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

// The logs of the test case's processes, kept past their end for the listener below.
std::string& case_logs() {
    static std::string logs;
    return logs;
}

// Prints them when the case has failed; only then is it known, and the fixture is gone by then.
struct LogPrinter : SilentReporter {
    explicit LogPrinter(const doctest::ContextOptions&) {}
    void test_case_start(const doctest::TestCaseData&) override { case_logs().clear(); }
    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        if (stats.failure_flags != 0) std::cerr << case_logs();
    }
};
REGISTER_LISTENER("log-printer", 1, LogPrinter);

}  // namespace

std::string api_program() {
    return std::string(ORDERS_BINARY_DIR) + "/order-api";
}
std::string worker_program() {
    return std::string(ORDERS_BINARY_DIR) + "/order-worker";
}

std::string log_field(const std::string& line, const std::string& name) {
    const std::string key = " " + name + "=";
    const std::size_t begin = line.find(key);
    if (begin == line.npos) throw std::runtime_error("no " + name + " in: " + line);
    const std::size_t value = begin + key.size();
    return line.substr(value, line.find(' ', value) - value);
}

std::string worker_name(ChildProcess& worker) {
    return log_field(worker.wait_for_line(" working ", patience), "worker");
}

nlohmann::json as_listed(nlohmann::json order) {
    for (const char* field :
         {"start_before", "timeout_seconds", "max_attempts", "backoff_seconds", "payload", "result",
          "attempt_history", "actions", "traceparent", "tracestate"}) {
        order.erase(field);
    }
    return order;
}

nlohmann::json order_json(const std::string& id, const std::string& priority, int processing_time) {
    return {{"order_id", id}, {"priority", priority}, {"processing_time", processing_time}};
}

OrderProcesses::OrderProcesses()
    : environment_{{"DB_PATH", new_store(directory_)},
                   {"API_PORT", "0"},
                   {"SERVICE_TIME_UNIT_MS", "10"},
                   {"SERVICE_DRAIN_SECONDS", "1"}} {}

OrderProcesses::~OrderProcesses() {
    try {
        if (std::uncaught_exceptions() == 0) stop_all();
    } catch (const std::exception& error) {
        FAIL_CHECK(error.what());
    }
    check_for_sanitizer_reports();
    for (const ChildProcess& process : processes_) {
        case_logs() +=
            "  pid " + std::to_string(process.pid()) + " logged last:\n" + process.tail();
    }
}

void OrderProcesses::use_programs(const std::string& api, const std::string& worker) {
    api_program_ = api;
    worker_program_ = worker;
}

void OrderProcesses::set(const std::string& variable, const std::string& value) {
    environment_[variable] = value;
}

ChildProcess& OrderProcesses::launch(const std::string& program, const Flags& flags,
                                     const Environment& more) {
    Environment environment = more;
    environment.insert(environment_.begin(), environment_.end());
    return processes_.emplace_back(program, flags, environment);
}

ChildProcess& OrderProcesses::start_api(const Flags& flags, const Environment& more) {
    ChildProcess& api = launch(api_program_, flags, more);
    port_ = std::stoi(log_field(api.wait_for_line(" listening ", patience), "port"));
    return api;
}

ChildProcess& OrderProcesses::start_worker(const Flags& flags, const Environment& more) {
    ChildProcess& worker = launch(worker_program_, flags, more);
    worker.wait_for_line(" working ", patience);
    return worker;
}

void OrderProcesses::stop_all() {
    std::vector<ChildProcess*> stopping;
    for (ChildProcess& process : processes_) {
        if (process.ending()) continue;
        process.signal(SIGTERM);
        stopping.push_back(&process);
    }
    for (ChildProcess* process : stopping) CHECK_EQ(process->wait_exit(patience), exited(0));
}

std::vector<std::string> OrderProcesses::lines_with(std::string_view part) const {
    std::vector<std::string> lines;
    for (const ChildProcess& process : processes_) {
        for (std::string& line : process.error_lines()) {
            if (line.find(part) != std::string::npos) lines.push_back(std::move(line));
        }
    }
    return lines;
}

std::vector<std::string> OrderProcesses::wait_for_lines(std::string_view part,
                                                        std::size_t lines) const {
    std::vector<std::string> found;
    eventually(patience, [&] {
        found = lines_with(part);
        return found.size() >= lines;
    });
    return found;
}

void OrderProcesses::check_for_sanitizer_reports() const {
    for (const ChildProcess& process : processes_) {
        for (const char* report : {"Sanitizer", "runtime error:"}) {
            if (process.count_lines(report) == 0) continue;
            FAIL_CHECK("a sanitizer reported:\n" << process.tail(100));
        }
    }
}

void OrderProcesses::submit(const nlohmann::json& order) {
    const HttpAnswer answer = client().post("/api/v1/orders", order);
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
}

void OrderProcesses::submit_all(const std::vector<nlohmann::json>& orders) {
    constexpr std::size_t batch_size = 1'000;
    HttpClient http = client();
    for (std::size_t begin = 0; begin < orders.size(); begin += batch_size) {
        nlohmann::json batch = nlohmann::json::array();
        for (std::size_t i = begin; i < std::min(orders.size(), begin + batch_size); ++i) {
            batch.push_back(orders[i]);
        }
        const HttpAnswer answer = http.post("/api/v1/orders/batch", {{"orders", batch}});
        REQUIRE_MESSAGE(answer.status == 200, answer.body);
        const nlohmann::json results = answer.json()["results"];
        REQUIRE_EQ(results.size(), batch.size());
        for (const auto& result : results) REQUIRE_EQ(result["status"], "created");
    }
}

nlohmann::json OrderProcesses::order(const std::string& id) {
    const HttpAnswer answer = client().get("/api/v1/orders/" + id);
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    return answer.json();
}

nlohmann::json OrderProcesses::finished_order(const std::string& id) {
    return eventually(
        patience, [&] { return order(id); },
        [](const nlohmann::json& seen) {
            return seen["status"] == "Processed" || seen["status"] == "Failed";
        });
}

nlohmann::json OrderProcesses::counts() {
    const HttpAnswer answer = client().get("/api/v1/report");
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    return answer.json()["counts"];
}

nlohmann::json OrderProcesses::counts_when_finished(int total) {
    return eventually(
        patience, [&] { return counts(); },
        [&](const nlohmann::json& seen) {
            return seen["Pending"] == 0 && seen["Processing"] == 0 &&
                   seen["Processed"].get<int>() + seen["Failed"].get<int>() == total;
        });
}

}  // namespace orders::test
