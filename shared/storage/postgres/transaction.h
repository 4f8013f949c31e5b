#pragma once

// Connections that mend themselves, and transactions that write: each is done once, or not at all,
// whatever becomes of the connection.
//
// If the connection is lost while a commit is under way, nobody knows whether that was done. So
// each transaction has a number (begin_group() in migrations/postgres): on another connection,
// whoever holds the number's lock knows that the transaction is over, and may ask what it has left,
// or mark it as given up, after which it does nothing, however late its bytes arrive.
//
// A server may wait for a standby in its commit. What others see of it by then, after a crash or
// because an administrator has ended the wait, is not there after a fail-over: so a look-up writes,
// too, and waits for the standby as well. A statement that may be in its commit is never cancelled:
// the server reports a cancelled wait as success.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/domain/utc_time.h"
#include "shared/metrics/work_figures.h"
#include "shared/os/steady_time.h"
#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/server.h"

namespace orders::postgres {

// Used by one thread at a time.
class Session {
   public:
    // The server must outlive it.
    explicit Session(Server& server);

    // Connected, as far as is known. Throws ServerError; at once, if the server is lost and it is
    // not for this one to try (server.h).
    [[nodiscard]] Connection& connection();
    void drop_connection() noexcept { connection_.reset(); }
    // How many there have been.
    [[nodiscard]] std::int64_t connections() const noexcept { return connections_; }
    // After an error: the connection, if it is of no use any more, is dropped.
    void note(const ServerError& error) noexcept;

    // Calls `use` with the connection; once more if that was lost, since nothing is changed by it.
    // Throws StoreError.
    template <typename Read>
    [[nodiscard]] auto read(std::string_view operation, Read use) {
        for (int attempt = 1;; ++attempt) {
            bool was_connected = false;
            try {
                Connection& connected = connection();
                was_connected = true;
                return use(connected);
            } catch (const ServerError& error) {
                drop_connection();
                note(error);
                const bool is_worth_another =
                    error.is_statement_lost() || (error.is_connection_lost() && was_connected);
                if (attempt < 2 && is_worth_another) continue;
                throw store_error(error, operation);
            }
        }
    }

    // What it comes to when it is not tried again.
    [[nodiscard]] StoreError store_error(const ServerError& error, std::string_view operation);

    [[nodiscard]] std::int64_t next_nonce();
    // After a transaction that crossed another one, for the so many-th time: repeated at once, it
    // would cross that again.
    void let_others_finish(int times);

   private:
    [[nodiscard]] std::unique_ptr<Connection> connect();

    Server& server_;
    Connection::Statements statements_ = Connection::Statements::kept;
    Connection::Limits limits_ = Connection::Limits::usual;
    std::unique_ptr<Connection> connection_;
    std::int64_t connections_ = 0;
    SteadyTime connected_at_{};
    std::mt19937_64 random_;
};

// A transaction that is under way. Without a commit() nothing of it is kept.
class Transaction {
   public:
    Transaction(Session& session, std::int64_t nonce);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    [[nodiscard]] std::int64_t nonce() const noexcept { return nonce_; }
    // Which one of the session's it goes by.
    [[nodiscard]] std::int64_t connection() const noexcept { return session_.connections(); }
    template <typename... Each>
    void send(Sql sql, const Each&... each) {
        connection_.send_kept(sql, each...);
    }
    // The results of all that was sent since the last call.
    [[nodiscard]] std::vector<Rows> receive();
    // The result of this one, in a trip with whatever was sent before.
    template <typename... Each>
    [[nodiscard]] Rows query(Sql sql, const Each&... each) {
        send(sql, each...);
        return std::move(receive().back());
    }
    // The results of what was sent since the last receive(), with the commit in the same trip.
    [[nodiscard]] std::vector<Rows> commit();
    // Sends the commit off, for a caller that has something else to do until it asks commit() for
    // the results.
    void send_commit();

    // When it happens. Known after the first receive().
    [[nodiscard]] UtcTime now();
    // How long it has taken so far, what its caller did between send_commit() and commit() apart.
    [[nodiscard]] SteadyTime::duration taken() const;

   private:
    friend class Writer;
    [[nodiscard]] std::vector<Rows> take_results();

    Session& session_;
    Connection& connection_;
    const std::int64_t nonce_;
    const SteadyTime began_at_;
    SteadyTime commit_sent_at_{};
    SteadyTime::duration left_alone_{};
    bool is_begun_ = false;
    bool is_committing_ = false;
    bool is_over_ = false;
    std::optional<UtcTime> now_;
};

// Does transactions.
class Writer {
   public:
    // What its transactions take is counted in the figures, which must outlive it.
    Writer(Server& server, RoleFigures& figures) : session_(server), figures_(figures) {}

    [[nodiscard]] Session& session() noexcept { return session_; }
    // Of one transaction.
    void note_orders(std::size_t orders) noexcept { figures_.note_orders(orders); }

    // Calls `work` with a transaction, which it commits. If that crosses another one, or if its
    // connection is lost and it is certain that it was not done, calls it again. If it was done,
    // or may have been, as `was_done` finds out, returns what that says; it is called with a
    // transaction in which the number's lock is held, and returns an optional, empty if nothing
    // was done. Throws StoreError: outcome_unknown if the server stays away.
    template <typename Work, typename WasDone>
    [[nodiscard]] auto transact(std::string_view operation, Work work, WasDone was_done) {
        require_resolved(operation);
        for (int attempt = 1;; ++attempt) {
            const std::int64_t nonce = session_.next_nonce();
            bool is_committing = false;
            try {
                return try_once(nonce, work, is_committing);
            } catch (const ServerError& error) {
                session_.note(error);
                const bool is_undone = error.is_conflict() || error.is_statement_lost();
                if (error.is_connection_lost() && is_committing) {
                    if (auto outcome = look_up(operation, nonce, was_done)) {
                        return *std::move(outcome);
                    }
                } else if (!is_undone && !(error.is_connection_lost() && attempt == 1)) {
                    throw session_.store_error(error, operation);
                }
                if (attempt >= most_attempts) throw session_.store_error(error, operation);
                if (error.is_conflict()) session_.let_others_finish(attempt);
            }
        }
    }

    // For what is to be known after a commit, or what may have been one: calls `ask` until the
    // server answers. Throws StoreError: outcome_unknown if it stays away.
    template <typename Ask>
    [[nodiscard]] auto insist(std::string_view operation, Ask ask) {
        const SteadyTime end = std::chrono::steady_clock::now() + patience;
        for (;;) {
            try {
                return ask();
            } catch (const ServerError& error) {
                session_.drop_connection();
                session_.note(error);
                if (std::chrono::steady_clock::now() >= end) {
                    throw StoreError(StoreError::Kind::outcome_unknown, StoreError::Cure::time,
                                     operation, error.what(),
                                     "the connection was lost during the commit");
                }
                pause();
            }
        }
    }

   private:
    static constexpr int most_attempts = 5;
    static constexpr std::chrono::seconds patience{10};

    template <typename Work>
    [[nodiscard]] auto try_once(std::int64_t nonce, Work& work, bool& is_committing) {
        Transaction transaction(session_, nonce);
        try {
            auto outcome = work(transaction);
            figures_.commits.observe(transaction.taken());
            return outcome;
        } catch (const ServerError&) {
            is_committing = transaction.is_committing_;
            throw;
        }
    }

    // Once the transaction of this number is over: what was_done() says, or nothing, and then it is
    // given up.
    template <typename WasDone>
    [[nodiscard]] auto look_up(std::string_view operation, std::int64_t nonce, WasDone& was_done) {
        unresolved_ = nonce;
        auto outcome = insist(operation, [&] { return look_up_once(nonce, was_done); });
        unresolved_.reset();
        return outcome;
    }

    template <typename WasDone>
    [[nodiscard]] auto look_up_once(std::int64_t nonce, WasDone& was_done) {
        Transaction transaction(session_, session_.next_nonce());
        transaction.send("SELECT pg_advisory_xact_lock($1::bigint)", nonce);
        (void)transaction.receive();
        auto outcome = was_done(transaction, nonce);
        transaction.send(
            "INSERT INTO orders.group_marks (nonce, at) VALUES ($1::bigint, orders.now_ms())"
            " ON CONFLICT (nonce) DO UPDATE SET at = excluded.at",
            nonce);
        (void)transaction.commit();
        return outcome;
    }
    // Throws StoreError while a transaction whose outcome stayed unknown is not over. Others would
    // only wait with it, and each would keep a connection of the server's.
    void require_resolved(std::string_view operation);
    static void pause();

    Session session_;
    RoleFigures& figures_;
    std::optional<std::int64_t> unresolved_;
};

}  // namespace orders::postgres
