#include "worker/processors/webhook/url.h"

#include <curl/curl.h>

#include <memory>

namespace orders {
namespace {

using Parts = std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)>;

// Empty if the URL does not have it.
std::string part_of(const Parts& parts, CURLUPart part) {
    char* found = nullptr;
    if (::curl_url_get(parts.get(), part, &found, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, decltype(&::curl_free)> owner(found, &::curl_free);
    return found;
}

std::string without_brackets(const std::string& host) {
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

// libcurl takes one slash or three as well.
bool has_two_slashes(const std::string& text) {
    const std::size_t colon = text.find(':');
    return colon != std::string::npos && text.compare(colon, 3, "://") == 0 &&
           text.compare(colon + 3, 1, "/") != 0;
}

}  // namespace

std::variant<WebhookUrl, std::string> WebhookUrl::parse(const std::string& text) {
    const Parts parts(::curl_url(), &::curl_url_cleanup);
    if (parts == nullptr) return "could not be read: out of memory";
    const CURLUcode error =
        ::curl_url_set(parts.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (error != CURLUE_OK || !has_two_slashes(text)) {
        return "is not a URL such as https://example.com/orders";
    }
    const std::string scheme = part_of(parts, CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") {
        return "has the scheme " + scheme + "; it must be http or https";
    }
    if (!part_of(parts, CURLUPART_USER).empty() || !part_of(parts, CURLUPART_PASSWORD).empty()) {
        return "has a user's name or password in it, which a URL must not have; what is sent is "
               "signed instead";
    }
    WebhookUrl url;
    const std::string host = part_of(parts, CURLUPART_HOST);
    const std::string port = part_of(parts, CURLUPART_PORT);
    url.text_ = text;
    url.origin_ = scheme + "://" + host + (port.empty() ? "" : ":" + port);
    url.host_ = without_brackets(host);
    url.is_encrypted_ = scheme == "https";
    return url;
}

}  // namespace orders
