#include "shared/storage/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "shared/storage/postgres/errors.h"
#include "shared/text/fnv1a.h"

namespace orders::postgres {
namespace {

// Without the line's end.
std::string one_line(const char* message) {
    std::string text = message == nullptr ? "" : message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& c : text) {
        if (c == '\n') c = ' ';
    }
    return text;
}

ServerError error_of(const PGresult* result) {
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return {state == nullptr ? "" : state,
            one_line(message == nullptr ? PQresultErrorMessage(result) : message)};
}

// Of a connection that was refused there is only a text: what waiting cannot mend is known by it.
// (In another language it counts as a server that cannot be reached.)
std::string state_of_refusal(std::string_view message) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 12> known{{
        {"password authentication failed", "28P01"},
        {"no password supplied", "28P01"},
        {"no pg_hba.conf entry", "28000"},
        {"pg_hba.conf rejects", "28000"},
        {"authentication failed", "28000"},
        {"is not permitted to log in", "28000"},
        {"permission denied for database", "42501"},
        {"does not support SSL", untrusted},
        {"certificate", untrusted},
        {"unsupported startup parameter", no_options},
        {"role \"", "28000"},
        {"database \"", "3D000"},
    }};
    const bool is_missing = message.find("does not exist") != std::string_view::npos;
    for (const auto& [text, state] : known) {
        const bool names_one = text.ends_with('"');
        if (message.find(text) != std::string_view::npos && (is_missing || !names_one)) {
            return std::string(state);
        }
    }
    return {};
}

std::vector<const char*> pointers_to(const Values& values) {
    std::vector<const char*> texts;
    texts.reserve(values.texts().size());
    for (const auto& text : values.texts()) texts.push_back(text ? text->c_str() : nullptr);
    return texts;
}

// Of the statement and no other: behind a pooler other programs' sessions have statements, too.
std::string name_for(std::string_view sql) {
    return "orders_" + std::to_string(fnv1a(sql)) + "_" + std::to_string(sql.size());
}

// What is asked for at the start of a session is nobody else's, unlike what is set in one.
std::string session_options(Connection::Limits limits) {
    const char* const given = std::getenv("PGOPTIONS");  // which these would override
    std::string options = given == nullptr ? "" : given;
    if (limits == Connection::Limits::usual) {
        options +=
            " -c statement_timeout=10s -c lock_timeout=5s"
            " -c default_transaction_isolation=read\\ committed"
            // What is read is the beginning of an index, or few rows by their numbers. Without
            // statistics, as after a pg_restore, all of an index would be gathered and sorted
            // first, and with them the few be merged with a walk over all orders.
            " -c enable_bitmapscan=off -c enable_mergejoin=off -c jit=off";
    }
    return options;
}

}  // namespace

std::size_t Rows::size() const noexcept {
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

bool Rows::is_null(std::size_t row, int column) const noexcept {
    return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::string_view Rows::text(std::size_t row, int column) const {
    const int at = static_cast<int>(row);
    if (row >= size() || PQgetisnull(result_.get(), at, column) != 0) {
        throw ServerError("XX000", "a value that must be there is missing");
    }
    return {PQgetvalue(result_.get(), at, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), at, column))};
}

template <>
std::int64_t Rows::get(std::size_t row, int column) const {
    const std::string_view digits = text(row, column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        throw ServerError("XX000", "a number was expected");
    }
    return value;
}
template <>
bool Rows::get(std::size_t row, int column) const {
    return text(row, column) == "t";
}
template <>
std::string Rows::get(std::size_t row, int column) const {
    return std::string(text(row, column));
}
template <>
std::optional<std::int64_t> Rows::get(std::size_t row, int column) const {
    if (is_null(row, column)) return std::nullopt;
    return get<std::int64_t>(row, column);
}
template <>
std::optional<std::string> Rows::get(std::size_t row, int column) const {
    if (is_null(row, column)) return std::nullopt;
    return get<std::string>(row, column);
}

void Rows::Clear::operator()(pg_result* result) const noexcept {
    PQclear(result);
}

Connection::Connection(const ServerUrl& url, Statements statements, Limits limits)
    : statements_(statements) {
    const std::string options = session_options(limits);
    // What stands before the URL holds unless that says otherwise; what stands behind it, always.
    const std::array keywords{"connect_timeout",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              "target_session_attrs",
                              "fallback_application_name",
                              "options",
                              "dbname",
                              "client_encoding",
                              static_cast<const char*>(nullptr)};
    const std::array values{"5",
                            "10",
                            "5",
                            "3",
                            "10000",
                            "read-write",
                            "orders",
                            options.c_str(),
                            url.text().c_str(),
                            "UTF8",
                            static_cast<const char*>(nullptr)};
    handle_ = PQconnectdbParams(keywords.data(), values.data(), 1);
    if (PQstatus(handle_) != CONNECTION_OK) {
        const std::string message = one_line(PQerrorMessage(handle_));
        PQfinish(handle_);
        throw ServerError(state_of_refusal(message), url.without_secrets(message));
    }
    PQsetNoticeReceiver(handle_, take_notice, this);
    PQsetnonblocking(handle_, 1);
    if (PQenterPipelineMode(handle_) != 1) {
        PQfinish(handle_);
        throw ServerError("", "the connection could not be set up");
    }
}

Connection::~Connection() {
    PQfinish(handle_);
}

// Nothing that a server tells besides errors is for the programs' standard error. One of its texts,
// in whatever language, is known by the function that it comes from.
void Connection::take_notice(void* connection, const pg_result* notice) {
    const char* const function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    if (function == nullptr || function != std::string_view("SyncRepWaitForLSN")) return;
    static_cast<Connection*>(connection)->is_kept_here_only_ = true;
}

void Connection::fail() const {
    throw ServerError("", one_line(PQerrorMessage(handle_)));
}

void Connection::send_unnamed(const char* sql, const Values& values) {
    if (is_given_up_) throw ServerError("", "the connection was given up");
    const std::vector<const char*> texts = pointers_to(values);
    if (PQsendQueryParams(handle_, sql, static_cast<int>(texts.size()), nullptr, texts.data(),
                          nullptr, nullptr, 0) != 1) {
        fail();
    }
    sent_.push_back(nullptr);
}

void Connection::keep(const char* sql) {
    const auto [known, is_new] = names_.try_emplace(sql);
    if (!is_new) return;
    known->second = name_for(sql);
    if (PQsendPrepare(handle_, known->second.c_str(), sql, 0, nullptr) != 1) fail();
    sent_.push_back(sql);
}

void Connection::send_named(const char* sql, const Values& values) {
    if (statements_ == Statements::unkept) return send_unnamed(sql, values);
    if (is_given_up_) throw ServerError("", "the connection was given up");
    keep(sql);
    const std::vector<const char*> texts = pointers_to(values);
    if (PQsendQueryPrepared(handle_, names_.at(sql).c_str(), static_cast<int>(texts.size()),
                            texts.data(), nullptr, nullptr, 0) != 1) {
        fail();
    }
    sent_.push_back(nullptr);
}

void Connection::wait_for(short events) {
    pollfd source{.fd = PQsocket(handle_), .events = events, .revents = 0};
    const int ready = ::poll(&source, 1, patience_ms_);
    if (ready == 0) {
        is_given_up_ = true;
        throw ServerError("", "the server did not answer in time");
    }
    if ((source.revents & POLLIN) != 0 && PQconsumeInput(handle_) != 1) fail();
}

void Connection::flush() {
    for (;;) {
        const int left = PQflush(handle_);
        if (left < 0) fail();
        if (left == 0) return;
        wait_for(POLLIN | POLLOUT);
    }
}

PGresult* Connection::next_result() {
    flush();
    while (PQisBusy(handle_) != 0) wait_for(POLLIN);
    return PQgetResult(handle_);
}

void Connection::send_off() {
    if (PQpipelineSync(handle_) != 1) fail();
    is_sent_off_ = true;
    if (PQflush(handle_) < 0) fail();
}

std::vector<Rows> Connection::receive() {
    if (!is_sent_off_) send_off();
    is_sent_off_ = false;
    const std::vector<const char*> sent = std::exchange(sent_, {});
    auto of = sent.begin();
    std::vector<Rows> results;
    std::optional<ServerError> error;
    for (;;) {
        PGresult* const result = next_result();
        if (result == nullptr) {  // of one statement, there are no more results
            if (PQstatus(handle_) != CONNECTION_OK) fail();
            continue;
        }
        Rows rows(result);
        const ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC) break;
        const bool is_done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
        const char* const kept = of == sent.end() ? nullptr : *of++;
        if (kept != nullptr && !is_done) names_.erase(kept);
        if (is_done && kept == nullptr) {
            results.push_back(std::move(rows));
        } else if (!is_done && status != PGRES_PIPELINE_ABORTED && !error) {
            error.emplace(error_of(result));
            if (PQstatus(handle_) != CONNECTION_OK) throw ServerError(*error);
        }
    }
    if (error) throw ServerError(*error);
    if (is_kept_here_only_) throw ServerError("", "the wait for a standby was ended");
    return results;
}

void Connection::run_script(const std::string& script) {
    assert(sent_.empty());
    if (PQexitPipelineMode(handle_) != 1) fail();
    if (PQsendQuery(handle_, script.c_str()) != 1) fail();
    std::optional<ServerError> error;
    while (PGresult* const result = next_result()) {
        const Rows rows(result);
        const ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && !error) {
            error.emplace(error_of(result));
        }
    }
    if (PQenterPipelineMode(handle_) != 1) fail();
    if (error) throw ServerError(*error);
}

int Connection::fd() const noexcept {
    return PQsocket(handle_);
}

int Connection::backend() const noexcept {
    return PQbackendPID(handle_);
}

std::size_t Connection::take_notifications() {
    if (PQconsumeInput(handle_) != 1) fail();
    std::size_t taken = 0;
    while (PGnotify* const notification = PQnotifies(handle_)) {
        PQfreemem(notification);
        ++taken;
    }
    return taken;
}

}  // namespace orders::postgres
