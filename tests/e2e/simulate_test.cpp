// Which orders a worker takes, and what it says about those that it only simulates.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

using nlohmann::json;

constexpr const char* only_simulated = "an order that carries work is only simulated";

json of_kind(const std::string& id, const std::string& kind, const json& payload) {
    json order = order_json(id);
    order["kind"] = kind;
    order["payload"] = payload;
    return order;
}

}  // namespace

TEST_CASE("simulate: a worker that is told nothing simulates all kinds, and says so") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    CHECK_EQ(processes.wait_for_lines("simulating all kinds: no work is done", 1).size(), 1);
    const json asked_for = {{"simulate", {{"result", 1}}}};
    processes.submit(of_kind("a", "mail", {{"to", "ann"}}));
    processes.submit(of_kind("b", "mail", {{"to", "bob"}}));
    processes.submit(of_kind("c", "sms", "hello"));
    processes.submit(of_kind("d", "fax", asked_for));
    processes.submit(order_json("e"));
    for (const char* const id : {"a", "b", "c", "d", "e"}) {
        CHECK_EQ(processes.finished_order(id)["status"], "Processed");
    }
    // Once for each kind that somebody may count on.
    const std::vector<std::string> warnings = processes.lines_with(only_simulated);
    REQUIRE_EQ(warnings.size(), 2);
    std::set<std::string> kinds;
    for (const std::string& warning : warnings) {
        CHECK_NE(warning.find(" warn "), std::string::npos);
        kinds.insert(log_field(warning, "kind"));
    }
    CHECK_EQ(kinds, std::set<std::string>{"mail", "sms"});
}

TEST_CASE("simulate: a worker takes the kinds that it is told to simulate, without a warning") {
    OrderProcesses processes;
    processes.start_api();
    for (const char* const kind : {"mail", "sms", "default", "fax"}) {
        processes.submit(of_kind(kind, kind, "hello"));
    }
    SUBCASE("some, by flags") {
        processes.start_worker({"--simulate", "mail", "--simulate=sms"});
        CHECK_EQ(processes.finished_order("mail")["status"], "Processed");
        CHECK_EQ(processes.finished_order("sms")["status"], "Processed");
        CHECK_EQ(processes.counts()["Pending"], 2);
        CHECK_EQ(log_field(processes.lines_with("simulating some kinds").at(0), "kinds"),
                 "mail,sms");
    }
    SUBCASE("some, by the environment") {
        processes.start_worker({}, {{"SERVICE_SIMULATE", "default,fax"}});
        CHECK_EQ(processes.finished_order("default")["status"], "Processed");
        CHECK_EQ(processes.finished_order("fax")["status"], "Processed");
        CHECK_EQ(processes.counts()["Pending"], 2);
    }
    SUBCASE("all") {
        processes.start_worker({"--simulate", "*"});
        CHECK_EQ(processes.counts_when_finished(4)["Processed"], 4);
    }
    CHECK(processes.lines_with(only_simulated).empty());
}

TEST_CASE("simulate: a worker that is to take no orders takes none, but still reports") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    ChildProcess& worker = processes.start_worker({"--simulate", "none"});
    CHECK_NE(worker.wait_for_line("this worker takes no orders", patience), "");
    CHECK_NE(worker.wait_for_line("order status report pending=1 ", patience), "");
    CHECK_EQ(processes.order("a")["status"], "Pending");
    processes.start_worker();
    CHECK_EQ(processes.finished_order("a")["status"], "Processed");
}

TEST_CASE("simulate: what cannot be meant ends the worker with 2, and is named") {
    const std::string program = worker_program();
    check_refused(run(program, {"--simulate", "Mail"}), 2, {"--simulate", "'Mail'"});
    check_refused(run(program, {}, {{"SERVICE_SIMULATE", "mail,*"}}), 2,
                  {"SERVICE_SIMULATE", "'*' must stand alone"});
    check_refused(run(program, {"--simulate", "mail", "--simulate", "mail"}), 2,
                  {"'mail' is named twice"});
    check_refused(run(program, {"--simulate", "mail,"}), 2, {"--simulate: ''"});
}

}  // namespace orders::test
