// The processor of worker/README.md, in a worker that is changed as it says.

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {

TEST_CASE("processor_example: a worker with the document's processor does an order's work") {
    OrderProcesses processes;
    processes.use_programs(api_program(), ORDERS_BINARY_DIR "/order-worker-example");
    processes.start_api();
    const std::string id = "receipt-" + std::to_string(::getpid());
    const std::string receipt = "/tmp/" + id;
    nlohmann::json order = order_json(id);
    order["payload"] = {{"to", "ann"}};
    processes.submit(order);
    processes.submit(order_json("empty"));

    ChildProcess& worker = processes.start_worker({"--worker-count", "3"});
    CHECK_EQ(processes.finished_order(id)["status"], "Processed");
    CHECK_EQ(contents_of(receipt), R"({"to":"ann"})"
                                   "\n");
    std::filesystem::remove(receipt);
    CHECK_EQ(processes.finished_order("empty")["failure"], "no_payload");
    CHECK_EQ(log_field(worker.wait_for_line(" working ", patience), "threads"), "3");
    CHECK(processes.lines_with("simulating").empty());
}

TEST_CASE(
    "processor_example: more orders at a time than a processor may have threads are refused") {
    OrderProcesses processes;
    const Run refused = run(ORDERS_BINARY_DIR "/order-worker-example",
                            {"--worker-count", "1025", "--db", processes.database()});
    CHECK_EQ(refused.ending, exited(2));
    REQUIRE(!refused.error_lines.empty());
    const std::string& reason = refused.error_lines.back();
    CHECK_MESSAGE(reason.find("--worker-count (SERVICE_WORKER_COUNT): 1025") != std::string::npos,
                  reason);
}

}  // namespace orders::test
