#pragma once

// Where orders of one kind are sent: an http or https URL without a user's name or password, which
// everybody could read on the command line. A value without locks.

#include <string>
#include <string_view>
#include <variant>

namespace orders {

class WebhookUrl {
   public:
    // The URL, or what is wrong with the text, as the end of a sentence that begins with it ("has
    // the scheme ftp; ...").
    [[nodiscard]] static std::variant<WebhookUrl, std::string> parse(const std::string& text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    // Scheme, host and port, for the log: paths and queries may hold what is secret.
    [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
    // Without the brackets of an IPv6 address.
    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    [[nodiscard]] bool is_encrypted() const noexcept { return is_encrypted_; }

   private:
    WebhookUrl() = default;

    std::string text_;
    std::string origin_;
    std::string host_;
    bool is_encrypted_ = false;
};

}  // namespace orders
