#pragma once

// What PostgreSQL says when something fails, and the StoreErrors that it comes to.
//
// Most of it passes: a server that is away, starting, full or a standby, a lock that somebody
// holds. Only what waiting cannot mend calls for a restart: no right, no database, no schema of
// ours, a password that is wrong, damage.

#include <stdexcept>
#include <string>
#include <string_view>

#include "shared/storage/store_error.h"

namespace orders::postgres {

// What the server, or the library, said of one statement or connection.
class ServerError : public std::runtime_error {
   public:
    // `sqlstate` is empty if the connection is lost, or was not to be had.
    ServerError(std::string sqlstate, const std::string& message)
        : std::runtime_error(message), sqlstate_(std::move(sqlstate)) {}

    [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }
    // The connection is of no use any more.
    [[nodiscard]] bool is_connection_lost() const noexcept;
    // The transaction crossed another one: the same again may succeed.
    [[nodiscard]] bool is_conflict() const noexcept;
    // A statement that was kept is not there, or is there already: a pooler has given this session
    // another server connection. Nothing was done; a connection that keeps none is wanted.
    [[nodiscard]] bool is_statement_lost() const noexcept;

   private:
    std::string sqlstate_;
};

// begin_group() in migrations/postgres raises it for a transaction that was given up.
inline constexpr std::string_view given_up = "OR001";
// The same for a store that a copy has closed.
inline constexpr std::string_view closed = "OR002";

// Of a connection that was not made because the URL asks for more of TLS than the server has.
inline constexpr std::string_view untrusted = "OR003";
// Of a connection that a pooler refused because limits were asked for.
inline constexpr std::string_view no_options = "OR004";

[[nodiscard]] StoreError to_store_error(const ServerError& error, std::string_view operation);

[[nodiscard]] inline StoreError unusable(std::string_view operation, std::string_view detail,
                                         std::string_view hint = {}) {
    return {StoreError::Kind::unusable, StoreError::Cure::restart, operation, detail, hint};
}

[[nodiscard]] inline StoreError damaged(std::string_view operation, std::string_view detail) {
    return {StoreError::Kind::damaged, StoreError::Cure::restart, operation, detail,
            "check the server's disk; the command verify says what is damaged"};
}

}  // namespace orders::postgres
