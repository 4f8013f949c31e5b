// Workers on one store that see different clocks, though they are on one machine: under another
// boot's id, as in some containers, or in a time namespace. What one of them holds is safe from the
// others, and yet comes back if it dies or hangs.

#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/model_check.h"
#include "tests/support/halted_process.h"
#include "tests/support/order_processes.h"
#include "tests/support/private_mounts.h"
#include "tests/support/program_run.h"
#include "tests/support/skipped.h"
#include "tests/support/store_blockers.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Flags = OrderProcesses::Flags;

constexpr const char* unshare_program = "/usr/bin/unshare";

// What a worker is to see: the command before its own, or why there can be none here.
struct OtherClock {
    Flags command;
    std::string missing;
};

OtherClock other_boot_id(const TempDir& directory) {
    if (!make_mounts_private()) return {{}, "mounting is not allowed here"};
    const std::string file = directory.file("boot-id");
    std::ofstream(file) << "11111111-2222-3333-4444-555555555555\n";
    return {{"--mount", "sh", "-c",
             "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"", file},
            {}};
}

OtherClock clock_ahead() {
    const Flags shifted{"--time", "--boottime", "100000"};
    // Before Linux 6.3, a program is in another time namespace only if a fork comes before it.
    Flags probe = shifted;
    probe.insert(probe.end(), {"sh", "-c",
                               "test \"$(readlink /proc/self/ns/time)\" = "
                               "\"$(readlink /proc/self/ns/time_for_children)\""});
    if (run(unshare_program, probe).ending != exited(0)) {
        return {{}, "time namespaces are not to be had here"};
    }
    return {shifted, {}};
}

ChildProcess& start_worker(OrderProcesses& processes, const OtherClock& clock, const Flags& flags) {
    Flags command = clock.command;
    command.push_back(worker_program());
    command.insert(command.end(), flags.begin(), flags.end());
    ChildProcess& worker = processes.launch(unshare_program, command);
    worker.wait_for_line(" working ", patience);
    return worker;
}

void wait_until_processing(OrderProcesses& processes, const std::string& id) {
    eventually(patience, [&] { return processes.order(id)["status"] == "Processing"; });
}

void check_orders_are_shared(const OtherClock& clock) {
    if (!clock.missing.empty()) return skipped(clock.missing);
    constexpr int orders = 16;
    // Long enough for the others to look at what is in work.
    const Flags flags{"--time-unit-ms", "600", "--worker-count", "4"};
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& usual = processes.start_worker(flags);
    ChildProcess& other = start_worker(processes, clock, flags);
    CHECK_EQ(processes.client().get("/api/v1/report").json()["workers"].size(), 2);
    std::vector<json> all;
    std::set<std::string> ids;
    for (int i = 0; i < orders; ++i) {
        all.push_back(order_json("order-" + std::to_string(i)));
        ids.insert("order-" + std::to_string(i));
    }
    processes.submit_all(all);
    processes.counts_when_finished(orders);
    std::set<std::string> workers;
    for (const std::string& id : ids) {
        const json order = processes.order(id);
        CHECK_EQ(order["status"], "Processed");
        CHECK_EQ(order["attempts"], 1);
        workers.insert(order["worker"]);
    }
    CHECK_EQ(workers, std::set{worker_name(usual), worker_name(other)});
    processes.stop_all();
    CHECK(processes.lines_with(" lease lost ").empty());
    CHECK(processes.lines_with(" lease expired ").empty());
    check_promises(evidence_of(processes, ids));
}

// What it held comes back, whichever of the two dies or hangs.
void check_order_comes_back(const OtherClock& clock, bool is_other_to_fail, int signal) {
    if (!clock.missing.empty()) return skipped(clock.missing);
    OrderProcesses processes;
    start_recorded_api(processes);
    const std::string lease = signal == SIGKILL ? "600" : "1";
    const Flags endless{"--time-unit-ms",  "60000", "--order-process-timeout", "3600",
                        "--lease-seconds", lease,   "--worker-count",          "1"};
    ChildProcess& failing = is_other_to_fail ? start_worker(processes, clock, endless)
                                             : processes.start_worker(endless);
    processes.submit(order_json("held"));
    wait_until_processing(processes, "held");
    ChildProcess& heir =
        is_other_to_fail ? processes.start_worker() : start_worker(processes, clock, {});
    {
        const TurnstileBlocker nobody_writes(processes.database());
        failing.signal(signal);
        if (signal == SIGSTOP) eventually(patience, [&] { return is_halted(failing); });
    }
    const json order = processes.finished_order("held");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["worker"], worker_name(heir));
    CHECK_EQ(processes.wait_for_lines(" lease expired ", 1).size(), 1);  // once, whoever took it
    if (signal == SIGSTOP) {
        CHECK_EQ(order["attempts"], 2);
        failing.signal(SIGCONT);
        failing.wait_for_line(" lease lost ", patience);
        processes.stop_all();
    } else {
        CHECK_EQ(processes.client().get("/api/v1/report").json()["workers"].size(), 1);
    }
}

}  // namespace

TEST_CASE("worker_clocks: workers under different boot ids share the orders") {
    const TempDir directory;
    check_orders_are_shared(other_boot_id(directory));
}

TEST_CASE("worker_clocks: a worker in a time namespace shares the orders with others") {
    check_orders_are_shared(clock_ahead());
}

TEST_CASE("worker_clocks: the order of a worker that hangs comes back under another boot id") {
    const TempDir directory;
    check_order_comes_back(other_boot_id(directory), true, SIGSTOP);
}

TEST_CASE("worker_clocks: the order of a worker that hangs comes back in a time namespace") {
    check_order_comes_back(clock_ahead(), false, SIGSTOP);
}

TEST_CASE("worker_clocks: the order of a worker that is killed comes back under another boot id") {
    const TempDir directory;
    check_order_comes_back(other_boot_id(directory), false, SIGKILL);
}

TEST_CASE("worker_clocks: the order of a worker killed in a time namespace comes back at once") {
    check_order_comes_back(clock_ahead(), true, SIGKILL);
}

}  // namespace orders::test
