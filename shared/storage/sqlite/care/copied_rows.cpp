#include "shared/storage/sqlite/care/copied_rows.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "shared/storage/decisions/storable_text.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

OptionalText text_from(const Cursor& row, int column) {
    const auto text = row.get<OptionalText>(column);
    if (!text) return std::nullopt;
    return storable(*text);
}

std::size_t size_of(const OptionalText& text) {
    return text ? text->size() : 0;
}

std::size_t size_of(const CopiedOrder& order) {
    std::size_t bytes = size_of(order.payload) + size_of(order.result) + size_of(order.detail);
    for (const CopiedAttempt& attempt : order.history) bytes += size_of(attempt.detail);
    return bytes;
}

std::optional<Blob> blob_of(const OptionalText& bytes) {
    if (!bytes) return std::nullopt;
    return Blob{*bytes};
}

std::string bytes_from_hexadecimal(const std::string& text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string bytes;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        const std::size_t high = digits.find(text[at]);
        const std::size_t low = digits.find(text[at + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            throw damaged("copy an order", "its fingerprint is not hexadecimal");
        }
        bytes += static_cast<char>(high * digits.size() + low);
    }
    return bytes;
}

OptionalText bytes_from_hexadecimal(const OptionalText& text) {
    if (!text) return std::nullopt;
    return bytes_from_hexadecimal(*text);
}

}  // namespace

CopiedRowReader::CopiedRowReader(Connection& connection)
    : kinds_(connection, "SELECT id, name, is_paused FROM kinds ORDER BY id"),
      workers_(connection,
               "SELECT id, name, host, threads, started_at, lease_time,"
               " min(named_up_to, (SELECT coalesce(max(seq), 0) FROM orders)), pulls, label, kinds"
               " FROM workers ORDER BY id"),
      totals_(connection,
              "SELECT total, kind, priority, number FROM order_totals WHERE number <> 0"
              " ORDER BY total, kind, priority"),
      orders_(connection,
              "SELECT o.seq, o.order_id, o.priority, o.kind, o.processing_time, o.status,"
              " o.attempts, o.lease_token, o.created_at, o.started_at, o.finished_at, o.worker,"
              " o.due_at, o.start_before, o.failure, o.place, i.timeout_seconds, i.max_attempts,"
              " i.backoff_seconds, iif(i.fingerprint IS NULL, NULL, lower(hex(i.fingerprint))),"
              " i.payload, r.detail, r.result,"
              " EXISTS (SELECT 1 FROM past_attempts p WHERE p.seq = o.seq), i.trace,"
              " EXISTS (SELECT 1 FROM order_actions a WHERE a.seq = o.seq)"
              " FROM orders o LEFT JOIN order_inputs i ON i.seq = o.seq"
              " LEFT JOIN order_results r ON r.seq = o.seq WHERE o.seq > ? ORDER BY o.seq"),
      history_(connection,
               "SELECT token, worker, started_at, ended_at, outcome, reason, detail"
               " FROM past_attempts WHERE seq = ? ORDER BY token"),
      actions_(connection,
               "SELECT number, at, action, name FROM order_actions WHERE seq = ?"
               " ORDER BY number") {}

CopiedNames CopiedRowReader::names() {
    CopiedNames names;
    for (Cursor row = kinds_.query(); row.next();) {
        names.kinds.push_back({.id = row.get<std::int64_t>(0),
                               .name = row.get<std::string>(1),
                               .is_paused = row.get<std::int64_t>(2) != 0});
    }
    for (Cursor row = workers_.query(); row.next();) {
        names.workers.push_back({.id = row.get<std::int64_t>(0),
                                 .name = storable(row.get<std::string>(1)),
                                 .host = storable(row.get<std::string>(2)),
                                 .threads = row.get<std::int64_t>(3),
                                 .started_at = row.get<std::int64_t>(4),
                                 .lease_time = row.get<std::int64_t>(5),
                                 .named_up_to = row.get<std::int64_t>(6),
                                 .pulls = row.get<std::int64_t>(7) != 0,
                                 .label = text_from(row, 8),
                                 .kinds = text_from(row, 9)});
    }
    for (Cursor row = totals_.query(); row.next();) {
        names.totals.push_back({.total = row.get<std::int64_t>(0),
                                .kind = row.get<std::int64_t>(1),
                                .priority = row.get<std::int64_t>(2),
                                .number = row.get<std::int64_t>(3)});
    }
    return names;
}

std::vector<CopiedOrder> CopiedRowReader::read(OrderSequence after) {
    std::vector<CopiedOrder> orders;
    std::size_t bytes = 0;
    for (Cursor row = orders_.query(after.value); row.next();) {
        const OrderSequence sequence{row.get<std::int64_t>(0)};
        CopiedOrder& order =
            orders.emplace_back(CopiedOrder{.sequence = sequence,
                                            .order_id = row.get<std::string>(1),
                                            .priority = row.get<std::int64_t>(2),
                                            .kind = row.get<std::int64_t>(3),
                                            .processing_time = row.get<std::int64_t>(4),
                                            .status = row.get<std::int64_t>(5),
                                            .attempts = row.get<std::int64_t>(6),
                                            .token = row.get<std::int64_t>(7),
                                            .created_at = row.get<std::int64_t>(8),
                                            .started_at = row.get<OptionalNumber>(9),
                                            .finished_at = row.get<OptionalNumber>(10),
                                            .worker = row.get<OptionalNumber>(11),
                                            .due_at = row.get<OptionalNumber>(12),
                                            .start_before = row.get<OptionalNumber>(13),
                                            .failure = text_from(row, 14)});
        order.place = row.get<OptionalNumber>(15).value_or(arrival_place(sequence));
        order.timeout_seconds = row.get<OptionalNumber>(16);
        order.max_attempts = row.get<OptionalNumber>(17);
        order.backoff_seconds = row.get<OptionalNumber>(18);
        order.fingerprint = row.get<OptionalText>(19);
        order.payload = row.get<OptionalText>(20);
        order.detail = text_from(row, 21);
        order.result = row.get<OptionalText>(22);
        if (row.get<std::int64_t>(23) != 0) order.history = history_of(sequence);
        order.trace = text_from(row, 24);
        if (row.get<std::int64_t>(25) != 0) order.actions = actions_of(sequence);
        bytes += size_of(order);
        if (orders.size() == copied_at_once || bytes >= copied_bytes_at_once) break;
    }
    return orders;
}

std::vector<CopiedAttempt> CopiedRowReader::history_of(OrderSequence order) {
    std::vector<CopiedAttempt> history;
    for (Cursor row = history_.query(order.value); row.next();) {
        history.push_back({.token = row.get<std::int64_t>(0),
                           .worker = row.get<std::int64_t>(1),
                           .started_at = row.get<std::int64_t>(2),
                           .ended_at = row.get<std::int64_t>(3),
                           .outcome = row.get<std::int64_t>(4),
                           .reason = text_from(row, 5),
                           .detail = text_from(row, 6)});
    }
    return history;
}

std::vector<CopiedAction> CopiedRowReader::actions_of(OrderSequence order) {
    std::vector<CopiedAction> actions;
    for (Cursor row = actions_.query(order.value); row.next();) {
        actions.push_back({.number = row.get<std::int64_t>(0),
                           .at = row.get<std::int64_t>(1),
                           .action = row.get<std::int64_t>(2),
                           .name = storable(row.get<std::string>(3))});
    }
    return actions;
}

CopiedRowWriter::CopiedRowWriter(Connection& connection)
    : connection_(connection),
      add_kind_(connection, "INSERT INTO kinds (id, name, is_paused) VALUES (?, ?, ?)"),
      // Of another boot, whichever it was.
      add_worker_(connection,
                  "INSERT INTO workers (id, name, host, threads, started_at, boot_id, lease_time,"
                  " named_up_to, pulls, label, kinds)"
                  " VALUES (?, ?, ?, ?, ?, 'copied', ?, ?, ?, ?, ?)"),
      add_order_(connection,
                 "INSERT INTO orders (seq, order_id, priority, kind, processing_time, status,"
                 " attempts, lease_token, created_at, started_at, finished_at, worker, due_at,"
                 " start_before, failure, place)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      add_total_(connection,
                 "INSERT INTO order_totals (total, kind, priority, number) VALUES (?, ?, ?, ?)"),
      add_inputs_(connection,
                  "INSERT INTO order_inputs (seq, timeout_seconds, max_attempts, backoff_seconds,"
                  " fingerprint, payload, trace) VALUES (?, ?, ?, ?, ?, ?, ?)"),
      add_result_(connection, "INSERT INTO order_results (seq, detail, result) VALUES (?, ?, ?)"),
      add_attempt_(connection,
                   "INSERT INTO past_attempts (seq, token, worker, started_at, ended_at, outcome,"
                   " reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      add_action_(connection,
                  "INSERT INTO order_actions (seq, number, at, action, name)"
                  " VALUES (?, ?, ?, ?, ?)"),
      note_place_(connection,
                  "UPDATE bookkeeping SET last_place = max(last_place, ?) WHERE id = 1") {}

void CopiedRowWriter::replace_names(const CopiedNames& names) {
    connection_.execute(
        "DELETE FROM order_counts; DELETE FROM order_totals; DELETE FROM workers; DELETE FROM "
        "kinds;"
        "UPDATE bookkeeping SET last_place = 0, content_bytes = 0");
    for (const CopiedKind& kind : names.kinds) {
        add_kind_.run(kind.id, kind.name, std::int64_t{kind.is_paused});
    }
    for (const CopiedWorker& worker : names.workers) {
        add_worker_.run(worker.id, worker.name, worker.host, worker.threads, worker.started_at,
                        worker.lease_time, worker.named_up_to, std::int64_t{worker.pulls},
                        worker.label, worker.kinds);
    }
    for (const CopiedTotal& total : names.totals) {
        add_total_.run(total.total, total.kind, total.priority, total.number);
    }
}

void CopiedRowWriter::add(std::span<const CopiedOrder> orders, WriteTransaction& work) {
    std::int64_t last_place = 0;
    for (const CopiedOrder& order : orders) {
        add(order, work);
        if (order.place != arrival_place(order.sequence)) {
            last_place = std::max(last_place, order.place);
        }
    }
    note_place_.run(last_place);
}

void CopiedRowWriter::add(const CopiedOrder& order, WriteTransaction& work) {
    const std::int64_t number = order.sequence.value;
    const bool has_arrival_place = order.place == arrival_place(order.sequence);
    add_order_.run(number, order.order_id, order.priority, order.kind, order.processing_time,
                   order.status, order.attempts, order.token, order.created_at, order.started_at,
                   order.finished_at, order.worker, order.due_at, order.start_before, order.failure,
                   has_arrival_place ? std::nullopt : OptionalNumber(order.place));
    work.note_created({order.kind, priority_from_column(order.priority)},
                      status_from_column(order.status));
    if (order.has_inputs()) {
        const OptionalText fingerprint = bytes_from_hexadecimal(order.fingerprint);
        add_inputs_.run(number, order.timeout_seconds, order.max_attempts, order.backoff_seconds,
                        blob_of(fingerprint), blob_of(order.payload), order.trace);
    }
    if (order.has_result()) add_result_.run(number, order.detail, blob_of(order.result));
    work.note_content(static_cast<std::int64_t>(size_of(order.payload) + size_of(order.result)));
    for (const CopiedAttempt& attempt : order.history) {
        add_attempt_.run(number, attempt.token, attempt.worker, attempt.started_at,
                         attempt.ended_at, attempt.outcome, attempt.reason, attempt.detail);
    }
    for (const CopiedAction& action : order.actions) {
        add_action_.run(number, action.number, action.at, action.action, action.name);
    }
}

}  // namespace orders::sqlite
