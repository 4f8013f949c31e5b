#pragma once

// libpq as C++: a connection, statements sent in a pipeline, and their rows, with every resource
// owned. Only the files of this class include libpq's header.
//
// The SQL of statements is literal. Those that are sent often may be kept in the session, so that
// the server parses and plans each of them once. Nothing else is left there; and a pooler that
// gives each transaction another server connection does no harm either: with the first kept
// statement that it loses a ServerError says so, and the next connection is to be opened to keep
// none.
//
//     connection.send("SELECT name FROM orders.kinds WHERE id = $1::smallint", 3);
//     connection.send("SELECT ...", ...);
//     const std::vector<Rows> results = connection.receive();  // one trip for all that was sent
//
// What is sent between two receive() without a BEGIN is one transaction. All functions but
// destructors throw ServerError; after one that says that the connection is lost, it is to be
// destroyed. Used by one thread at a time.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/storage/postgres/server_url.h"
#include "shared/storage/postgres/values.h"

struct pg_conn;
struct pg_result;

namespace orders::postgres {

struct Sql {
    // NOLINTNEXTLINE(google-explicit-constructor): a literal should read as a literal.
    consteval Sql(const char* literal) : text(literal) {}
    const char* text;
};

// The rows that one statement returned.
class Rows {
   public:
    explicit Rows(pg_result* result) noexcept : result_(result) {}

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    // std::int64_t, bool, std::string, or an optional of these. NULL fits only an optional.
    template <typename T>
    [[nodiscard]] T get(std::size_t row, int column) const;
    [[nodiscard]] bool is_null(std::size_t row, int column) const noexcept;

   private:
    struct Clear {
        void operator()(pg_result* result) const noexcept;
    };
    [[nodiscard]] std::string_view text(std::size_t row, int column) const;
    std::unique_ptr<pg_result, Clear> result_;
};

class Connection {
   public:
    // How long an answer may take before the connection counts as lost: longer than the server
    // gives any statement of a transaction that writes. With the time that is then spent on finding
    // out what has become of it (transaction.h), and with one more attempt to connect, a client of
    // ours still gets its answer within 30 s.
    static constexpr std::chrono::seconds patience{12};
    // From now on an answer may take as long as it takes: for what looks at all orders. A server
    // that is away is still noticed, by TCP.
    void wait_without_limit() noexcept { patience_ms_ = -1; }

    // Whether the server limits how long a statement may take, and wait for a lock, also outside of
    // transactions that set limits of their own. Poolers refuse that, with the state no_options.
    enum class Limits { none, usual };
    enum class Statements { kept, unkept };
    // Waits until it is connected, for connect_timeout at most, which is 5 s unless the URL says
    // otherwise.
    explicit Connection(const ServerUrl& url, Statements statements = Statements::unkept,
                        Limits limits = Limits::none);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    template <typename... Each>
    void send(Sql sql, const Each&... each) {
        send_unnamed(sql.text, Values(each...));
    }
    // The same, of a statement whose plan does not depend on its values.
    template <typename... Each>
    void send_kept(Sql sql, const Each&... each) {
        send_named(sql.text, Values(each...));
    }
    // Sends what was sent so far off to the server, and does not wait. Only receive() may follow.
    void send_off();
    // The results of all that was sent since the last call, in order. If one of them failed,
    // throws its error; those behind it were not run, and an explicit transaction is to be rolled
    // back. A commit whose wait for a standby was ended by somebody counts as lost.
    [[nodiscard]] std::vector<Rows> receive();

    // One statement, which is a transaction of its own.
    template <typename... Each>
    [[nodiscard]] Rows query(Sql sql, const Each&... each) {
        send(sql, each...);
        return std::move(receive().at(0));
    }
    template <typename... Each>
    void run(Sql sql, const Each&... each) {
        (void)query(sql, each...);
    }
    // Several statements, as one transaction. The text must be part of the program: for migrations.
    void run_script(const std::string& script);

    // Whether anything was sent since the last receive().
    [[nodiscard]] bool is_receiving() const noexcept { return !sent_.empty(); }
    [[nodiscard]] int fd() const noexcept;
    // The server's process, as whoever accepted the connection tells it: a pooler tells another
    // one.
    [[nodiscard]] int backend() const noexcept;
    // Takes in what the server has told without being asked, and returns how many notifications
    // there were. Does not wait.
    [[nodiscard]] std::size_t take_notifications();

   private:
    static void take_notice(void* connection, const pg_result* notice);
    void send_unnamed(const char* sql, const Values& values);
    void send_named(const char* sql, const Values& values);
    void keep(const char* sql);
    void flush();
    [[nodiscard]] pg_result* next_result();
    void wait_for(short events);
    [[noreturn]] void fail() const;

    pg_conn* handle_;
    const Statements statements_;
    // By the address of the SQL: the name under which it is kept, or is about to be.
    std::unordered_map<const char*, std::string> names_;
    // Since the last receive(): the SQL of what is only to be kept, or null.
    std::vector<const char*> sent_;
    bool is_sent_off_ = false;
    int patience_ms_ = static_cast<int>(std::chrono::milliseconds(patience).count());
    bool is_given_up_ = false;
    // Set by what the server tells besides.
    bool is_kept_here_only_ = false;
};

}  // namespace orders::postgres
