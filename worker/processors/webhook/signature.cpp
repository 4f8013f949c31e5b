#include "worker/processors/webhook/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "shared/text/ascii.h"

namespace orders {
namespace {

constexpr std::string_view prefix = "whsec_";

bool is_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return false;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    return std::ranges::all_of(
        text, [](char c) { return ascii::is_letter_or_digit(c) || c == '+' || c == '/'; });
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> decoded(std::string_view base64) {
    if (!is_base64(base64)) return std::nullopt;
    std::string bytes(base64.size() / 4 * 3, '\0');
    const int length = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                         bytes_of(base64), static_cast<int>(base64.size()));
    if (length < 0) return std::nullopt;
    // It counts the padding's bytes, too.
    bytes.resize(static_cast<std::size_t>(length) - (base64.ends_with("==") ? 2 : 0) -
                 (base64.ends_with('=') && !base64.ends_with("==") ? 1 : 0));
    return bytes;
}

}  // namespace

std::optional<WebhookSecret> WebhookSecret::parse(std::string_view text) {
    constexpr std::size_t longest = (most_bytes + 2) / 3 * 4;
    if (!text.starts_with(prefix) || text.size() > prefix.size() + longest) return std::nullopt;
    auto key = decoded(text.substr(prefix.size()));
    if (!key || key->size() < least_bytes || key->size() > most_bytes) return std::nullopt;
    return WebhookSecret(*std::move(key));
}

std::string WebhookSecret::sign(std::string_view content) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (::HMAC(::EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes_of(content),
               content.size(), digest.data(), &length) == nullptr) {
        throw std::runtime_error("HMAC-SHA256 is not available");
    }
    // Four characters for three bytes, and a NUL behind them.
    std::array<unsigned char, (EVP_MAX_MD_SIZE + 2) / 3 * 4 + 1> text{};
    const int characters = ::EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(length));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(characters)};
}

std::string webhook_signatures(const std::vector<WebhookSecret>& secrets, std::string_view id,
                               std::string_view timestamp, std::string_view body) {
    std::string content;
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(id).append(".").append(timestamp).append(".").append(body);
    std::string signatures;
    for (const WebhookSecret& secret : secrets) {
        signatures.append(signatures.empty() ? "v1," : " v1,").append(secret.sign(content));
    }
    return signatures;
}

}  // namespace orders
