#include "tests/faults/postgres_audit.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

// Kept in the transactions that take them: from Pending or in work (0) an order ends, and from
// Failed (3) or Cancelled (4) it may begin anew.
constexpr char wrong_steps_trigger[] =
    "CREATE TABLE wrong_steps (step text);"
    "CREATE FUNCTION record_wrong_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO public.wrong_steps VALUES"
    "  (NEW.order_id || ': ' || OLD.status || ' to ' || NEW.status); RETURN NEW; END $$;"
    "CREATE TRIGGER wrong_step AFTER UPDATE ON orders.orders FOR EACH ROW"
    " WHEN (OLD.status <> NEW.status AND OLD.status <> 0"
    "  AND NOT (OLD.status IN (3, 4) AND NEW.status = 0))"
    " EXECUTE FUNCTION record_wrong_step()";

struct Stored {
    std::string status;
    std::string payload;
};

std::map<std::string, Stored> stored(const PostgresServer& server, const std::string& database) {
    std::istringstream rows(
        server.run(database,
                   "SELECT order_id || ' ' || status || ' ' || coalesce(payload, '')"
                   " FROM orders.orders LEFT JOIN orders.order_inputs USING (seq)"));
    std::map<std::string, Stored> orders;
    for (std::string id; rows >> id;) {
        Stored& order = orders[id];
        rows >> order.status;
        rows.get();  // the blank
        std::getline(rows, order.payload);
    }
    return orders;
}

// By the same token.
std::set<std::string> settled_again(const OrderProcesses& processes) {
    std::set<std::string> once;
    std::set<std::string> again;
    for (const std::string& line : processes.lines_with(" order settled ")) {
        const std::string claim = log_field(line, "order_id") + " " + log_field(line, "token");
        if (!once.insert(claim).second) again.insert(claim);
    }
    return again;
}

}  // namespace

void record_wrong_steps(const PostgresServer& server, const std::string& database) {
    (void)server.run(database, wrong_steps_trigger);
}

Findings broken_promises(const PostgresServer& server, const std::string& database,
                         const ClientLog& clients) {
    const std::map<std::string, Stored> orders = stored(server, database);
    std::set<std::string> missing, refused, strange, open, other_payload, not_cancelled;
    for (const std::string& id : clients.acknowledged) {
        if (!orders.contains(id)) missing.insert(id);
    }
    for (const auto& [id, order] : orders) {
        if (clients.refused.contains(id)) refused.insert(id);
        if (!clients.acknowledged.contains(id) && !clients.maybe.contains(id)) strange.insert(id);
        if (order.status == "0") open.insert(id);
        if (order.payload != payload_of(id)) other_payload.insert(id);
        if (clients.cancelled.contains(id) && order.status != "4") not_cancelled.insert(id);
    }
    Findings findings;
    add_finding(findings, "acknowledged, and missing", missing);
    add_finding(findings, "refused, and stored", refused);
    add_finding(findings, "stored, and not asked for", strange);
    add_finding(findings, "not ended", open);
    add_finding(findings, "with another payload than was sent", other_payload);
    add_finding(findings, "cancelled, and ended otherwise", not_cancelled);
    add_finding(findings, "surprising answers", clients.surprises);
    return findings;
}

void check_after_storm(const PostgresServer& server, const std::string& database, Storm& storm,
                       const ClientLog& clients) {
    HttpClient http = storm.processes.client();
    eventually(
        time_to_finish,
        [&] {
            return http.attempt({"GET", "/api/v1/report"});
        },
        [](const HttpOutcome& report) {
            if (status_of(report) != 200) return false;  // it is still recovering
            const auto counts = answer_of(report).json().at("counts");
            return counts["Pending"] == 0 && counts["Processing"] == 0;
        });
    storm.processes.stop_all();
    for (const std::string& finding : broken_promises(server, database, clients)) {
        FAIL_CHECK(finding);
    }
    CHECK(server.run(database, "SELECT step FROM wrong_steps").empty());
    CHECK(settled_again(storm.processes).empty());
    ChildProcess& verify = storm.processes.launch(api_program(), {"verify"});
    CHECK_MESSAGE(verify.wait_exit(patience) == exited(0), verify.output());
}

}  // namespace orders::test
