#pragma once

// SQLite's C interface as C++: a connection, a prepared statement and a cursor over its rows, with
// errors as StoreError and every resource owned. Only files of this folder include SQLite's header;
// some call directly what they alone use of it (wal_bound.cpp, store_identity.cpp,
// shrinkable.cpp, log_ownership.cpp, migrations.cpp, store_watch.cpp, fold_log.cpp,
// care/store_copy.cpp).
//
// SQL is a literal with `?` for values: a Statement, or execute(), of text that was put together at
// run time does not compile. (execute_script() takes such text, for migrations alone.)
//
//     Statement find(connection, "SELECT priority FROM orders WHERE order_id = ?");
//     auto rows = find.query(id.text());
//     if (rows.next()) use(rows.get<std::int64_t>(0));
//
// A connection and all that hangs on it are used by one thread at a time.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/storage/store_error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace orders::sqlite {

// Bytes that are no text, for a column of that type; they are read as a std::string.
struct Blob {
    std::string_view bytes;
};

struct Sql {
    // NOLINTNEXTLINE(google-explicit-constructor): a literal should read as a literal.
    consteval Sql(const char* literal) : text(literal) {}
    const char* text;
};

class Connection {
   public:
    enum class Access { read_write, read_only };

    // The backstop behind the turnstile, which other programs (the sqlite3 shell) do not take.
    static constexpr std::chrono::milliseconds default_busy_timeout{5'000};

    // Opens the file, which read_write creates if it is missing, and makes the settings that hold
    // for this connection alone: synchronous=FULL among others. Throws StoreError.
    Connection(const std::string& path, Access access);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void execute(Sql sql);
    // Several statements. The text must be part of the program: for migrations.
    void execute_script(const std::string& script);

    // A commit that fails because of the disk has an unknown outcome, which is its own kind of
    // StoreError; but one that found no room to be written in is `full`, and nothing of it is
    // stored.
    void commit();
    // How long a statement waits for a lock that it cannot get at once.
    void set_busy_timeout(std::chrono::milliseconds timeout) noexcept;

    // Ends the transaction, if there is one, with nothing kept.
    void roll_back() noexcept;

    // The rowid of the last row that was inserted.
    [[nodiscard]] std::int64_t last_inserted() const noexcept;

    // The database file, as an absolute path.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

   private:
    sqlite3* handle_ = nullptr;
};

// The rows of a running query. Destroying it resets the statement: a statement that is left in the
// middle would keep its snapshot, and with it the write-ahead log, alive.
class [[nodiscard]] Cursor {
   public:
    Cursor(Cursor&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Cursor(const Cursor&) = delete;
    Cursor& operator=(Cursor&&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor();

    // Steps to the next row; false after the last.
    bool next();

    // Column of the current row, from 0: std::int64_t, std::string, or an optional of these. NULL
    // fits only an optional.
    template <typename T>
    [[nodiscard]] T get(int column) const;

   private:
    friend class Statement;
    explicit Cursor(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    sqlite3_stmt* statement_;
};

class Statement {
   public:
    Statement(Connection& connection, Sql sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Binds the values to the `?` in order. One cursor per statement at a time.
    template <typename... Values>
    Cursor query(const Values&... values) {
        Cursor rows(statement_);
        int parameter = 0;
        (bind(++parameter, values), ...);
        return rows;
    }

    // Runs it to the end; returns how many rows it inserted, changed or deleted.
    template <typename... Values>
    std::int64_t run(const Values&... values) {
        Cursor rows = query(values...);
        while (rows.next()) {
        }
        return changed_rows();
    }

    // The first column of its first row, which there must be, without binding anything.
    [[nodiscard]] std::int64_t number();

   private:
    template <std::integral Integer>
    void bind(int parameter, Integer value) {
        bind_integer(parameter, static_cast<std::int64_t>(value));
    }
    void bind(int parameter, std::string_view value);
    void bind(int parameter, Blob value);
    void bind(int parameter, std::nullopt_t);
    template <typename T>
    void bind(int parameter, const std::optional<T>& value) {
        if (value) {
            bind(parameter, *value);
        } else {
            bind(parameter, std::nullopt);
        }
    }
    void bind_integer(int parameter, std::int64_t value);
    [[nodiscard]] std::int64_t changed_rows() const;

    sqlite3_stmt* statement_ = nullptr;
};

// The StoreError for a result code that SQLite has just returned, with the hint that fits. Reads
// errno, so nothing that may set it belongs in between.
[[nodiscard]] StoreError store_error(sqlite3* handle, int code, std::string_view operation);

}  // namespace orders::sqlite
