#pragma once

// The system under test: order-api and order-worker as they ship, on a store of the test's own (of
// the backend that store_home.h says) and on a port that the kernel chose. Starting one returns
// when it has said that it is ready. When a test case fails, the last log lines of its processes
// are printed.
//
// At the end every process that still runs is asked to stop and must end with 0, and none may have
// printed a sanitizer's report. Belongs to the test's main thread; port() may be read from any.

#include <atomic>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

[[nodiscard]] std::string api_program();
[[nodiscard]] std::string worker_program();

// The value of `name=value` in a log line; throws if it has none.
[[nodiscard]] std::string log_field(const std::string& line, const std::string& name);

// As the store knows it.
[[nodiscard]] std::string worker_name(ChildProcess& worker);

// The body of POST /api/v1/orders.
[[nodiscard]] nlohmann::json order_json(const std::string& id,
                                        const std::string& priority = "Normal",
                                        int processing_time = 1);

// An order that was asked for by its id, without what neither a create nor a list shows.
[[nodiscard]] nlohmann::json as_listed(nlohmann::json order);

class OrderProcesses {
   public:
    using Flags = std::vector<std::string>;
    using Environment = std::map<std::string, std::string>;

    OrderProcesses();
    ~OrderProcesses();
    OrderProcesses(const OrderProcesses&) = delete;
    OrderProcesses& operator=(const OrderProcesses&) = delete;

    // Other programs than those that ship, for the processes started from here on.
    void use_programs(const std::string& api, const std::string& worker);

    // For the processes started from here on; a flag overrides it.
    void set(const std::string& variable, const std::string& value);

    // `more` overrides what set() has set, for this process alone.
    ChildProcess& start_api(const Flags& flags = {}, const Environment& more = {});
    // Ten milliseconds per unit of processing time, and one second to drain, unless told
    // otherwise.
    ChildProcess& start_worker(const Flags& flags = {}, const Environment& more = {});
    // Does not wait until it is ready.
    ChildProcess& launch(const std::string& program, const Flags& flags,
                         const Environment& more = {});

    // SIGTERM to all that run; each must end with 0.
    void stop_all();

    // The log lines of all of them, running and ended, that contain `part`.
    [[nodiscard]] std::vector<std::string> lines_with(std::string_view part) const;
    // Waits until there are so many, whichever program logs them.
    [[nodiscard]] std::vector<std::string> wait_for_lines(std::string_view part,
                                                          std::size_t lines) const;

    // Where DB_PATH says.
    [[nodiscard]] const std::string& database() const { return environment_.at("DB_PATH"); }
    [[nodiscard]] const TempDir& directory() const noexcept { return directory_; }
    // Of the API that was started last.
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] HttpClient client() const { return HttpClient(port()); }

    // Through the API: submits, and fails the test if the answer is not 200.
    void submit(const nlohmann::json& order);
    // Submits all of them, as batches.
    void submit_all(const std::vector<nlohmann::json>& orders);
    [[nodiscard]] nlohmann::json order(const std::string& id);
    // The order once it is Processed or Failed.
    nlohmann::json finished_order(const std::string& id);
    // "counts" of the report; the second waits until `total` orders are finished and none is open.
    [[nodiscard]] nlohmann::json counts();
    nlohmann::json counts_when_finished(int total);

   private:
    void check_for_sanitizer_reports() const;

    TempDir directory_;
    std::string api_program_ = api_program();
    std::string worker_program_ = worker_program();
    Environment environment_;
    std::atomic<int> port_ = 0;
    std::deque<ChildProcess> processes_;  // a deque: references stay valid
};

}  // namespace orders::test
