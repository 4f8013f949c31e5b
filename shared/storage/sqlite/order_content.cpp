#include "shared/storage/sqlite/order_content.h"

#include <algorithm>
#include <string_view>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

using OptionalInteger = std::optional<std::int64_t>;

std::optional<Blob> to_column(const JsonText& text) {
    if (!text) return std::nullopt;
    return Blob{*text};
}

std::optional<Blob> to_column(const std::optional<Fingerprint>& fingerprint) {
    if (!fingerprint) return std::nullopt;
    return Blob{{reinterpret_cast<const char*>(fingerprint->data()), fingerprint->size()}};
}

OptionalInteger to_column(const std::optional<std::chrono::seconds>& time) {
    if (!time) return std::nullopt;
    return time->count();
}

PastAttempt::Outcome outcome_from_column(std::int64_t value) {
    if (value < 0 || value > 4) throw damaged("read an attempt", "its outcome is out of range");
    return static_cast<PastAttempt::Outcome>(value);
}

PastAction::What action_from_column(std::int64_t value) {
    if (value < 0 || value > 2) throw damaged("read an action", "what it did is out of range");
    return static_cast<PastAction::What>(value);
}

std::int64_t bytes_of(const JsonText& text) {
    return text ? static_cast<std::int64_t>(text->size()) : 0;
}

}  // namespace

OrderContent::OrderContent(Connection& connection)
    : add_inputs_(connection,
                  "INSERT INTO order_inputs (seq, timeout_seconds, max_attempts, backoff_seconds,"
                  " fingerprint, payload, trace) VALUES (?, ?, ?, ?, ?, ?, ?)"),
      options_(connection,
               "SELECT timeout_seconds, max_attempts, backoff_seconds FROM order_inputs"
               " WHERE seq = ?"),
      set_options_(connection,
                   "INSERT INTO order_inputs (seq, timeout_seconds, max_attempts, backoff_seconds)"
                   " VALUES (?, ?, ?, ?) ON CONFLICT (seq) DO UPDATE SET"
                   " timeout_seconds = excluded.timeout_seconds,"
                   " max_attempts = excluded.max_attempts,"
                   " backoff_seconds = excluded.backoff_seconds"),
      drop_empty_inputs_(connection,
                         "DELETE FROM order_inputs WHERE seq = ? AND timeout_seconds IS NULL"
                         " AND max_attempts IS NULL AND backoff_seconds IS NULL"
                         " AND fingerprint IS NULL AND payload IS NULL AND trace IS NULL"),
      payload_(connection, "SELECT payload FROM order_inputs WHERE seq = ?"),
      payload_bytes_(connection,
                     "SELECT coalesce(length(payload), 0) FROM order_inputs WHERE seq = ?"),
      fingerprint_(connection, "SELECT fingerprint FROM order_inputs WHERE seq = ?"),
      drop_inputs_(connection, "DELETE FROM order_inputs WHERE seq = ?"),
      add_result_(connection, "INSERT INTO order_results (seq, detail, result) VALUES (?, ?, ?)"),
      result_(connection, "SELECT detail, result FROM order_results WHERE seq = ?"),
      detail_(connection, "SELECT detail FROM order_results WHERE seq = ?"),
      result_bytes_(connection,
                    "SELECT coalesce(length(result), 0) FROM order_results WHERE seq = ?"),
      drop_result_(connection, "DELETE FROM order_results WHERE seq = ?"),
      add_attempt_(connection,
                   "INSERT INTO past_attempts (seq, token, worker, started_at, ended_at, outcome,"
                   " reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      drop_old_attempts_(connection, "DELETE FROM past_attempts WHERE seq = ? AND token <= ?"),
      history_(connection,
               "SELECT p.token, w.name, p.started_at, p.ended_at, p.outcome, p.reason, p.detail"
               " FROM past_attempts p JOIN workers w ON w.id = p.worker"
               " WHERE p.seq = ? ORDER BY p.token"),
      drop_attempts_(connection, "DELETE FROM past_attempts WHERE seq = ?"),
      last_action_(connection, "SELECT coalesce(max(number), 0) FROM order_actions WHERE seq = ?"),
      add_action_(connection,
                  "INSERT INTO order_actions (seq, number, at, action, name)"
                  " VALUES (?, ?, ?, ?, ?)"),
      drop_old_actions_(connection, "DELETE FROM order_actions WHERE seq = ? AND number <= ?"),
      actions_(connection,
               "SELECT at, action, name FROM order_actions WHERE seq = ? ORDER BY number"),
      drop_actions_(connection, "DELETE FROM order_actions WHERE seq = ?") {}

void OrderContent::add_inputs(OrderSequence order, const NewOrder& given, WriteTransaction& work) {
    const auto& [spec, due, fingerprint] = given;
    if (!spec.payload && !fingerprint && !spec.trace && spec.options == AttemptOptions{}) return;
    add_inputs_.run(order.value, to_column(spec.options.timeout), spec.options.max_attempts,
                    to_column(spec.options.backoff), to_column(fingerprint),
                    to_column(spec.payload), to_column(spec.trace));
    work.note_content(bytes_of(spec.payload));
}

AttemptOptions OrderContent::options(OrderSequence order) {
    Cursor row = options_.query(order.value);
    if (!row.next()) return {};
    return options_from_row(row, 0);
}

void OrderContent::set_options(OrderSequence order, const AttemptOptions& options) {
    set_options_.run(order.value, to_column(options.timeout), options.max_attempts,
                     to_column(options.backoff));
    drop_empty_inputs_.run(order.value);
}

JsonText OrderContent::payload(OrderSequence order) {
    Cursor row = payload_.query(order.value);
    if (!row.next()) return nullptr;
    return json_from_column(row.get<std::optional<std::string>>(0));
}

std::int64_t OrderContent::payload_bytes(OrderSequence order) {
    Cursor row = payload_bytes_.query(order.value);
    return row.next() ? row.get<std::int64_t>(0) : 0;
}

std::optional<Fingerprint> OrderContent::fingerprint(OrderSequence order) {
    Cursor row = fingerprint_.query(order.value);
    if (!row.next()) return std::nullopt;
    const auto bytes = row.get<std::optional<std::string>>(0);
    if (!bytes) return std::nullopt;
    Fingerprint fingerprint{};
    if (bytes->size() != fingerprint.size()) {
        throw damaged("read an order", "its fingerprint is of another length");
    }
    std::ranges::copy(*bytes, fingerprint.begin());
    return fingerprint;
}

void OrderContent::add_result(OrderSequence order, const JsonText& result,
                              const std::string& detail, WriteTransaction& work) {
    if (!result && detail.empty()) return;
    add_result_.run(order.value, detail.empty() ? std::nullopt : std::optional(detail),
                    to_column(result));
    work.note_content(bytes_of(result));
}

std::int64_t OrderContent::drop_result(OrderSequence order, WriteTransaction& work) {
    std::int64_t bytes = 0;
    {
        Cursor row = result_bytes_.query(order.value);
        if (!row.next()) return 0;
        bytes = row.get<std::int64_t>(0);
    }
    drop_result_.run(order.value);
    work.note_content(-bytes);
    return bytes;
}

void OrderContent::read_result(OrderSequence order, Order& into) {
    Cursor row = result_.query(order.value);
    if (!row.next()) return;
    into.failure_detail = row.get<std::optional<std::string>>(0);
    into.result = json_from_column(row.get<std::optional<std::string>>(1));
}

std::optional<std::string> OrderContent::failure_detail(OrderSequence order) {
    Cursor row = detail_.query(order.value);
    if (!row.next()) return std::nullopt;
    return row.get<std::optional<std::string>>(0);
}

void OrderContent::add_attempt(OrderSequence order, std::int64_t worker,
                               const PastAttempt& attempt) {
    add_attempt_.run(order.value, attempt.token, worker, to_column(attempt.started_at),
                     to_column(attempt.ended_at), static_cast<std::int64_t>(attempt.outcome),
                     attempt.reason, attempt.detail);
    if (attempt.token > kept_attempts) {
        drop_old_attempts_.run(order.value, attempt.token - kept_attempts);
    }
}

std::vector<PastAttempt> OrderContent::history(OrderSequence order) {
    std::vector<PastAttempt> attempts;
    for (Cursor row = history_.query(order.value); row.next();) {
        attempts.push_back({.token = row.get<std::int64_t>(0),
                            .worker = row.get<std::string>(1),
                            .started_at = time_from_column(row.get<std::int64_t>(2)),
                            .ended_at = time_from_column(row.get<std::int64_t>(3)),
                            .outcome = outcome_from_column(row.get<std::int64_t>(4)),
                            .reason = row.get<std::optional<std::string>>(5),
                            .detail = row.get<std::optional<std::string>>(6)});
    }
    return attempts;
}

void OrderContent::add_action(OrderSequence order, const PastAction& action) {
    const std::int64_t number = [&] {
        Cursor row = last_action_.query(order.value);
        return row.next() ? row.get<std::int64_t>(0) + 1 : 1;
    }();
    add_action_.run(order.value, number, to_column(action.at),
                    static_cast<std::int64_t>(action.what), action.name);
    if (number > kept_actions) drop_old_actions_.run(order.value, number - kept_actions);
}

std::vector<PastAction> OrderContent::actions(OrderSequence order) {
    std::vector<PastAction> actions;
    for (Cursor row = actions_.query(order.value); row.next();) {
        actions.push_back({.at = time_from_column(row.get<std::int64_t>(0)),
                           .what = action_from_column(row.get<std::int64_t>(1)),
                           .name = row.get<std::string>(2)});
    }
    return actions;
}

std::int64_t OrderContent::erase(OrderSequence order, WriteTransaction& work) {
    const std::optional<std::int64_t> bytes = [&]() -> std::optional<std::int64_t> {
        Cursor row = payload_bytes_.query(order.value);
        if (!row.next()) return std::nullopt;
        return row.get<std::int64_t>(0);
    }();
    if (bytes) {
        drop_inputs_.run(order.value);
        work.note_content(-*bytes);
    }
    drop_attempts_.run(order.value);
    drop_actions_.run(order.value);
    return bytes.value_or(0) + drop_result(order, work);
}

}  // namespace orders::sqlite
