// The kill storm over all ways in which work gets done: simulated, by a webhook, by a command, and
// by workers that pull, each on a kind of its own. Whoever does the work is killed as well, and the
// receiver of the webhooks is frozen until they time out. At the end every promise must have been
// kept, and every end earned, by what those who did the work have written down.

#include <doctest/doctest.h>
#include <signal.h>

#include <cstddef>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/faults/model_check.h"
#include "tests/faults/order_clients.h"
#include "tests/faults/storm.h"
#include "tests/faults/work_journal.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/example_worker.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

constexpr int pullers_in_storm = 3;

// Programs that write a journal of what they do.
const std::string journaled = std::string(ORDERS_SOURCE_DIR) + "/tests/faults/journaled/";
const ExampleWorker journaling_puller{
    python_worker.language, python_worker.probe, {"python3", journaled + "puller.py"}};
const std::vector<std::string> worked_kinds{"greet", "mail", "report"};

// Those who do the work of a storm.
struct AtWork {
    // From here on the storm's workers have them do it.
    explicit AtWork(Storm& its_storm) : storm(its_storm) {
        OrderProcesses& processes = storm.processes;
        processes.set("SERVICE_SIMULATE", "default");
        processes.set("SERVICE_WEBHOOKS", "mail=http://127.0.0.1:" + std::to_string(port) + "/");
        processes.set("SERVICE_COMMANDS",
                      "report=sh " + journaled + "command.sh " + journal_of("report"));
        processes.set("SERVICE_ORDER_PROCESS_TIMEOUT", "1");  // less than a freeze
    }

    void begin() {
        start_receiver();
        for (int i = 0; i < pullers_in_storm; ++i) start_puller();
    }
    void start_receiver() {
        receiver = &storm.processes.launch(ORDERS_BINARY_DIR "/journaling-receiver",
                                           {std::to_string(port), journal_of("mail")});
        receiver->wait_for_line(" listening ", patience);
    }
    void start_puller() {
        pullers.push_back(start_example(
            journaling_puller, storm.port, "puller-" + std::to_string(++pullers_started),
            {{"LEASE_SECONDS", "5"}, {"JOURNAL", journal_of("greet")}}));
    }

    // At any point of whatever they are doing, the puller's start included.
    void kill_receiver() {
        receiver->kill();
        sleep_up_to(storm.random, std::chrono::milliseconds(20));
        start_receiver();
        ++storm.kills;
        ++receivers_killed;
    }
    void kill_puller() {
        pullers.erase(pullers.begin() + any_of(storm.random, 0, pullers_in_storm - 1));
        start_puller();
        ++storm.kills;
    }

    // After what they hold.
    void stop_pullers() {
        for (const auto& puller : pullers) puller->signal(SIGTERM);
        for (const auto& puller : pullers) {
            const Ending ending = puller->wait_exit(patience);
            const bool was_still_starting = ending == killed_by(SIGTERM);
            CHECK_MESSAGE((was_still_starting || ending == exited(0)), ending, puller->tail());
        }
    }

    [[nodiscard]] std::string journal_of(const std::string& kind) const {
        return storm.processes.directory().file("journal-of-" + kind);
    }

    Storm& storm;
    const int port = free_port();
    ChildProcess* receiver = nullptr;
    std::vector<std::unique_ptr<ChildProcess>> pullers;
    int pullers_started = 0;
    int receivers_killed = 0;
};

// What is recorded as the result of an order of the kind must come from its own payload, or from
// the attempt that it ended with.
Findings wrong_results(const std::string& database, const std::string& kind) {
    const std::string expected = kind == "greet" ? R"('{"greeting": "hello, ' || order_id || '"}')"
                                                 : R"('{"token": ' || lease_token || '}')";
    Findings findings;
    add_finding(
        findings, kind + ": results of another order or attempt",
        stored_values(database,
                      "SELECT order_id || ' with ' || ifnull(CAST(r.result AS TEXT), 'none')"
                      " FROM orders o JOIN kinds k ON k.id = o.kind"
                      " LEFT JOIN order_results r ON r.seq = o.seq WHERE k.name = '" +
                          kind + "' AND status = 2 AND CAST(r.result AS TEXT) IS NOT " + expected));
    return findings;
}

int orders_processed(const std::string& database, const std::string& kind) {
    return std::stoi(stored_value(database,
                                  "SELECT count(*) FROM orders o JOIN kinds k ON k.id = o.kind"
                                  " WHERE status = 2 AND k.name = '" +
                                      kind + "'"));
}

}  // namespace

TEST_CASE("kill_storm: whoever does the work is killed as well, and each end was earned") {
    if (!can_run(python_worker)) return skipped("needs " + python_worker.language);
    std::mt19937 random = seeded_random();
    Storm storm(random);
    AtWork at_work(storm);
    storm.begin();
    at_work.begin();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    for (const std::string& kind : worked_kinds) {
        eventually(patience, [&] { return !read_journal(at_work.journal_of(kind)).empty(); });
    }
    const int wanted_kills = dose(20, 500);
    const int kills_to_a_freeze = dose(10, 25);
    while (storm.kills < wanted_kills) {
        storm.kill_somebody_at_work(clients);
        const int other = any_of(random, 1, 4);
        if (other == 1) at_work.kill_receiver();
        if (other == 2) at_work.kill_puller();
        if (storm.kills / kills_to_a_freeze > storm.freezes) {
            if (storm.freezes % 2 == 0) {
                storm.freeze(*at_work.receiver);
            } else {
                storm.freeze_somebody();
            }
        }
    }
    const ClientLog log = clients.stop();
    const Evidence evidence = evidence_at_end(storm.processes, log, time_to_finish);
    at_work.stop_pullers();
    check_promises(evidence);
    std::map<std::string, int> processed;
    for (const std::string& kind : worked_kinds) {
        const WorkJournal journal = read_journal(at_work.journal_of(kind));
        for (const std::string& finding :
             unearned_ends(evidence.database, kind, journal, evidence.clients)) {
            FAIL_CHECK(finding);
        }
        for (const std::string& finding : wrong_results(evidence.database, kind)) {
            FAIL_CHECK(finding);
        }
        processed[kind] = orders_processed(evidence.database, kind);
        CHECK_GT(processed[kind], 0);
    }
    std::cout << "kill storm over all ways of working: " << storm.kills << " kills ("
              << at_work.receivers_killed << " of the receiver, "
              << at_work.pullers_started - pullers_in_storm << " of workers that pull), "
              << storm.freezes << " freezes, " << log.acknowledged.size()
              << " orders acknowledged; Processed: "
              << orders_processed(evidence.database, "default") << " simulated, "
              << processed["mail"] << " by the webhook, " << processed["report"]
              << " by the command, " << processed["greet"] << " by workers that pull" << std::endl;
}

TEST_CASE("kill_storm: negative control: an end that nobody wrote down is noticed") {
    std::mt19937 random = seeded_random();
    Storm storm(random);
    AtWork at_work(storm);
    ChildProcess& forgetful = storm.processes.launch(ORDERS_BINARY_DIR "/journaling-receiver",
                                                     {std::to_string(at_work.port), "/dev/null"});
    forgetful.wait_for_line(" listening ", patience);
    storm.begin();
    nlohmann::json order = order_json("a");
    order["kind"] = "mail";
    storm.processes.submit(order);
    storm.processes.finished_order("a");
    storm.processes.stop_all();
    const auto findings_with = [&](const WorkJournal& journal) {
        return unearned_ends(storm.processes.database(), "mail", journal, {});
    };
    CHECK(has_finding(findings_with(read_journal(at_work.journal_of("mail"))),
                      "mail: Processed, and not done: 1: a"));
    CHECK(findings_with({{"a", 1, 1, "done"}}).empty());
    // Nor does work bear it out that came to something else, or was an attempt that was not
    // claimed.
    CHECK(has_finding(findings_with({{"a", 1, 1, "again"}}), "mail: Processed, and not done: "));
    CHECK(has_finding(findings_with({{"a", 1, 2, "done"}}), "mail: Processed, and not done: "));
    CHECK(has_finding(findings_with({{"a", 1, 1, "done"}, {"a", 2, 2, "done"}}),
                      "mail: attempts that nobody claimed: 1: a attempt 2 token 2"));
    CHECK(has_finding(findings_with({{"a", 1, 2, "again"}, {"a", 2, 1, "done"}}),
                      "mail: a later attempt with a token that is no larger: 1: a"));
}

}  // namespace orders::test
