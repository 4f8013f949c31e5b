#include "worker/processors/webhook/retry_after.h"

#include <curl/curl.h>

#include <algorithm>

#include "shared/domain/backoff.h"
#include "shared/text/ascii.h"

namespace orders {

std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text, UtcTime now) {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    if (text.empty()) return std::nullopt;
    if (std::ranges::all_of(text, ascii::is_digit)) {
        constexpr seconds longest = std::chrono::duration_cast<seconds>(longest_asked_wait);
        const auto number = ascii::parse_whole_number<seconds::rep>(text, 0, longest.count());
        return number ? seconds(*number) : longest;  // however large it is
    }
    const std::time_t date = ::curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    const milliseconds wait = std::chrono::sys_seconds(seconds(date)) - now;
    return std::clamp(wait, milliseconds(0), longest_asked_wait);
}

}  // namespace orders
