#pragma once

// libpq with next to nothing around it, and none of the project's code: for the raw references, and
// for looking into a database to see what is really there. Tables are those of the schema `orders`.

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orders::bench {

class RawRows {
   public:
    explicit RawRows(PGresult* result) noexcept : result_(result) {}

    [[nodiscard]] int size() const noexcept { return PQntuples(result_.get()); }
    // NULL is 0, or the empty text.
    [[nodiscard]] std::int64_t number(int row, int column) const;
    [[nodiscard]] std::string text(int row, int column) const;

    [[nodiscard]] PGresult* handle() const noexcept { return result_.get(); }

   private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

class RawPostgres {
   public:
    explicit RawPostgres(const std::string& url);

    // Of several statements: the rows of the last one.
    RawRows execute(const std::string& sql);

    void prepare(const char* name, const char* sql);
    // What is sent, up to receive(), goes to the server in one trip, and is one transaction.
    void send(const char* name, const std::vector<std::string>& values);
    [[nodiscard]] std::vector<RawRows> receive();

   private:
    [[noreturn]] void fail(std::string_view what) const;

    struct Close {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    std::unique_ptr<PGconn, Close> connection_;
};

// "{1,2,3}"
class RawArray {
   public:
    void add(std::string_view value);
    [[nodiscard]] std::string text() const { return text_ + '}'; }

   private:
    std::string text_ = "{";
};

}  // namespace orders::bench
