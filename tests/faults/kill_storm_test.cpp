// The kill storm: API and workers are killed with -9 at random moments, and workers now and then
// frozen for longer than their leases, while clients send whatever clients send. At the end every
// promise must have been kept; backups that were taken in the storm must be whole.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/control_safeguards.h"
#include "tests/faults/model_check.h"
#include "tests/faults/order_clients.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/example_worker.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

constexpr int workers_in_storm = 3;
constexpr int pullers_in_storm = 3;
constexpr std::chrono::minutes time_to_finish{3};

void sleep_up_to(std::mt19937& random, std::chrono::microseconds limit) {
    std::this_thread::sleep_for(
        std::chrono::microseconds(any_of(random, 0, static_cast<int>(limit.count()))));
}

struct Backup {
    std::string file;
    std::set<std::string> acknowledged;  // before it began
};

struct Storm {
    explicit Storm(std::mt19937& random_numbers) : random(random_numbers) {
        processes.set("SERVICE_LEASE_SECONDS", "1");
        processes.set("SERVICE_MAX_ATTEMPTS", "1000");  // only the kills are to blame
        processes.set("API_MAX_ATTEMPTS", "1000");
        processes.set("SERVICE_TIME_UNIT_MS", "2");
    }

    void begin() {
        api = &start_api();
        record_history(processes.database());
        for (int i = 0; i < workers_in_storm; ++i) workers.push_back(&start_worker());
    }

    // Always at the same port, which workers that pull know.
    ChildProcess& start_api() { return processes.start_api({"--port", std::to_string(port)}); }
    ChildProcess& start_worker() { return processes.start_worker({"--log-level", "DEBUG"}); }

    // Under load, at any point of whatever they are doing, their start included.
    void kill_somebody() {
        sleep_up_to(random, std::chrono::milliseconds(100));
        const int victim = any_of(random, 0, workers_in_storm);
        ++kills;
        if (victim == workers_in_storm) {
            api->kill();
            api = &start_api();
            return;
        }
        ChildProcess*& worker = workers[static_cast<std::size_t>(victim)];
        worker->kill();
        if (any_of(random, 1, 4) == 1) {
            ChildProcess& newborn = processes.launch(worker_program(), {"--log-level", "DEBUG"});
            sleep_up_to(random, std::chrono::milliseconds(10));
            newborn.kill();
            ++kills;
        }
        worker = &start_worker();
    }

    void begin_pulling() {
        for (int i = 0; i < pullers_in_storm; ++i) start_puller();
    }
    void start_puller() {
        pullers.push_back(start_example(python_worker, port,
                                        "puller-" + std::to_string(++pullers_started),
                                        {{"LEASE_SECONDS", "5"}}));
    }
    // At any point of whatever it is doing, its start included.
    void kill_puller() {
        pullers.erase(pullers.begin() + any_of(random, 0, pullers_in_storm - 1));
        start_puller();
        ++kills;
    }
    // After what they hold.
    void stop_pullers() {
        for (const auto& puller : pullers) puller->signal(SIGTERM);
        for (const auto& puller : pullers) {
            const Ending ending = puller->wait_exit(patience);
            const bool was_still_starting = ending == killed_by(SIGTERM);
            CHECK_MESSAGE((was_still_starting || ending == exited(0)), ending);
        }
    }

    // Each kill meets orders that were not there at the last one.
    void kill_somebody_at_work(const OrderClients& clients) {
        eventually(patience,
                   [&, before = clients.answers()] { return clients.answers() > before + 5; });
        kill_somebody();
    }

    // It does not know, and comes back with what it held. (Frozen within a transaction, it keeps
    // all others waiting too.)
    void freeze_somebody() {
        ChildProcess& worker =
            *workers[static_cast<std::size_t>(any_of(random, 0, workers_in_storm - 1))];
        worker.signal(SIGSTOP);
        std::this_thread::sleep_for(std::chrono::milliseconds(1'050));  // past its lease
        sleep_up_to(random, std::chrono::milliseconds(100));
        worker.signal(SIGCONT);
        ++freezes;
    }

    // While somebody is killed.
    void take_backup(const ClientLog& log) {
        backups.push_back({processes.directory().file("backup-" + std::to_string(backups.size())),
                           log.acknowledged});
        ChildProcess& backup = processes.launch(worker_program(), {"backup", backups.back().file});
        kill_somebody();
        CHECK_EQ(backup.wait_exit(patience), exited(0));
    }

    // Each is sound, and has all that was acknowledged before it began.
    void check_backups() {
        for (const Backup& backup : backups) {
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

    std::mt19937& random;
    const int port = free_port();
    OrderProcesses processes;
    ChildProcess* api = nullptr;
    std::vector<ChildProcess*> workers;
    std::vector<std::unique_ptr<ChildProcess>> pullers;
    std::vector<Backup> backups;
    int pullers_started = 0;
    int kills = 0;
    int freezes = 0;
};

// The orders that workers that pull have Processed. The result of each must be what only its own
// payload leads to.
std::size_t orders_pulled(const std::string& database) {
    const auto rows = stored_values(
        database,
        "SELECT order_id || ' ' || CAST(ifnull(result, '') AS TEXT) FROM orders o"
        " JOIN workers w ON w.id = o.worker LEFT JOIN order_results r ON r.seq = o.seq"
        " WHERE o.status = 2 AND w.pulls = 1");
    for (const std::string& row : rows) {
        const std::string id = row.substr(0, row.find(' '));
        CHECK_EQ(row, id + R"( {"greeting": "hello, )" + id + "\"}");
    }
    return rows.size();
}

}  // namespace

TEST_CASE("kill_storm: nothing is lost and nothing done twice, whoever is killed") {
    std::mt19937 random = seeded_random();
    Storm storm(random);
    storm.begin();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    const int wanted_kills = dose(25, 500);
    const int kills_to_a_freeze = dose(20, 25);
    while (storm.kills < wanted_kills) {
        storm.kill_somebody_at_work(clients);
        if (storm.kills / kills_to_a_freeze > storm.freezes) {
            storm.freeze_somebody();
            storm.take_backup(clients.log());
        }
    }
    const ClientLog log = clients.stop();
    const Evidence evidence = evidence_at_end(storm.processes, log, time_to_finish);
    storm.check_backups();
    check_promises(evidence);
    std::cout << "kill storm: " << storm.kills << " kills, " << storm.freezes << " freezes, "
              << storm.backups.size() << " backups, " << log.acknowledged.size()
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

TEST_CASE("kill_storm: workers that pull are killed as well, and each of their ends was earned") {
    if (!can_run(python_worker)) return skipped("needs " + python_worker.language);
    std::mt19937 random = seeded_random();
    Storm storm(random);
    storm.begin();
    storm.begin_pulling();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    eventually(patience, [&] { return orders_pulled(storm.processes.database()) > 0; });
    const int wanted_kills = dose(25, 500);
    while (storm.kills < wanted_kills) {
        storm.kill_somebody_at_work(clients);
        if (any_of(random, 1, 2) == 1) storm.kill_puller();
    }
    const ClientLog log = clients.stop();
    storm.stop_pullers();
    check_promises(evidence_at_end(storm.processes, log, time_to_finish));
    const std::size_t pulled = orders_pulled(storm.processes.database());
    std::cout << "kill storm with workers that pull: " << storm.kills << " kills, "
              << log.acknowledged.size() << " orders acknowledged, " << pulled
              << " done by workers that pull" << std::endl;
}

TEST_CASE("kill_storm: negative control: without leases that expire, a kill loses orders") {
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
