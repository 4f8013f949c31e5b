// Orders that are done by commands, through both programs. What a single command may do is in
// unit/command.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/scripts.h"

namespace orders::test {
namespace {

using nlohmann::json;

json carrying(const std::string& id, const std::string& kind, const json& payload) {
    json order = order_json(id);
    order["kind"] = kind;
    order["payload"] = payload;
    return order;
}

std::string for_kind(const std::string& kind, const Program& program) {
    return kind + "=" + program.path;
}

}  // namespace

TEST_CASE("order_commands: each kind is done by its own program, the others by nobody") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    processes.set("SERVICE_COMMANDS",
                  for_kind("echo", scripts.script("echo", "cat")) + "," +
                      for_kind("fail", scripts.script("fail", "echo no money >&2; exit 4")));
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json("left"));
    processes.submit(carrying("a", "echo", {{"n", 7}}));
    processes.submit(carrying("b", "fail", 1));
    const json echoed = processes.finished_order("a");
    CHECK_EQ(echoed["status"], "Processed");
    CHECK_EQ(echoed["result"], json{{"n", 7}});
    const json failed = processes.finished_order("b");
    CHECK_EQ(failed["status"], "Failed");
    CHECK_EQ(failed["failure"], "exit_4");
    CHECK_EQ(failed["failure_detail"], "no money");
    CHECK_EQ(processes.order("left")["status"], "Pending");
    CHECK_EQ(worker.count_lines(" a command processes orders "), 2);
}

TEST_CASE("order_commands: a command knows its order, and nothing of the worker's settings") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker({"--command", for_kind("env", scripts.script("env", "exec env")),
                            "--command-env", "RECEIPTS,TZ", "--command-env", "UNSET"},
                           {{"RECEIPTS", "/srv/receipts"}, {"TZ", "UTC"}, {"HIDDEN", "1"}});
    json order = carrying("a", "env", "secret");
    order["priority"] = "High";
    order["timeout_seconds"] = 60;
    processes.submit(order);
    const std::string printed = processes.finished_order("a")["result"]["output"];
    std::istringstream lines(printed);
    std::set<std::string> names;
    std::string key;
    for (std::string line; std::getline(lines, line);) {
        names.insert(line.substr(0, line.find('=')));
        if (line.starts_with("ORDER_IDEMPOTENCY_KEY=")) key = line.substr(line.find('=') + 1);
    }
    names.erase("PWD");  // the shell's own
    CHECK_EQ(names,
             std::set<std::string>{"PATH", "LANG", "RECEIPTS", "TZ", "ORDER_ID", "ORDER_KIND",
                                   "ORDER_PRIORITY", "ORDER_ATTEMPT", "ORDER_TOKEN",
                                   "ORDER_TIMEOUT_SECONDS", "ORDER_IDEMPOTENCY_KEY"});
    for (const char* line : {"ORDER_ID=a\n", "ORDER_KIND=env\n", "ORDER_PRIORITY=High\n",
                             "ORDER_ATTEMPT=1\n", "ORDER_TIMEOUT_SECONDS=60\n", "TZ=UTC\n"}) {
        CHECK_MESSAGE(printed.find(line) != std::string::npos, line);
    }
    CHECK(std::regex_match(key, std::regex("ord_[0-9a-f]*_[0-9]+_[0-9]+")));
    CHECK_EQ(processes.lines_with(" commands miss a variable of the environment ").size(), 1);
}

TEST_CASE("order_commands: a command that is not there is mended without a loss") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    const Program program = scripts.script("mail", "echo 1");
    ChildProcess& worker = processes.start_worker({"--command", for_kind("mail", program)});
    scripts.remove("mail");
    std::vector<json> orders;
    for (int number = 0; number < 50; ++number) {
        orders.push_back(carrying("a" + std::to_string(number), "mail", number));
        orders.back()["backoff_seconds"] = 1;
    }
    processes.submit_all(orders);
    worker.wait_for_line(" command cannot be run ", patience);
    worker.wait_for_line(" command is out of order ", patience);
    scripts.script("mail", "echo 2");
    worker.wait_for_line(" command works again ", patience);
    CHECK_EQ(processes.counts_when_finished(50)["Processed"], 50);
}

TEST_CASE("order_commands: when the worker is killed, so is all that its commands have started") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    const Program program = scripts.script("stubborn",
                                           "trap '' TERM HUP INT\n"
                                           "(trap '' TERM HUP INT; exec sleep 1000) &\n"
                                           "echo $! >$dir/grandchild-$ORDER_ATTEMPT\n"
                                           "[ $ORDER_ATTEMPT = 2 ] || wait\n"
                                           "echo $ORDER_TOKEN");
    ChildProcess& doomed = processes.start_worker({"--command", for_kind("mail", program)});
    processes.submit(carrying("a", "mail", 1));
    const pid_t grandchild = scripts.process_in("grandchild-1");
    CHECK_FALSE(is_gone(grandchild));
    doomed.kill();
    eventually(std::chrono::seconds(1), [&] { return is_gone(grandchild); });

    processes.start_worker({"--command", for_kind("mail", program)});
    const json order = processes.finished_order("a");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["attempts"], 2);
    CHECK_EQ(order["result"], 2);
}

TEST_CASE("order_commands: a command that outstays the drain is ended, and not charged") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    const Program program = scripts.script(
        "wait", "echo $$ >$dir/pid\ntrap 'exit 1' TERM\nwhile :; do sleep 0.01; done");
    ChildProcess& worker = processes.start_worker({"--command", for_kind("mail", program)});
    processes.submit(carrying("a", "mail", 1));
    const pid_t command = scripts.process_in("pid");
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    CHECK(is_gone(command));
    CHECK_EQ(processes.order("a")["status"], "Pending");
    CHECK_EQ(processes.order("a")["attempts"], 0);
}

TEST_CASE("order_commands: an order that is cancelled has its command ended") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    const Program program = scripts.script("wait", "echo $$ >$dir/pid; exec sleep 1000");
    processes.start_worker({"--command", for_kind("mail", program)});
    processes.submit(carrying("a", "mail", 1));
    const pid_t command = scripts.process_in("pid");
    CHECK_EQ(processes.client().post("/api/v1/orders/a/cancel", json::object()).status, 200);
    eventually(patience, [&] { return is_gone(command); });
    CHECK_EQ(processes.order("a")["status"], "Cancelled");
}

TEST_CASE("order_commands: an order that takes too long is Failed, and its command ended") {
    const Scripts scripts;
    OrderProcesses processes;
    processes.start_api();
    const Program program = scripts.script("wait", "sleep 1000 &\necho $! >$dir/grandchild; wait");
    processes.start_worker({"--command", for_kind("mail", program)});
    json order = carrying("a", "mail", 1);
    order["timeout_seconds"] = 1;
    processes.submit(order);
    CHECK_EQ(processes.finished_order("a")["failure"], "timeout");
    const pid_t grandchild = scripts.process_in("grandchild");
    eventually(patience, [&] { return is_gone(grandchild); });
}

TEST_CASE("order_commands: what cannot be run is refused at the start, and the setting named") {
    const Scripts scripts;
    const Program program = scripts.script("mail", "");
    const auto refuse = [](const std::vector<std::string>& flags,
                           const std::vector<std::string>& words) {
        check_refused(run(worker_program(), flags), 2, words);
    };
    refuse({"--command", "mail=" + scripts.file("missing")},
           {"--command", "SERVICE_COMMANDS", scripts.file("missing"), "No such file"});
    refuse({"--command", "mail=no-such-program-anywhere --fast"},
           {"--command", "no-such-program-anywhere", "PATH"});
    refuse({"--command", "mail=/"}, {"--command", "is not a file"});
    ::chmod(program.path.c_str(), 0600);
    refuse({"--command", "mail=" + program.path}, {"--command", "Permission denied"});
    refuse({"--command", "mail"}, {"--command", "KIND="});
    refuse({"--command", "a=/bin/true", "--command", "a=/bin/false"}, {"--command", "a"});
    refuse({"--command", "a=/bin/true", "--simulate", "a"}, {"--command", "--simulate"});
    refuse({"--command", "a=/bin/true", "--command-env", "A=1"}, {"--command-env", "A=1"});
    refuse({"--command", "a=/bin/true", "--command-env", "ORDER_ID"}, {"--command-env", "ORDER_"});
    for (const char* list : {"0", "256", "75,x", "75,,111", "-1"}) {
        CAPTURE(list);
        refuse({"--command", "a=/bin/true", "--command-retry-exits", list},
               {"--command-retry-exits"});
    }
}

TEST_CASE("order_commands: the health of a worker does not hang on its commands") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker({"--worker-name", "w"});
    const Run health = run(worker_program(), {"healthcheck", "--db", processes.database(),
                                              "--worker-name", "w", "--command", "a=/missing"});
    CHECK_EQ(health.ending, exited(0));
}

}  // namespace orders::test
