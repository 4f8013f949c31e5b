// The orders of this program's cases are in databases of a PostgreSQL server, looked at with psql.

#include <doctest/doctest.h>
#include <signal.h>

#include <cstdlib>
#include <sstream>

#include "tests/support/eventually.h"
#include "tests/support/halted_process.h"
#include "tests/support/postgres_server.h"
#include "tests/support/skipped.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

// No text that a test stores has these in it.
constexpr char column_end = '\x1f';
constexpr char row_end = '\x1e';

}  // namespace

std::string new_store(const TempDir& /*directory*/) {
    if (!PostgresServer::is_available()) {
        skipped("PostgreSQL is not installed");
        std::_Exit(0);
    }
    static int stores = 0;
    return common_postgres_server().make_database("orders_" + std::to_string(++stores));
}

doctest::skip only_in_a_file() {
    return {true};
}

void halt_between_writes(ChildProcess& process, const std::string& location) {
    // Of a transaction that is sent as a whole the server makes an end by itself.
    constexpr const char* half_sent =
        "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        " AND datname = current_database()";
    eventually(patience, [&] {
        process.signal(SIGSTOP);
        eventually(patience, [&] { return is_halted(process); });
        if (stored_rows(location, half_sent).empty()) return true;
        process.signal(SIGCONT);
        return false;
    });
}

std::vector<StoredRow> stored_rows(const std::string& location, const std::string& sql) {
    std::istringstream output(run_psql(location, "SET search_path = public, orders; " + sql,
                                       {"--field-separator=" + std::string(1, column_end),
                                        "--record-separator=" + std::string(1, row_end)}));
    std::vector<StoredRow> rows;
    for (std::string line; std::getline(output, line, row_end);) {
        // Behind the last row psql ends the line.
        if (output.eof() && line.ends_with('\n')) line.pop_back();
        if (output.eof() && line.empty()) break;
        StoredRow& row = rows.emplace_back();
        std::istringstream columns(line + column_end);
        for (std::string value; std::getline(columns, value, column_end);) row.push_back(value);
    }
    return rows;
}

// As model_check.h has them, of an order `o`.
#define STATE                                                                \
    "CASE WHEN o.status <> 0 THEN o.status"                                  \
    " WHEN EXISTS (SELECT FROM orders.leases l WHERE l.seq = o.seq) THEN 1"  \
    " WHEN EXISTS (SELECT FROM orders.waiting w WHERE w.seq = o.seq) THEN 5" \
    " ELSE 0 END"
#define PLACES                                                               \
    "(SELECT seq FROM orders.queue UNION ALL SELECT seq FROM orders.waiting" \
    " UNION ALL SELECT seq FROM orders.leases)"

const char* const stored_orders_sql = "SELECT o.order_id, o.priority, " STATE
                                      ", coalesce(l.attempts, o.attempts),"
                                      " coalesce(l.token, o.token), o.failure"
                                      " FROM orders.orders o LEFT JOIN orders.leases l USING (seq)";

const char* const ends_awaited_sql = "SELECT until FROM orders.awaited_ends";

std::vector<StoreCheck> store_checks() {
    return {
        {"open, and not in one place",
         "SELECT o.order_id FROM orders.orders o LEFT JOIN " PLACES " p USING (seq)"
         " WHERE o.status = 0 GROUP BY o.seq HAVING count(p.seq) <> 1"},
        {"in a place, and not open",
         "SELECT p.seq FROM " PLACES " p LEFT JOIN orders.orders o USING (seq)"
         " WHERE o.status IS DISTINCT FROM 0"},
        {"counters (kind/priority/state) that differ from a recount",
         "SELECT kind || '/' || priority || '/' || state FROM"
         " (SELECT kind, priority, state, number FROM orders.counts WHERE state < 6 UNION ALL"
         " SELECT kind, priority, state, number FROM orders.count_changes WHERE state < 6"
         " UNION ALL SELECT o.kind, o.priority, " STATE ", -1 FROM orders.orders o) AS c"
         " GROUP BY kind, priority, state HAVING sum(number) <> 0"},
    };
}

// Where an order that is open stands is a table of its own, so its steps are the rows that come
// there, and the ends that are written.
const char* const record_history_sql =
    "CREATE TABLE public.history (step bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " order_id text, seq bigint, old_status integer, new_status integer, old_token bigint,"
    " new_token bigint, is_same_order boolean, new_attempts integer);"
    "CREATE INDEX history_seq ON public.history (seq, step);"
    "CREATE VIEW public.order_states AS"
    " SELECT o.seq, o.order_id, " STATE
    " AS status FROM orders.orders o;"
    "CREATE FUNCTION public.note_step(of_order bigint, id text, status integer, token bigint,"
    " attempts integer) RETURNS void LANGUAGE sql AS $$"
    " INSERT INTO public.history (order_id, seq, old_status, new_status, old_token, new_token,"
    "  is_same_order, new_attempts)"
    " SELECT id, of_order, last.new_status, note_step.status, last.new_token, note_step.token,"
    "  true, note_step.attempts FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT new_status,"
    "  new_token FROM public.history h WHERE h.seq = of_order ORDER BY step DESC LIMIT 1) AS last"
    "  ON true $$;"
    "CREATE FUNCTION public.note_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF TG_TABLE_NAME = 'leases' THEN"
    "  PERFORM public.note_step(NEW.seq, order_id, 1, NEW.token, NEW.attempts)"
    "   FROM orders.orders WHERE seq = NEW.seq;"
    " ELSE"
    "  PERFORM public.note_step(seq, order_id, TG_ARGV[0]::integer, token, attempts)"
    "   FROM orders.orders WHERE seq = NEW.seq;"
    " END IF; RETURN NULL; END $$;"
    "CREATE FUNCTION public.note_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF TG_OP = 'DELETE' THEN"
    "  PERFORM public.note_step(OLD.seq, OLD.order_id, NULL, NULL, NULL);"
    " ELSIF (OLD.seq, OLD.order_id, OLD.priority, OLD.kind, OLD.processing_time, OLD.created_at)"
    "  <> (NEW.seq, NEW.order_id, NEW.priority, NEW.kind, NEW.processing_time, NEW.created_at) THEN"
    "  INSERT INTO public.history (order_id, seq, is_same_order)"
    "   VALUES (NEW.order_id, NEW.seq, false);"
    " ELSIF NEW.status <> 0 AND NEW.status <> OLD.status THEN"
    "  PERFORM public.note_step(NEW.seq, NEW.order_id, NEW.status, NEW.token, NEW.attempts);"
    " END IF; RETURN NULL; END $$;"
    "CREATE TRIGGER history_queue AFTER INSERT ON orders.queue FOR EACH ROW"
    " EXECUTE FUNCTION public.note_place(0);"
    "CREATE TRIGGER history_waiting AFTER INSERT ON orders.waiting FOR EACH ROW"
    " EXECUTE FUNCTION public.note_place(5);"
    "CREATE TRIGGER history_leases AFTER INSERT ON orders.leases FOR EACH ROW"
    " EXECUTE FUNCTION public.note_place(1);"
    "CREATE TRIGGER history_orders AFTER UPDATE OR DELETE ON orders.orders FOR EACH ROW"
    " EXECUTE FUNCTION public.note_order()";

}  // namespace orders::test
