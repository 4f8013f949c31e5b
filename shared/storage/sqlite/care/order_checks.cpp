#include "shared/storage/sqlite/care/order_checks.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "shared/storage/sqlite/columns.h"

namespace orders::sqlite {
namespace {

using OptionalInteger = std::optional<std::int64_t>;

bool is_within(const OptionalInteger& value, std::int64_t min, std::int64_t max) {
    return value && *value >= min && *value <= max;
}

// From 1970 to the end of the year 9999: what can be written as RFC 3339.
bool is_time(const OptionalInteger& milliseconds) {
    return is_within(milliseconds, 0, 253'402'300'799'999);
}

bool is_time_or_empty(const OptionalInteger& milliseconds) {
    return !milliseconds || is_time(milliseconds);
}

struct OrderRow {
    explicit OrderRow(const Cursor& row)
        : seq(row.get<OptionalInteger>(0)),
          order_id(row.get<std::optional<std::string>>(1)),
          priority(row.get<OptionalInteger>(2)),
          processing_time(row.get<OptionalInteger>(3)),
          status(row.get<OptionalInteger>(4)),
          attempts(row.get<OptionalInteger>(5)),
          lease_token(row.get<OptionalInteger>(6)),
          created_at(row.get<OptionalInteger>(7)),
          started_at(row.get<OptionalInteger>(8)),
          finished_at(row.get<OptionalInteger>(9)),
          worker(row.get<OptionalInteger>(10)),
          failure(row.get<std::optional<std::string>>(11)),
          has_lease(row.get<OptionalInteger>(12).has_value()) {}

    static constexpr Sql query =
        "SELECT o.seq, o.order_id, o.priority, o.processing_time, o.status, o.attempts,"
        " o.lease_token, o.created_at, o.started_at, o.finished_at, o.worker, o.failure, l.seq"
        " FROM orders o LEFT JOIN leases l ON l.seq = o.seq ORDER BY o.seq";

    [[nodiscard]] std::string name() const {
        return "order " + order_id.value_or("without an id") + " (seq " +
               std::to_string(seq.value_or(0)) + ")";
    }
    [[nodiscard]] bool has_countable_place() const {
        return is_within(priority, 0, 1) && is_within(status, 0, 3);
    }

    OptionalInteger seq;
    std::optional<std::string> order_id;
    OptionalInteger priority;
    OptionalInteger processing_time;
    OptionalInteger status;
    OptionalInteger attempts;
    OptionalInteger lease_token;
    OptionalInteger created_at;
    OptionalInteger started_at;
    OptionalInteger finished_at;
    OptionalInteger worker;
    std::optional<std::string> failure;
    bool has_lease;
};

// A rule for every row: unless it `holds`, there is the finding.
struct OrderRule {
    const char* finding;
    bool (*holds)(const OrderRow&);
};

bool is(const OrderRow& row, OrderStatus status) {
    return row.status == to_column(status);
}

bool is_finished(const OrderRow& row) {
    return is(row, OrderStatus::processed) || is(row, OrderStatus::failed);
}

constexpr std::array order_rules{
    OrderRule{"the order id is not valid",
              [](const OrderRow& row) { return row.order_id && OrderId::parse(*row.order_id); }},
    OrderRule{"the priority is out of range",
              [](const OrderRow& row) { return is_within(row.priority, 0, 1); }},
    OrderRule{"the processing time is out of range",
              [](const OrderRow& row) {
                  return row.processing_time &&
                         ProcessingTime::parse(*row.processing_time).has_value();
              }},
    OrderRule{"the status is out of range",
              [](const OrderRow& row) { return is_within(row.status, 0, 3); }},
    OrderRule{"the attempts are out of range",
              [](const OrderRow& row) { return is_within(row.attempts, 0, INT32_MAX); }},
    OrderRule{"the lease token is smaller than the attempts",
              [](const OrderRow& row) {
                  return row.lease_token && *row.lease_token >= row.attempts.value_or(0);
              }},
    OrderRule{"a time is out of range",
              [](const OrderRow& row) {
                  return is_time(row.created_at) && is_time_or_empty(row.started_at) &&
                         is_time_or_empty(row.finished_at);
              }},
    OrderRule{
        "Processing without a lease",
        [](const OrderRow& row) { return !is(row, OrderStatus::processing) || row.has_lease; }},
    OrderRule{
        "a lease without being Processing",
        [](const OrderRow& row) { return is(row, OrderStatus::processing) || !row.has_lease; }},
    OrderRule{"claimed without an attempt",
              [](const OrderRow& row) {
                  return is(row, OrderStatus::pending) || row.attempts.value_or(0) > 0;
              }},
    OrderRule{"finished without a worker, a start or a finish",
              [](const OrderRow& row) {
                  return !is_finished(row) || (row.worker && row.started_at && row.finished_at);
              }},
    OrderRule{"a worker, a start or a finish without being finished",
              [](const OrderRow& row) {
                  return is_finished(row) || (!row.worker && !row.started_at && !row.finished_at);
              }},
    OrderRule{"Failed without a reason",
              [](const OrderRow& row) {
                  return !is(row, OrderStatus::failed) || (row.failure && !row.failure->empty());
              }},
    OrderRule{"a reason without having Failed",
              [](const OrderRow& row) { return is(row, OrderStatus::failed) || !row.failure; }},
};

void compare_counters(Connection& connection, Counts recount, Findings& findings) {
    Statement counters(connection, "SELECT priority, status, orders FROM order_counts");
    int known = 0;
    for (Cursor rows = counters.query(); rows.next();) {
        const auto priority = rows.get<OptionalInteger>(0);
        const auto status = rows.get<OptionalInteger>(1);
        const std::int64_t counter = rows.get<OptionalInteger>(2).value_or(-1);
        if (!is_within(priority, 0, 1) || !is_within(status, 0, 3)) {
            findings.add("a counter that counts nothing");
            continue;
        }
        ++known;
        const std::int64_t counted = place_in(recount, *priority, *status);
        if (counter == counted) continue;
        findings.add("the counter says " + std::to_string(counter) + ", there are " +
                         std::to_string(counted),
                     std::string(to_string(priority_from_column(*priority))) + " " +
                         std::string(to_string(status_from_column(*status))));
    }
    if (known != 8) findings.add("there are " + std::to_string(known) + " counters of 8");
}

}  // namespace

StatusCounts check_orders(Connection& connection, Findings& findings) {
    Counts recount{};
    Statement orders(connection, OrderRow::query);
    for (Cursor rows = orders.query(); rows.next();) {
        const OrderRow row(rows);
        for (const OrderRule& rule : order_rules) {
            if (!rule.holds(row)) findings.add(rule.finding, row.name());
        }
        if (row.has_countable_place()) ++place_in(recount, *row.priority, *row.status);
    }
    compare_counters(connection, recount, findings);
    StatusCounts total;
    for (const OrderStatus status : all_statuses) {
        for (const Priority priority : all_priorities) {
            total[status] += place_in(recount, to_column(priority), to_column(status));
        }
    }
    return total;
}

void check_other_tables(Connection& connection, Findings& findings) {
    Statement leases(connection,
                     "SELECT l.seq, l.worker, l.started_at, l.expires_at, o.seq"
                     " FROM leases l LEFT JOIN orders o ON o.seq = l.seq ORDER BY l.seq");
    for (Cursor rows = leases.query(); rows.next();) {
        const std::string name =
            "lease " + std::to_string(rows.get<OptionalInteger>(0).value_or(0));
        if (!rows.get<OptionalInteger>(4)) findings.add("there is no such order", name);
        if (!is_time(rows.get<OptionalInteger>(2)) || !is_time(rows.get<OptionalInteger>(3))) {
            findings.add("a time of the lease is out of range", name);
        }
    }
    Statement workers(connection,
                      "SELECT id, name, host, threads, started_at, boot_id FROM workers");
    for (Cursor rows = workers.query(); rows.next();) {
        const std::string name =
            "worker " + std::to_string(rows.get<OptionalInteger>(0).value_or(0));
        for (const int column : {1, 2, 5}) {
            if (rows.get<std::optional<std::string>>(column).value_or("").empty()) {
                findings.add("a name of the worker is empty", name);
            }
        }
        if (!is_within(rows.get<OptionalInteger>(3), 1, INT32_MAX)) {
            findings.add("the threads are out of range", name);
        }
        if (!is_time(rows.get<OptionalInteger>(4))) {
            findings.add("the worker's start is out of range", name);
        }
    }
    Statement probe(connection, "SELECT count(*) FROM write_probe WHERE id = 1");
    Cursor rows = probe.query();
    if (!rows.next() || rows.get<std::int64_t>(0) != 1) {
        findings.add("the row that is written to test writing is missing");
    }
    Statement store(connection,
                    "SELECT count(*) FROM store WHERE id = 1 AND touched IN (0, 1)"
                    " AND length(store_id) = 32 AND length(incarnation) IN (0, 32)"
                    " AND length(generation) IN (0, 32)");
    Cursor identity = store.query();
    if (!identity.next() || identity.get<std::int64_t>(0) != 1) {
        findings.add("the row that tells which store this is is missing or not valid");
    }
}

}  // namespace orders::sqlite
