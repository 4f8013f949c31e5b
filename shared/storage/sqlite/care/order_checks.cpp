#include "shared/storage/sqlite/care/order_checks.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "shared/domain/claim.h"
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
          has_lease(row.get<OptionalInteger>(12).has_value()),
          kind(row.get<OptionalInteger>(13)),
          is_kind_known(row.get<OptionalInteger>(14).has_value()),
          due_at(row.get<OptionalInteger>(15)),
          start_before(row.get<OptionalInteger>(16)),
          place(row.get<OptionalInteger>(17)) {}

    static constexpr Sql query =
        "SELECT o.seq, o.order_id, o.priority, o.processing_time, o.status, o.attempts,"
        " o.lease_token, o.created_at, o.started_at, o.finished_at, o.worker, o.failure, l.seq,"
        " o.kind, k.id, o.due_at, o.start_before, o.place"
        " FROM orders o LEFT JOIN leases l ON l.seq = o.seq LEFT JOIN kinds k ON k.id = o.kind"
        " ORDER BY o.seq";

    [[nodiscard]] std::string name() const {
        return "order " + order_id.value_or("without an id") + " (seq " +
               std::to_string(seq.value_or(0)) + ")";
    }
    [[nodiscard]] bool has_countable_place() const {
        return is_within(priority, 0, 1) && is_within(status, 0, 5) && kind;
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
    OptionalInteger kind;
    bool is_kind_known;
    OptionalInteger due_at;
    OptionalInteger start_before;
    OptionalInteger place;
};

// A rule for every row: unless it `holds`, there is the finding.
struct OrderRule {
    const char* finding;
    bool (*holds)(const OrderRow&);
};

bool is(const OrderRow& row, StoredStatus status) {
    return row.status == to_column(status);
}

bool has_ended(const OrderRow& row) {
    return is(row, StoredStatus::processed) || is(row, StoredStatus::failed) ||
           is(row, StoredStatus::cancelled);
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
              [](const OrderRow& row) { return is_within(row.status, 0, 5); }},
    OrderRule{"the kind is not known", [](const OrderRow& row) { return row.is_kind_known; }},
    OrderRule{"the attempts are out of range",
              [](const OrderRow& row) { return is_within(row.attempts, 0, INT32_MAX); }},
    OrderRule{"the lease token is smaller than the attempts",
              [](const OrderRow& row) {
                  return row.lease_token && *row.lease_token >= row.attempts.value_or(0);
              }},
    OrderRule{"a time is out of range",
              [](const OrderRow& row) {
                  return is_time(row.created_at) && is_time_or_empty(row.started_at) &&
                         is_time_or_empty(row.finished_at) && is_time_or_empty(row.due_at) &&
                         is_time_or_empty(row.start_before);
              }},
    OrderRule{
        "Processing without a lease",
        [](const OrderRow& row) { return !is(row, StoredStatus::processing) || row.has_lease; }},
    OrderRule{
        "a lease without being Processing",
        [](const OrderRow& row) { return is(row, StoredStatus::processing) || !row.has_lease; }},
    OrderRule{"claimed without an attempt",
              [](const OrderRow& row) {
                  const bool was_claimed = is(row, StoredStatus::processing) || row.worker;
                  return !was_claimed || row.attempts.value_or(0) > 0;
              }},
    OrderRule{"ended without a finish",
              [](const OrderRow& row) { return !has_ended(row) || row.finished_at; }},
    OrderRule{"Processed without a worker and a start",
              [](const OrderRow& row) {
                  return !is(row, StoredStatus::processed) || (row.worker && row.started_at);
              }},
    OrderRule{
        "a worker without a start, or a start without a worker",
        [](const OrderRow& row) { return row.worker.has_value() == row.started_at.has_value(); }},
    OrderRule{"a worker, a start or a finish without having ended",
              [](const OrderRow& row) {
                  return has_ended(row) || (!row.worker && !row.started_at && !row.finished_at);
              }},
    OrderRule{"waiting for its time without one, or with a place in the queue",
              [](const OrderRow& row) {
                  return !is(row, StoredStatus::waiting) || (row.due_at && row.place == 0);
              }},
    OrderRule{"a place of its own without a time from which it may be claimed",
              [](const OrderRow& row) { return !row.place || row.due_at; }},
    OrderRule{"in the queue, or in work, without a place",
              [](const OrderRow& row) {
                  const bool needs_place =
                      is(row, StoredStatus::queued) || is(row, StoredStatus::processing);
                  return !needs_place || row.place.value_or(1) > 0;
              }},
    OrderRule{"Failed without a reason",
              [](const OrderRow& row) {
                  return !is(row, StoredStatus::failed) || (row.failure && !row.failure->empty());
              }},
    OrderRule{"Failed without an attempt, for another reason than its time",
              [](const OrderRow& row) {
                  return !is(row, StoredStatus::failed) || row.worker ||
                         row.failure == failure_reason::expired;
              }},
    OrderRule{"a reason without having Failed",
              [](const OrderRow& row) { return is(row, StoredStatus::failed) || !row.failure; }},
};

// How many orders there are, by the key of order_counts.
using Recount = std::map<std::array<std::int64_t, 3>, std::int64_t>;  // status, kind, priority

std::string name_of(const Recount::key_type& key) {
    const auto [status, kind, priority] = key;
    return "kind " + std::to_string(kind) + ", " +
           std::string(to_string(priority_from_column(priority))) + " " +
           std::string(to_string(to_status(status_from_column(status)))) +
           (status == to_column(StoredStatus::waiting) ? " for its time" : "");
}

void compare_counters(Connection& connection, Recount recount, Findings& findings) {
    Statement counters(connection, "SELECT status, kind, priority, orders FROM order_counts");
    for (Cursor rows = counters.query(); rows.next();) {
        const auto status = rows.get<OptionalInteger>(0);
        const auto kind = rows.get<OptionalInteger>(1);
        const auto priority = rows.get<OptionalInteger>(2);
        const std::int64_t counter = rows.get<OptionalInteger>(3).value_or(-1);
        if (!is_within(status, 0, 5) || !is_within(priority, 0, 1) || !kind) {
            findings.add("a counter that counts nothing");
            continue;
        }
        const Recount::key_type key{*status, *kind, *priority};
        const auto found = recount.extract(key);
        const std::int64_t counted = found ? found.mapped() : 0;
        if (counter == counted) continue;
        findings.add("the counter says " + std::to_string(counter) + ", there are " +
                         std::to_string(counted),
                     name_of(key));
    }
    for (const auto& [key, counted] : recount) {
        findings.add("there is no counter, but there are " + std::to_string(counted), name_of(key));
    }
}

}  // namespace

StatusCounts check_orders(Connection& connection, Findings& findings) {
    Recount recount;
    StatusCounts total;
    Statement orders(connection, OrderRow::query);
    for (Cursor rows = orders.query(); rows.next();) {
        const OrderRow row(rows);
        for (const OrderRule& rule : order_rules) {
            if (!rule.holds(row)) findings.add(rule.finding, row.name());
        }
        if (!row.has_countable_place()) continue;
        ++recount[{*row.status, *row.kind, *row.priority}];
        ++total[to_status(status_from_column(*row.status))];
    }
    compare_counters(connection, std::move(recount), findings);
    return total;
}

void check_other_tables(Connection& connection, Findings& findings) {
    Statement leases(connection,
                     "SELECT l.seq, l.worker, l.started_at, l.expires_at, o.seq,"
                     " l.max_attempts, l.backoff_seconds, l.deadline"
                     " FROM leases l LEFT JOIN orders o ON o.seq = l.seq ORDER BY l.seq");
    for (Cursor rows = leases.query(); rows.next();) {
        const std::string name =
            "lease " + std::to_string(rows.get<OptionalInteger>(0).value_or(0));
        if (!rows.get<OptionalInteger>(4)) findings.add("there is no such order", name);
        if (!is_time(rows.get<OptionalInteger>(2)) || !is_time(rows.get<OptionalInteger>(3))) {
            findings.add("a time of the lease is out of range", name);
        }
        if (!is_within(rows.get<OptionalInteger>(5), 1, INT32_MAX) ||
            !is_within(rows.get<OptionalInteger>(6), 1, INT32_MAX)) {
            findings.add("the limits of the lease are out of range", name);
        }
        const auto deadline = rows.get<OptionalInteger>(7);
        if (deadline && *deadline < rows.get<OptionalInteger>(3).value_or(0)) {
            findings.add("the lease outlasts the order's time", name);
        }
    }
    Statement workers(connection,
                      "SELECT id, name, host, threads, started_at, boot_id, pulls FROM workers");
    for (Cursor rows = workers.query(); rows.next();) {
        const std::string name =
            "worker " + std::to_string(rows.get<OptionalInteger>(0).value_or(0));
        // Where one is that pulls is not known.
        const bool pulls = rows.get<OptionalInteger>(6) == 1;
        for (const int column : {1, 2, 5}) {
            if (pulls && column == 2) continue;
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
