#include "api/orders/fingerprint.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

namespace orders {
namespace {

class Sha256 {
   public:
    static constexpr std::size_t bytes = 32;

    Sha256() { require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1); }

    void add(std::string_view text) {
        require(EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1);
    }
    [[nodiscard]] std::array<unsigned char, bytes> digest() {
        std::array<unsigned char, bytes> result{};
        require(EVP_DigestFinal_ex(context_.get(), result.data(), nullptr) == 1);
        return result;
    }

   private:
    static void require(bool is_done) {
        if (!is_done) throw std::runtime_error("SHA-256 is not available");
    }

    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(),
                                                                     &EVP_MD_CTX_free};
};

// A line for each field, always in this order; no value has a line's end in it.
class Lines {
   public:
    void add(std::string_view name, std::string_view value) {
        text_.append(name).append("=").append(value).append("\n");
    }
    void add(std::string_view name, const std::optional<UtcTime>& time) {
        if (time) add(name, std::to_string(time->time_since_epoch().count()));
    }
    void add(std::string_view name, const std::optional<std::chrono::seconds>& time) {
        if (time) add(name, std::to_string(time->count()));
    }

    [[nodiscard]] std::string_view text() const { return text_; }

   private:
    std::string text_;
};

}  // namespace

Fingerprint fingerprint_of(const NewOrder& order) {
    const OrderSpec& spec = order.spec;
    Lines lines;
    lines.add("priority", to_string(spec.priority));
    lines.add("processing_time", std::to_string(spec.processing_time.units()));
    lines.add("kind", spec.kind.name());
    if (order.due) {
        const auto* const time = std::get_if<UtcTime>(&*order.due);
        if (time != nullptr) {
            lines.add("not_before", std::optional(*time));
        } else {
            lines.add("delay_seconds", std::optional(std::get<std::chrono::seconds>(*order.due)));
        }
    }
    lines.add("start_before", spec.start_before);
    lines.add("timeout_seconds", spec.options.timeout);
    if (spec.options.max_attempts) {
        lines.add("max_attempts", std::to_string(*spec.options.max_attempts));
    }
    lines.add("backoff_seconds", spec.options.backoff);

    Sha256 hash;
    hash.add(lines.text());
    // The last, because it may hold what looks like a line.
    if (spec.payload) {
        hash.add("payload=");
        hash.add(*spec.payload);
    }
    const auto digest = hash.digest();
    Fingerprint fingerprint{};
    std::copy_n(digest.begin(), fingerprint.size(), fingerprint.begin());
    return fingerprint;
}

}  // namespace orders
