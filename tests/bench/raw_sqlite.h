#pragma once

// SQLite's C interface with next to nothing around it, and none of the project's code: for the raw
// references, and for looking into a store to see what is really there.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace orders::bench {

class RawDatabase {
   public:
    // Creates the file if it is missing. A log is left as it is when the database is closed, as
    // the product leaves it.
    explicit RawDatabase(const std::string& path);

    void execute(const std::string& sql);
    // Queries for one value; NULL is 0, or the empty text.
    [[nodiscard]] std::int64_t number(const std::string& sql);
    [[nodiscard]] std::string text(const std::string& sql);

    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

   private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

class RawStatement {
   public:
    RawStatement(RawDatabase& database, const std::string& sql);

    void bind(int parameter, std::int64_t value);
    // The text must live until the statement is reset.
    void bind(int parameter, std::string_view text);
    // Whether there is a row. After the last one the statement is reset.
    bool step();
    void run() {
        while (step()) {
        }
    }
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::string text(int column) const;

   private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace orders::bench
