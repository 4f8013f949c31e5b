#include "shared/storage/postgres/transaction.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <thread>

namespace orders::postgres {
namespace {

constexpr std::chrono::milliseconds pause_of_insistence{100};
constexpr std::chrono::milliseconds pause_after_conflict{20};

}  // namespace

Session::Session(Server& server) : server_(server), random_(std::random_device{}()) {}

Connection& Session::connection() {
    if (connection_) return *connection_;
    if (!server_.may_try()) throw ServerError("", server_.loss());
    const SteadyTime now = std::chrono::steady_clock::now();
    try {
        connection_ = connect();
    } catch (const ServerError& error) {
        if (error.is_connection_lost()) server_.note_lost(error.what(), now);
        server_.note_not_reached();
        throw;
    }
    ++connections_;
    server_.note_reached();
    connected_at_ = std::chrono::steady_clock::now();
    return *connection_;
}

std::unique_ptr<Connection> Session::connect() {
    try {
        return std::make_unique<Connection>(server_.url(), statements_, limits_);
    } catch (const ServerError& error) {
        if (error.sqlstate() != no_options) throw;
        limits_ = Connection::Limits::none;
        return std::make_unique<Connection>(server_.url(), statements_, limits_);
    }
}

void Session::note(const ServerError& error) noexcept {
    if (error.is_statement_lost()) statements_ = Connection::Statements::unkept;
    if (!error.is_conflict()) drop_connection();
}

StoreError Session::store_error(const ServerError& error, std::string_view operation) {
    if (error.is_connection_lost()) server_.note_lost(error.what(), connected_at_);
    return to_store_error(error, operation);
}

std::int64_t Session::next_nonce() {
    return static_cast<std::int64_t>(random_() >> 1);
}

void Session::let_others_finish(int times) {
    const auto most = pause_after_conflict * (1 << times);
    std::uniform_int_distribution<std::int64_t> spread(most.count() / 2, most.count());
    std::this_thread::sleep_for(std::chrono::milliseconds(spread(random_)));
}

Transaction::Transaction(Session& session, std::int64_t nonce)
    : session_(session),
      connection_(session.connection()),
      nonce_(nonce),
      began_at_(std::chrono::steady_clock::now()) {
    // Whatever the database has as its default: begin_group() must see what is committed while it
    // waits, and what has been passed over by others is to be looked at again.
    connection_.send_kept("BEGIN ISOLATION LEVEL READ COMMITTED");
    connection_.send_kept("SELECT orders.begin_group($1::bigint)", nonce_);
}

Transaction::~Transaction() {
    if (is_over_) return;
    try {
        if (is_committing_) {  // and failed: what became of it is known, or being looked up
            connection_.run("ROLLBACK");
            return;
        }
        connection_.send("ROLLBACK");
        (void)connection_.receive();
    } catch (const std::exception&) {
        session_.drop_connection();
    }
}

std::vector<Rows> Transaction::take_results() {
    std::vector<Rows> results = connection_.receive();
    if (!is_begun_) {
        is_begun_ = true;
        now_ = UtcTime(std::chrono::milliseconds(results.at(1).get<std::int64_t>(0, 0)));
        results.erase(results.begin(), results.begin() + 2);
    }
    return results;
}

std::vector<Rows> Transaction::receive() {
    return take_results();
}

void Transaction::send_commit() {
    connection_.send_kept("COMMIT");
    is_committing_ = true;
    connection_.send_off();
    commit_sent_at_ = std::chrono::steady_clock::now();
}

std::vector<Rows> Transaction::commit() {
    if (!is_committing_) send_commit();
    left_alone_ = std::chrono::steady_clock::now() - commit_sent_at_;
    std::vector<Rows> results = take_results();
    is_over_ = true;
    results.pop_back();
    return results;
}

UtcTime Transaction::now() {
    if (!now_) (void)receive();
    return now_.value();
}

SteadyTime::duration Transaction::taken() const {
    return std::chrono::steady_clock::now() - began_at_ - left_alone_;
}

void Writer::require_resolved(std::string_view operation) {
    if (!unresolved_) return;
    const bool is_over = session_.read(operation, [&](Connection& connection) {
        return connection.query("SELECT pg_try_advisory_xact_lock($1::bigint)", *unresolved_)
            .get<bool>(0, 0);
    });
    if (!is_over) {
        throw StoreError(StoreError::Kind::busy, StoreError::Cure::time, operation,
                         "an earlier commit is not over",
                         "does the server wait for a standby that is away?");
    }
    unresolved_.reset();
}

void Writer::pause() {
    std::this_thread::sleep_for(pause_of_insistence);
}

}  // namespace orders::postgres
