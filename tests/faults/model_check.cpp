#include "tests/faults/model_check.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <utility>

#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

// Statuses: 0 Pending, 1 Processing, 2 Processed, 3 Failed.
constexpr char history_sql[] =
    "CREATE TABLE history (step INTEGER PRIMARY KEY, seq INTEGER, old_status INTEGER,"
    " new_status INTEGER, old_token INTEGER, new_token INTEGER, is_same_order INTEGER);"
    "CREATE TRIGGER history_insert AFTER INSERT ON orders BEGIN INSERT INTO history VALUES"
    " (NULL, NEW.seq, NULL, NEW.status, NULL, NEW.lease_token, 1); END;"
    "CREATE TRIGGER history_delete AFTER DELETE ON orders BEGIN INSERT INTO history VALUES"
    " (NULL, OLD.seq, OLD.status, NULL, OLD.lease_token, NULL, 1); END;"
    "CREATE TRIGGER history_update AFTER UPDATE ON orders BEGIN INSERT INTO history VALUES"
    " (NULL, NEW.seq, OLD.status, NEW.status, OLD.lease_token, NEW.lease_token,"
    "  (OLD.seq, OLD.order_id, OLD.priority, OLD.processing_time, OLD.created_at) ="
    "  (NEW.seq, NEW.order_id, NEW.priority, NEW.processing_time, NEW.created_at)); END;";

constexpr char illegal_steps[] =
    "SELECT step || ' (' || seq || ': ' || ifnull(old_status, '-') || ' to ' ||"
    " ifnull(new_status, '-') || ')' FROM history WHERE NOT is_same_order OR NOT ("
    "    (old_status IS NULL AND new_status = 0 AND new_token = 0)"
    " OR (old_status IS 0 AND new_status IS 1 AND new_token = old_token + 1)"
    " OR (old_status IS 1 AND new_status IN (0, 2, 3) AND new_token = old_token))";

constexpr char ended_more_than_once[] =
    "SELECT seq FROM history WHERE new_status IN (2, 3) GROUP BY seq HAVING count(*) > 1";

constexpr char without_history[] =
    "SELECT order_id FROM orders o WHERE status IS NOT"
    " (SELECT new_status FROM history WHERE seq = o.seq ORDER BY step DESC LIMIT 1)";

void check_settlements(Findings& findings, const std::map<std::string, StoredOrder>& orders,
                       const std::vector<std::string>& worker_log) {
    std::set<std::string> settled;
    std::set<std::string> settled_again;
    std::set<std::string> with_old_token;
    std::set<std::string> not_ended;
    for (const std::string& line : worker_log) {
        if (line.find(" order settled ") == std::string::npos) continue;
        const std::string id = log_field(line, "order_id");
        if (!settled.insert(id).second) settled_again.insert(id);
        const auto order = orders.find(id);
        if (order == orders.end() || order->second.status < 2) {
            not_ended.insert(id);
        } else if (std::to_string(order->second.lease_token) != log_field(line, "token")) {
            with_old_token.insert(id);
        }
    }
    add_finding(findings, "settled more than once", settled_again);
    add_finding(findings, "settled by a token that was not the newest", with_old_token);
    add_finding(findings, "settled, and not ended", not_ended);
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
    run_sql(database, history_sql);
    // One number for each pair, so that the last step of an order is quickly found.
    run_sql(database, "CREATE INDEX history_seq ON history (seq, step)");
}

void forget_history(const std::string& database) {
    run_sql(database,
            "DROP TRIGGER history_insert; DROP TRIGGER history_delete; DROP TRIGGER history_update;"
            "DROP TABLE history");
}

Findings broken_promises(const std::string& database, const ClientLog& clients,
                         const std::vector<std::string>& worker_log) {
    Findings findings = inconsistencies(database);
    const auto orders = stored_orders(database);
    for (const std::string& finding :
         unkept_promises(orders, clients.acknowledged, clients.maybe)) {
        findings.push_back(finding);
    }
    add_finding(findings, "refused, and stored", common(orders, clients.refused));
    add_finding(findings, "surprising answers", clients.surprises);
    add_finding(findings, "steps outside the life cycle", stored_values(database, illegal_steps));
    add_finding(findings, "ended more than once", stored_values(database, ended_more_than_once));
    add_finding(findings, "not where their history left them",
                stored_values(database, without_history));
    check_settlements(findings, orders, worker_log);
    return findings;
}

void check_promises(const std::string& database, const ClientLog& clients,
                    const std::vector<std::string>& worker_log) {
    for (const std::string& finding : broken_promises(database, clients, worker_log)) {
        FAIL_CHECK(finding);
    }
}

}  // namespace orders::test
