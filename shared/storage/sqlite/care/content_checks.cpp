#include "shared/storage/sqlite/care/content_checks.h"

#include <cstdint>
#include <optional>
#include <string>

#include "shared/domain/claim.h"
#include "shared/domain/kind.h"
#include "shared/metrics/figures.h"
#include "shared/storage/decisions/column_values.h"
#include "shared/storage/decisions/order_totals.h"
#include "shared/storage/sqlite/change_rows.h"
#include "shared/storage/sqlite/kinds.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/text/json_scanner.h"

namespace orders::sqlite {
namespace {

using OptionalInteger = std::optional<std::int64_t>;
using OptionalText = std::optional<std::string>;

std::string order_of(const Cursor& rows) {
    return "order with seq " + std::to_string(rows.get<OptionalInteger>(0).value_or(0));
}

// The query gives the orders for which it is so.
void find_all(Connection& connection, Sql query, const char* finding, Findings& findings) {
    Statement statement(connection, query);
    for (Cursor rows = statement.query(); rows.next();) findings.add(finding, order_of(rows));
}

void check_inputs(Connection& connection, Findings& findings) {
    Statement inputs(connection, "SELECT seq, payload FROM order_inputs WHERE payload IS NOT NULL");
    for (Cursor rows = inputs.query(); rows.next();) {
        if (!is_json(rows.get<OptionalText>(1).value_or(""))) {
            findings.add("its payload is not JSON", order_of(rows));
        }
    }
    find_all(connection, "SELECT seq FROM order_inputs WHERE length(payload) > 1000000",
             "its payload is too long", findings);
    find_all(connection,
             "SELECT seq FROM order_inputs WHERE timeout_seconds NOT BETWEEN 1 AND 86400"
             " OR max_attempts NOT BETWEEN 1 AND 100 OR backoff_seconds NOT BETWEEN 1 AND 3600"
             " OR length(fingerprint) <> 16",
             "an option is out of range", findings);
    Statement traces(connection, "SELECT seq, trace FROM order_inputs WHERE trace IS NOT NULL");
    for (Cursor rows = traces.query(); rows.next();) {
        const auto trace = rows.get<OptionalText>(1);
        if (to_column(trace_from_column(trace)) != trace) {
            findings.add("its trace is not valid", order_of(rows));
        }
    }
}

void check_results(Connection& connection, Findings& findings) {
    static_assert(max_result_bytes == 65'536 && max_detail_bytes == 2'000);
    Statement results(connection, "SELECT seq, result FROM order_results WHERE result IS NOT NULL");
    for (Cursor rows = results.query(); rows.next();) {
        if (!is_json(rows.get<OptionalText>(1).value_or(""))) {
            findings.add("its result is not JSON", order_of(rows));
        }
    }
    find_all(connection,
             "SELECT seq FROM order_results WHERE length(result) > 65536"
             " OR length(CAST(detail AS BLOB)) > 2000",
             "its result or its detail is too long", findings);
    find_all(connection,
             "SELECT r.seq FROM order_results r JOIN orders o ON o.seq = r.seq"
             " WHERE (r.result IS NOT NULL AND o.status <> 2)"
             " OR (r.detail IS NOT NULL AND o.status <> 3)",
             "a result without being Processed, or a detail without having Failed", findings);
    find_all(connection, "SELECT seq FROM order_results WHERE result IS NULL AND detail IS NULL",
             "neither a result nor a detail where there is to be one", findings);
}

void check_history(Connection& connection, Findings& findings) {
    static_assert(OrderContent::kept_attempts == 100);
    find_all(connection, "SELECT seq FROM past_attempts GROUP BY seq HAVING count(*) > 100",
             "more past attempts than are kept", findings);
    // The last one of an order that is in work, or was at its end, is in the order.
    find_all(connection,
             "SELECT p.seq FROM past_attempts p JOIN orders o ON o.seq = p.seq"
             " WHERE p.token > o.lease_token OR p.token < 1"
             " OR (p.token = o.lease_token AND (o.status = 1 OR o.worker IS NOT NULL))",
             "a past attempt that has not been, or is not over", findings);
    find_all(connection,
             "SELECT seq FROM past_attempts WHERE outcome NOT BETWEEN 0 AND 4"
             " OR started_at < 0 OR ended_at < started_at OR ended_at > 253402300799999",
             "a past attempt with a time or an outcome that is out of range", findings);
    find_all(connection,
             "SELECT seq FROM past_attempts WHERE (outcome IN (0, 3)) <> (reason IS NOT NULL)"
             " OR (reason IS NULL AND detail IS NOT NULL)",
             "a past attempt without its reason, or with one that it cannot have", findings);
}

void check_actions(Connection& connection, Findings& findings) {
    static_assert(OrderContent::kept_actions == 100);
    find_all(connection, "SELECT seq FROM order_actions GROUP BY seq HAVING count(*) > 100",
             "more actions than are kept", findings);
    find_all(connection,
             "SELECT seq FROM order_actions WHERE action NOT BETWEEN 0 AND 2 OR at < 0"
             " OR at > 253402300799999 OR number < 1 OR length(name) NOT BETWEEN 1 AND 64",
             "an action that cannot have been", findings);
}

void check_kinds(Connection& connection, Findings& findings) {
    Statement kinds(connection, "SELECT id, name, is_paused FROM kinds");
    bool has_default = false;
    for (Cursor rows = kinds.query(); rows.next();) {
        const auto id = rows.get<OptionalInteger>(0).value_or(-1);
        const auto name = rows.get<OptionalText>(1).value_or("");
        const auto is_paused = rows.get<OptionalInteger>(2).value_or(-1);
        has_default |= id == Kinds::default_id && name == Kind().name();
        if (!Kind::parse(name)) findings.add("the name of a kind is not valid", name);
        if (id < 0 || id > static_cast<std::int64_t>(Kind::max_named)) {
            findings.add("the number of a kind is out of range", name);
        }
        if (is_paused != 0 && is_paused != 1) {
            findings.add("it is not known whether a kind is paused", name);
        }
    }
    if (!has_default) findings.add("the kind `default` is missing");
}

void check_places(Connection& connection, Findings& findings) {
    find_all(connection,
             "SELECT min(seq) FROM orders WHERE status = 0"
             " GROUP BY kind, priority, coalesce(place, seq << 20) HAVING count(*) > 1",
             "its place in the queue is another's, too", findings);
    find_all(connection,
             "SELECT seq FROM orders"
             " WHERE place > (SELECT last_place FROM bookkeeping WHERE id = 1)",
             "its place was never given", findings);
}

void check_bookkeeping(Connection& connection, Findings& findings) {
    Statement recount(connection,
                      "SELECT content_bytes,"
                      " (SELECT coalesce(sum(length(payload)), 0) FROM order_inputs)"
                      " + (SELECT coalesce(sum(length(result)), 0) FROM order_results),"
                      " min(last_place, cancels, ends_awaited_until, changes_awaited_until,"
                      " changes_whole_after)"
                      " FROM bookkeeping WHERE id = 1");
    Cursor rows = recount.query();
    if (!rows.next()) return findings.add("the row of the bookkeeping is missing");
    if (rows.get<OptionalInteger>(2).value_or(-1) < 0) {
        findings.add("a number of the bookkeeping is negative");
    }
    const auto said = rows.get<OptionalInteger>(0).value_or(-1);
    const auto counted = rows.get<OptionalInteger>(1).value_or(0);
    if (said == counted) return;
    findings.add("payloads and results are said to have " + std::to_string(said) +
                 " bytes, and have " + std::to_string(counted));
}

void check_measures(Connection& connection, Findings& findings) {
    static_assert(static_cast<int>(Total::deleted_processed) == 8);
    static_assert(static_cast<int>(Total::reprioritised) == 13);
    static_assert(static_cast<int>(Total::failed_for_first) == 16);
    static_assert(static_cast<int>(Total::retries) == 31);
    Statement totals(connection,
                     "SELECT total FROM order_totals WHERE total NOT BETWEEN 8 AND 31"
                     " OR total IN (14, 15) OR (number < 0 AND total <> 13)");
    for (Cursor rows = totals.query(); rows.next();) {
        findings.add("a total of nothing, or a negative one",
                     std::to_string(rows.get<OptionalInteger>(0).value_or(0)));
    }
    Statement sums(connection,
                   "SELECT name FROM metric_sums WHERE number NOT BETWEEN 0 AND 1e300"
                   " OR typeof(number) <> 'real'");
    for (Cursor rows = sums.query(); rows.next();) {
        findings.add("a sum of what was measured is out of range",
                     rows.get<OptionalText>(0).value_or(""));
    }
    Statement told(connection, "SELECT id, metrics FROM workers WHERE metrics IS NOT NULL");
    for (Cursor rows = told.query(); rows.next();) {
        if (Figures::from_text(rows.get<OptionalText>(1).value_or(""))) continue;
        findings.add("what a worker has measured is not valid",
                     std::to_string(rows.get<OptionalInteger>(0).value_or(0)));
    }
}

void check_changes(Connection& connection, Findings& findings) {
    Statement numbers(connection,
                      "SELECT coalesce(max(last) - min(last - number) <> sum(number)"
                      " OR min(last - number) < 0, 0) FROM changes");
    if (numbers.number() != 0) findings.add("the numbers of changes do not follow each other");
    Statement changes(connection,
                      "SELECT last, number, entries, at BETWEEN 0 AND 253402300799999"
                      " FROM changes");
    for (Cursor rows = changes.query(); rows.next();) {
        const auto last = rows.get<OptionalInteger>(0).value_or(0);
        const auto number = rows.get<OptionalInteger>(1).value_or(0);
        const auto entries = rows.get<OptionalText>(2);
        try {
            if (entries) (void)changes_in(*entries, last, number, {});
            const bool is_valid = rows.get<OptionalInteger>(3) == 1 && (entries || number == 1);
            if (is_valid) continue;
        } catch (const StoreError&) {  // it is told below
        }
        findings.add("a row of changes is not valid", std::to_string(last));
    }
}

}  // namespace

void check_content(Connection& connection, Findings& findings) {
    check_inputs(connection, findings);
    check_results(connection, findings);
    check_history(connection, findings);
    check_actions(connection, findings);
    check_kinds(connection, findings);
    check_places(connection, findings);
    check_bookkeeping(connection, findings);
    check_measures(connection, findings);
    check_changes(connection, findings);
}

}  // namespace orders::sqlite
