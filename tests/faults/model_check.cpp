#include "tests/faults/model_check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

// The table history has one row for each step of an order, from a status with a lease's token to
// another. Statuses: 0 Pending, 1 Processing, 2 Processed, 3 Failed, 4 Cancelled, 5 Pending and
// waiting for its time; NULL is not there.
constexpr char illegal_steps[] =
    "SELECT step || ' (' || coalesce(order_id, '-') || ': '"
    " || coalesce(CAST(old_status AS text), '-') || ' to '"
    " || coalesce(CAST(new_status AS text), '-') || ')' FROM history WHERE (is_same_order AND ("
    "    (old_status IS NULL AND new_status IN (0, 5) AND new_token = 0)"
    " OR (old_status = 0 AND new_status = 1 AND new_token = old_token + 1)"
    " OR (old_status = 1 AND new_status IN (0, 2, 3, 4, 5) AND new_token = old_token)"
    " OR (old_status = 5 AND new_status IN (0, 3, 4) AND new_token = old_token)"
    " OR (old_status = 0 AND new_status IN (3, 4) AND new_token = old_token)"
    " OR (old_status IN (3, 4) AND new_status IN (0, 5) AND new_token = old_token)"
    " OR (old_status IN (2, 3, 4) AND new_status IS NULL))) IS NOT TRUE";

// In one round: what leaves an end begins the next one.
constexpr char ended_more_than_once[] =
    "SELECT order_id FROM history GROUP BY order_id, seq HAVING"
    " count(CASE WHEN new_status IN (2, 3, 4) THEN 1 END)"
    " - count(CASE WHEN old_status IN (3, 4) AND new_status IN (0, 5) THEN 1 END) > 1";

// `ID TOKEN` of the claims whose result was taken: to be tried again, an order waits.
constexpr char results_taken[] =
    "SELECT order_id || ' ' || old_token FROM history WHERE old_status = 1"
    " AND new_status IN (2, 3, 5)";

constexpr char deleted[] = "SELECT order_id FROM history WHERE new_status IS NULL";

constexpr char without_history[] =
    "SELECT order_id FROM order_states o WHERE status IS DISTINCT FROM"
    " (SELECT new_status FROM history WHERE seq = o.seq ORDER BY step DESC LIMIT 1)";

void check_settlements(Findings& findings, const std::map<std::string, StoredOrder>& orders,
                       const std::set<std::string>& gone, const std::set<std::string>& taken,
                       const std::vector<std::string>& worker_log) {
    std::map<std::string, std::set<std::string>> settled;  // with which tokens
    std::set<std::string> settled_again;
    for (const std::string& line : worker_log) {
        if (line.find(" order settled ") == std::string::npos) continue;
        const std::string id = log_field(line, "order_id");
        const bool is_first = settled[id].insert(log_field(line, "token")).second;
        if (!is_first) settled_again.insert(id);
    }
    std::set<std::string> with_old_token;
    std::set<std::string> not_ended;
    for (const auto& [id, tokens] : settled) {
        if (gone.contains(id)) continue;
        const auto order = orders.find(id);
        if (order == orders.end() || !has_ended(order->second)) not_ended.insert(id);
        for (const std::string& token : tokens) {
            if (!taken.contains(id + " " + token)) with_old_token.insert(id);
        }
    }
    add_finding(findings, "settled more than once", settled_again);
    add_finding(findings, "settled by a token that was not the newest", with_old_token);
    add_finding(findings, "settled, and not ended", not_ended);
    // A worker that is killed between the commit and the line does not say it, but few are.
    if (settled.size() < orders.size() / 2) {
        findings.emplace_back("the workers' logs tell of too few settlements: " +
                              std::to_string(settled.size()));
    }
}

// Of those that are there, what they carry.
std::set<std::string> with_other_payload(const std::string& database) {
    std::set<std::string> others;
    for (const std::string& row :
         stored_values(database,
                       "SELECT order_id || ' ' || CAST(coalesce(i.payload, '') AS text)"
                       " FROM orders o LEFT JOIN order_inputs i ON i.seq = o.seq")) {
        const std::size_t blank = row.find(' ');
        const std::string id = row.substr(0, blank);
        if (row.substr(blank + 1) != payload_of(id)) others.insert(id);
    }
    return others;
}

std::set<std::string> not_cancelled(const std::map<std::string, StoredOrder>& orders,
                                    const std::set<std::string>& cancelled) {
    std::set<std::string> others;
    for (const std::string& id : cancelled) {
        const auto order = orders.find(id);
        if (order != orders.end() && order->second.status != 4) others.insert(id);
    }
    return others;
}

std::set<std::string> common(const std::map<std::string, StoredOrder>& orders,
                             const std::set<std::string>& ids) {
    std::set<std::string> found;
    for (const std::string& id : ids) {
        if (orders.contains(id)) found.insert(id);
    }
    return found;
}

}  // namespace

void record_history(const std::string& database) {
    run_sql(database, record_history_sql);
}

ChildProcess& start_recorded_api(OrderProcesses& processes,
                                 const OrderProcesses::Environment& more) {
    ChildProcess& api = processes.start_api({}, more);
    record_history(processes.database());
    processes.set("DB_LOG_LEVEL", "DEBUG");
    return api;
}

Evidence evidence_of(const OrderProcesses& processes, const ClientLog& clients) {
    return {.database = processes.database(),
            .clients = clients,
            .worker_log = processes.lines_with(" order settled ")};
}

Evidence evidence_at_end(OrderProcesses& processes, const ClientLog& clients,
                         std::chrono::milliseconds within) {
    eventually(
        within, [&] { return processes.counts(); },
        [](const nlohmann::json& counts) {
            return counts["Pending"] == 0 && counts["Processing"] == 0;
        });
    processes.stop_all();
    return evidence_of(processes, clients);
}

Evidence evidence_of(const OrderProcesses& processes, const std::set<std::string>& acknowledged,
                     const std::set<std::string>& maybe) {
    ClientLog clients;
    clients.acknowledged = acknowledged;
    clients.maybe = maybe;
    Evidence evidence = evidence_of(processes, clients);
    evidence.is_of_order_clients = false;
    return evidence;
}

void forget_history(const std::string& database) {
    run_sql(database,
            "DROP TRIGGER history_insert; DROP TRIGGER history_delete; DROP TRIGGER history_update;"
            "DROP VIEW order_states; DROP TABLE history");
}

Findings broken_promises(const Evidence& evidence) {
    const std::string& database = evidence.database;
    const ClientLog& clients = evidence.clients;
    Findings findings = inconsistencies(database);
    const auto orders = stored_orders(database);
    const auto gone =
        evidence.may_delete ? stored_values(database, deleted) : std::set<std::string>();
    std::set<std::string> to_be_there = clients.acknowledged;
    for (const std::string& id : gone) to_be_there.erase(id);
    std::set<std::string> maybe = clients.maybe;
    maybe.insert(clients.acknowledged.begin(), clients.acknowledged.end());
    for (const std::string& finding : unkept_promises(orders, to_be_there, maybe)) {
        findings.push_back(finding);
    }
    add_finding(findings, "refused, and stored", common(orders, clients.refused));
    add_finding(findings, "cancelled, and ended otherwise",
                not_cancelled(orders, clients.cancelled));
    if (evidence.is_of_order_clients) {
        add_finding(findings, "with another payload than was sent", with_other_payload(database));
    }
    add_finding(findings, "surprising answers", clients.surprises);
    add_finding(findings, "steps outside the life cycle", stored_values(database, illegal_steps));
    add_finding(findings, "ended more than once", stored_values(database, ended_more_than_once));
    add_finding(findings, "not where their history left them",
                stored_values(database, without_history));
    check_settlements(findings, orders, gone, stored_values(database, results_taken),
                      evidence.worker_log);
    return findings;
}

void check_promises(const Evidence& evidence) {
    for (const std::string& finding : broken_promises(evidence)) FAIL_CHECK(finding);
}

bool has_finding(const Findings& findings, const std::string& kind) {
    return std::ranges::any_of(
        findings, [&](const std::string& finding) { return finding.starts_with(kind); });
}

}  // namespace orders::test
