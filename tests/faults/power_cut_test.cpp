// Power cuts: both programs on a disk that loses its power while clients send orders. After each
// cut the disk is mounted as after a reboot, and the programs carry on with what it has kept.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "tests/faults/control_safeguards.h"
#include "tests/faults/loop_file_system.h"
#include "tests/faults/model_check.h"
#include "tests/faults/order_clients.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/halted_process.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

constexpr int disk_mebibytes = 256;

struct PowerCuts {
    PowerCuts(std::mt19937& random_numbers, bool is_control) : random(random_numbers) {
        processes.set("DB_PATH", (disk.path() / "orders.db").string());
        processes.set("API_MIN_FREE_MB", "32");
        processes.set("SERVICE_LEASE_SECONDS", "1");
        processes.set("SERVICE_MAX_ATTEMPTS", "1000");
        processes.set("SERVICE_TIME_UNIT_MS", "2");
        if (!is_control) return;
        processes.use_programs(api_control_program(), worker_control_program());
        processes.set(left_out_variable, to_string(sqlite::Safeguard::commit_sync));
    }

    void power_on() {
        api = &processes.start_api();
        if (cuts == 0) record_history(processes.database());
        worker = &processes.start_worker({"--log-level", "DEBUG"});
    }

    // Under load, at any moment.
    void cut() {
        OrderClients clients(4, "cut" + std::to_string(cuts) + "-client", random,
                             [&] { return processes.port(); });
        eventually(patience, [&] { return clients.answers() > 100; });
        std::this_thread::sleep_for(std::chrono::milliseconds(any_of(random, 0, 400)));
        // The cut takes its time, and the kernel reports success for a sync that is under way
        // meanwhile, though it has failed. Without power nobody would live to see that; so nobody
        // does here.
        for (ChildProcess* const process : {api, worker}) {
            process->signal(SIGSTOP);
            eventually(patience, [&] { return is_halted(*process); });
        }
        disk.cut_power();
        ++cuts;
        api->kill();
        worker->kill();
        log.add(clients.stop());
        disk.power_up();
    }

    Evidence finish() {
        power_on();
        return evidence_at_end(processes, log, std::chrono::minutes(2));
    }

    std::mt19937& random;
    LoopFileSystem disk{disk_mebibytes};
    OrderProcesses processes;
    ChildProcess* api = nullptr;
    ChildProcess* worker = nullptr;
    int cuts = 0;
    ClientLog log;
};

}  // namespace

TEST_CASE("power_cut: nothing that was acknowledged is lost when the power is cut") {
    if (const auto missing = LoopFileSystem::missing()) return skipped(*missing);
    std::mt19937 random = seeded_random();
    PowerCuts power(random, false);
    const int wanted = dose(2, 20);
    while (power.cuts < wanted) {
        power.power_on();
        power.cut();
    }
    check_promises(power.finish());
    std::cout << "power cuts: " << power.cuts << " cuts, " << power.log.acknowledged.size()
              << " orders acknowledged, " << power.log.maybe.size() << " perhaps" << std::endl;
}

TEST_CASE("power_cut: negative control: without a sync for every commit, orders are lost") {
    if (const auto missing = LoopFileSystem::missing()) return skipped(*missing);
    std::mt19937 random = seeded_random();
    PowerCuts power(random, true);
    power.power_on();
    power.cut();
    const Findings findings = broken_promises(power.finish());
    CHECK(has_finding(findings, "acknowledged and lost: "));
    for (const std::string& finding : findings) std::cout << "noticed: " << finding << std::endl;
}

}  // namespace orders::test
