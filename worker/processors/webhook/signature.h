#pragma once

// Signs what goes to a webhook, so that its receiver can tell it from what others send: HMAC-SHA256
// over id, time and body, as Standard Webhooks 1.0.0 lays down (https://www.standardwebhooks.com),
// for which receivers have libraries. With several secrets it is signed with each, and a receiver
// takes any of them: that is how a secret is changed without a gap.
//
// Nothing here quotes a secret. Values without locks.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orders {

class WebhookSecret {
   public:
    static constexpr std::size_t least_bytes = 24;
    static constexpr std::size_t most_bytes = 64;

    // `whsec_` and the base64 of 24 to 64 bytes; empty for any other text.
    [[nodiscard]] static std::optional<WebhookSecret> parse(std::string_view text);

    // The base64 of the content's HMAC-SHA256.
    [[nodiscard]] std::string sign(std::string_view content) const;

   private:
    explicit WebhookSecret(std::string key) : key_(std::move(key)) {}
    std::string key_;
};

// The value of the header webhook-signature: `v1,` and a signature for each secret, with blanks in
// between. `timestamp` is in seconds since 1970.
[[nodiscard]] std::string webhook_signatures(const std::vector<WebhookSecret>& secrets,
                                             std::string_view id, std::string_view timestamp,
                                             std::string_view body);

}  // namespace orders
