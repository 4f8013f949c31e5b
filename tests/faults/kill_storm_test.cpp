// The kill storm: API and workers are killed with -9 at random moments, and workers now and then
// frozen for longer than their leases, while clients send whatever clients send. At the end every
// promise must have been kept; backups that were taken in the storm must be whole.

#include <doctest/doctest.h>

#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/control_safeguards.h"
#include "tests/faults/model_check.h"
#include "tests/faults/order_clients.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

struct Backup {
    std::string file;
    std::set<std::string> acknowledged;  // before it began
};

// Taken in the storm, of what is stored just then.
struct Backups {
    // While somebody is killed.
    void take(Storm& storm, const ClientLog& log) {
        const std::string name = "backup-" + std::to_string(taken.size());
        taken.push_back({storm.processes.directory().file(name), log.acknowledged});
        ChildProcess& backup =
            storm.processes.launch(worker_program(), {"backup", taken.back().file});
        storm.kill_somebody();
        CHECK_EQ(backup.wait_exit(patience), exited(0));
    }

    // Each is sound, and has all that was acknowledged before it began.
    void check(OrderProcesses& processes) const {
        for (const Backup& backup : taken) {
            forget_history(backup.file);
            ChildProcess& verify =
                processes.launch(worker_program(), {"verify", "--db", backup.file});
            CHECK_MESSAGE(verify.wait_exit(patience) == exited(0), verify.output());
            const auto orders = stored_orders(backup.file);
            std::set<std::string> missing;
            for (const std::string& id : backup.acknowledged) {
                if (!orders.contains(id)) missing.insert(id);
            }
            Findings findings;
            add_finding(findings, "not in " + backup.file, missing);
            for (const std::string& finding : findings) FAIL_CHECK(finding);
        }
    }

    std::vector<Backup> taken;
};

}  // namespace

TEST_CASE("kill_storm: nothing is lost and nothing done twice, whoever is killed" *
          only_in_a_file()) {
    std::mt19937 random = seeded_random();
    Storm storm(random);
    storm.begin();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    const int wanted_kills = dose(25, 500);
    const int kills_to_a_freeze = dose(20, 25);
    Backups backups;
    while (storm.kills < wanted_kills) {
        storm.kill_somebody_at_work(clients);
        if (storm.kills / kills_to_a_freeze > storm.freezes) {
            storm.freeze_somebody();
            backups.take(storm, clients.log());
        }
    }
    const ClientLog log = clients.stop();
    const Evidence evidence = evidence_at_end(storm.processes, log, time_to_finish);
    backups.check(storm.processes);
    check_promises(evidence);
    std::cout << "kill storm: " << storm.kills << " kills, " << storm.freezes << " freezes, "
              << backups.taken.size() << " backups, " << log.acknowledged.size()
              << " orders acknowledged, " << log.maybe.size() << " perhaps, " << log.refused.size()
              << " refused" << std::endl;
}

TEST_CASE("kill_storm: nothing but what has ended is deleted, whoever is killed") {
    std::mt19937 random = seeded_random();
    Storm storm(random);
    storm.processes.set("SERVICE_KEEP_PROCESSED_SECONDS", "1");
    storm.begin();
    OrderClients clients(3, "client", random, [&] { return storm.processes.port(); },
                         {.asks_again = false, .reads_back = false});
    const int wanted_kills = dose(15, 100);
    while (storm.kills < wanted_kills) storm.kill_somebody_at_work(clients);
    const ClientLog log = clients.stop();
    const auto deleted = [&] {
        return std::stoi(stored_value(storm.processes.database(),
                                      "SELECT count(*) FROM history WHERE new_status IS NULL"));
    };
    eventually(patience, deleted, [](int orders) { return orders > 0; });
    Evidence evidence = evidence_at_end(storm.processes, log, time_to_finish);
    evidence.may_delete = true;
    check_promises(evidence);
    std::cout << "kill storm with retention: " << storm.kills << " kills, "
              << log.acknowledged.size() << " orders acknowledged, " << deleted() << " deleted"
              << std::endl;
}

TEST_CASE("kill_storm: negative control: without leases that expire, a kill loses orders" *
          only_in_a_file()) {
    std::mt19937 random = seeded_random();
    Storm storm(random);
    storm.processes.use_programs(api_control_program(), worker_control_program());
    storm.processes.set(left_out_variable, to_string(sqlite::Safeguard::lease_expiry));
    storm.processes.set("SERVICE_TIME_UNIT_MS", "60000");  // what the first ones claim, they keep
    storm.begin();
    OrderClients clients(2, "client", random, [&] { return storm.processes.port(); });
    for (ChildProcess* const worker : storm.workers) {
        eventually(patience, [&] {
            return stored_value(storm.processes.database(),
                                "SELECT count(*) FROM leases JOIN workers ON id = worker WHERE"
                                " name = '" +
                                    worker_name(*worker) + "'") != "0";
        });
    }
    for (ChildProcess* const worker : storm.workers) worker->kill();
    storm.processes.set("SERVICE_TIME_UNIT_MS", "0");
    storm.start_worker();
    const ClientLog log = clients.stop();
    eventually(patience, [&] { return storm.processes.counts()["Pending"] == 0; });
    storm.processes.stop_all();
    CHECK(has_finding(broken_promises(evidence_of(storm.processes, log)), "not ended: "));
}

}  // namespace orders::test
