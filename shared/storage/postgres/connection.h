#pragma once

// libpq as C++: a connection, statements sent in a pipeline, and their rows, with every resource
// owned. Only the files of this class include libpq's header.
//
// Statements are unnamed and their SQL is literal; nothing is left in the session. So a pooler
// that gives each transaction another server connection does no harm.
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
    // gives any statement.
    static constexpr std::chrono::seconds patience{20};

    // Waits until it is connected, for connect_timeout at most, which is 5 s unless the URL says
    // otherwise.
    explicit Connection(const ServerUrl& url);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    template <typename... Each>
    void send(Sql sql, const Each&... each) {
        send_values(sql.text, Values(each...));
    }
    // The results of all that was sent since the last call, in order. If one of them failed,
    // throws its error; those behind it were not run, and an explicit transaction is to be rolled
    // back.
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
    [[nodiscard]] bool is_receiving() const noexcept { return sent_ > 0; }
    [[nodiscard]] int fd() const noexcept;
    // Takes in what the server has told without being asked, and returns how many notifications
    // there were. Does not wait.
    [[nodiscard]] std::size_t take_notifications();

   private:
    void send_values(const char* sql, const Values& values);
    void flush();
    [[nodiscard]] pg_result* next_result();
    void wait_for(short events);
    [[noreturn]] void fail() const;

    pg_conn* handle_;
    std::size_t sent_ = 0;
    bool is_given_up_ = false;
};

}  // namespace orders::postgres
