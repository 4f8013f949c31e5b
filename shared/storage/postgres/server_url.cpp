#include "shared/storage/postgres/server_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "shared/text/ascii.h"

namespace orders::postgres {
namespace {

// So many characters of a password in a message are no accident.
constexpr std::size_t telling_length = 4;

bool has_at_behind_the_host(std::string_view url) {
    const std::string_view behind = url.substr(url.find("://") + 3);
    const std::string_view database = behind.substr(std::min(behind.find('/'), behind.size()));
    return database.find('@') != database.npos;
}

}  // namespace

bool ServerUrl::is_one(std::string_view text) {
    const auto begins_with = [&](std::string_view beginning) {
        return ascii::equals_ignoring_case(text.substr(0, beginning.size()), beginning);
    };
    return begins_with("postgresql://") || begins_with("postgres://");
}

std::optional<ServerUrl> ServerUrl::parse(const std::string& text) {
    if (!is_one(text) || text.find('\0') != std::string::npos) return std::nullopt;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(text.c_str(), nullptr), PQconninfoFree);
    if (!options) return std::nullopt;
    const auto value_of = [&](std::string_view keyword) -> std::string {
        for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
            if (option->keyword == keyword && option->val != nullptr) return option->val;
        }
        return {};
    };
    ServerUrl url;
    url.text_ = text;
    url.password_ = value_of("password");
    const std::string user = value_of("user");
    const std::string host = value_of("host");
    const std::string port = value_of("port");
    const std::string database = value_of("dbname");
    // As comes of a password with a `/` or `@` in it: libpq would complain later, and quote it.
    if (port.find_first_not_of("0123456789,") != std::string::npos) return std::nullopt;
    if (host.find('@') != std::string::npos) return std::nullopt;
    if (has_at_behind_the_host(text)) return std::nullopt;
    url.description_ = "postgresql://";
    if (!user.empty()) url.description_ += user + "@";
    url.description_ += host;
    if (!port.empty()) url.description_ += ":" + port;
    if (!database.empty()) url.description_ += "/" + database;
    return url;
}

std::string ServerUrl::without_secrets(const std::string& message) const {
    constexpr const char* hidden = "the connection failed, with a text that shows a password";
    if (password_.empty()) return message;
    for (std::size_t at = 0; at + telling_length <= password_.size(); ++at) {
        if (message.find(password_.substr(at, telling_length)) != std::string::npos) return hidden;
    }
    return message.find(password_) != std::string::npos ? hidden : message;
}

}  // namespace orders::postgres
