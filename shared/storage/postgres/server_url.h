#pragma once

// The URL of a PostgreSQL database: postgresql://[user[:password]@][host][:port][/dbname][?...],
// with all that libpq takes in it. Its password is shown nowhere: libpq's own texts repeat parts of
// a URL that it does not understand, and are not used for that.

#include <optional>
#include <string>
#include <string_view>

namespace orders::postgres {

class ServerUrl {
   public:
    // Whether the text is meant to be one.
    [[nodiscard]] static bool is_one(std::string_view text);
    // Empty if it is not valid.
    [[nodiscard]] static std::optional<ServerUrl> parse(const std::string& text);

    // With the password.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    // For people: host, port, database and user.
    [[nodiscard]] const std::string& describe() const noexcept { return description_; }
    [[nodiscard]] bool has_password() const noexcept { return !password_.empty(); }
    // What libpq said, or something else if that has a part of the password.
    [[nodiscard]] std::string without_secrets(const std::string& message) const;

   private:
    ServerUrl() = default;

    std::string text_;
    std::string description_;
    std::string password_;
};

}  // namespace orders::postgres
