// The trace of a create, on its way through both programs.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/puller.h"

namespace orders::test {
namespace {

using nlohmann::json;

const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const std::string trace_id = "trace_id=0af7651916cd43dd8448eb211c80319c";

void create(OrderProcesses& processes, json order, HeaderList headers) {
    headers.emplace_back("Content-Type", "application/json");
    REQUIRE_EQ(processes.client().send({"POST", "/api/v1/orders", headers, order.dump()}).status,
               200);
}

}  // namespace

TEST_CASE("trace: an order shows the one that its create had, whoever works on it") {
    OrderProcesses processes;
    processes.start_api();
    create(processes, order_json("a"),
           {{"traceparent", parent}, {"tracestate", "a=\"1\\"}, {"tracestate", "b=2"}});
    create(processes, order_json("b"), {{"traceparent", parent}, {"tracestate", "no state"}});
    create(processes, order_json("c"), {{"traceparent", parent + "0"}, {"tracestate", "a=1"}});
    HttpClient http = processes.client();
    const json batch{{"orders", {order_json("d"), order_json("e")}}};
    CHECK_EQ(http.send({"POST",
                        "/api/v1/orders/batch",
                        {{"Content-Type", "application/json"}, {"traceparent", parent}},
                        batch.dump()})
                 .status,
             200);
    const auto check = [](const json& order, const json& traceparent, const json& tracestate) {
        CHECK_EQ(order["traceparent"], traceparent);
        CHECK_EQ(order["tracestate"], tracestate);
    };
    const auto get = [&](const std::string& id) { return http.get("/api/v1/orders/" + id).json(); };
    check(get("a"), parent, "a=\"1\\,b=2");
    check(get("b"), parent, nullptr);
    check(get("c"), nullptr, nullptr);
    check(get("d"), parent, nullptr);
    check(get("e"), parent, nullptr);

    Puller puller(processes.port(), "py-1");
    const json claimed = puller.claim({{"limit", 3}});
    REQUIRE_EQ(claimed.size(), 3);
    check(claimed[0], parent, "a=\"1\\,b=2");
    check(claimed[1], parent, nullptr);
    check(claimed[2], nullptr, nullptr);
}

TEST_CASE("trace: a command has it in its environment, and the log names it") {
    OrderProcesses processes;
    const std::string program = processes.directory().file("show.sh");
    std::ofstream(program) << "#!/bin/sh\n"
                              "[ -n \"$TRACEPARENT\" ] || exit 3\n"
                              "printf '\"%s %s\"' \"$TRACEPARENT\" \"$TRACESTATE\"\n";
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    processes.start_api();
    ChildProcess& worker = processes.start_worker({"--command", "mail=" + program});
    json order = order_json("traced");
    order["kind"] = "mail";
    create(processes, order, {{"traceparent", parent}, {"tracestate", "a=1"}});
    CHECK_EQ(processes.finished_order("traced")["result"], parent + " a=1");
    order["order_id"] = "plain";
    create(processes, order, {});
    CHECK_EQ(processes.finished_order("plain")["failure"], "exit_3");
    const std::string line = worker.wait_for_line("order failed order_id=plain", patience);
    CHECK_EQ(line.find("trace_id"), std::string::npos);

    order["order_id"] = "failed";
    std::ofstream(program) << "#!/bin/sh\nexit 4\n";
    create(processes, order, {{"traceparent", parent}});
    CHECK_EQ(processes.finished_order("failed")["failure"], "exit_4");
    CHECK_NE(worker.wait_for_line("order failed order_id=failed", patience).find(trace_id),
             std::string::npos);
}

}  // namespace orders::test
