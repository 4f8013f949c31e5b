#include "worker/processors/webhook/transfer.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "shared/domain/claim.h"

namespace orders {
namespace {

constexpr std::size_t max_head_bytes = 64 * 1024;
// What each call has for itself while it is in flight; answers are mostly short, and payloads are
// 64 KiB at most.
constexpr long receive_bytes = 4 * 1024;  // NOLINT(google-runtime-int): libcurl's type
constexpr long send_bytes = 16 * 1024;    // NOLINT(google-runtime-int)

NoAnswer reason_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return NoAnswer::timeout;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
            return NoAnswer::tls;
        case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which is any bytes at all
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_WRITE_ERROR:  // a head that is too large
            return NoAnswer::bad_answer;
        default:
            return NoAnswer::unreachable;
    }
}

}  // namespace

WebhookCaller::Transfer::Transfer(const CallerOptions& options) : easy_(::curl_easy_init()) {
    if (easy_ == nullptr) throw std::bad_alloc();
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_head);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_BUFFERSIZE, receive_bytes);
    set(CURLOPT_UPLOAD_BUFFERSIZE, send_bytes);

    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    // Both are set, or the environment's would be used.
    set(CURLOPT_PROXY, options.proxy.c_str());
    set(CURLOPT_NOPROXY, "");

    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    set(CURLOPT_CAINFO, options.ca_file.c_str());
    // Debian's libcurl has a directory of authorities compiled in, and keeps what it has read of
    // them only if there is none: otherwise each connection costs 22 ms and 900 KiB.
    set(CURLOPT_CAPATH, static_cast<const void*>(nullptr));

    set(CURLOPT_NOSIGNAL, 1L);
    // A name that is being looked up when the time is up is left to its own thread. Without it the
    // loop, and with it every other call, would wait for as long as the resolver does.
    set(CURLOPT_QUICK_EXIT, 1L);
}

void WebhookCaller::Transfer::set(CURLoption option, const void* value) {
    require(option, ::curl_easy_setopt(easy_.get(), option, value));
}

void WebhookCaller::Transfer::set(CURLoption option, long value) {  // NOLINT(google-runtime-int)
    require(option, ::curl_easy_setopt(easy_.get(), option, value));
}

void WebhookCaller::Transfer::set(CURLoption option, Write* value) {
    require(option, ::curl_easy_setopt(easy_.get(), option, value));
}

void WebhookCaller::Transfer::require(CURLoption option, CURLcode code) const {
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (code != CURLE_OK) {
        throw std::runtime_error("libcurl refuses option " + std::to_string(option) + ": " +
                                 ::curl_easy_strerror(code));
    }
}

WebhookCaller::Transfer& WebhookCaller::Transfer::of(CURL* easy) {
    char* self = nullptr;
    ::curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    return *reinterpret_cast<Transfer*>(self);
}

void WebhookCaller::Transfer::prepare(CallId id, Call call, OnEnd on_end) {
    id_ = id;
    call_ = std::move(call);
    on_end_ = std::move(on_end);
    error_.front() = '\0';
    head_bytes_ = 0;
    is_head_whole_ = false;
    is_sent_again_ = false;
    set(CURLOPT_FRESH_CONNECT, 0L);
    answer_ = {};
    headers_.reset();
    const auto add_header = [&](const std::string& line) {
        curl_slist* const longer = ::curl_slist_append(headers_.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        static_cast<void>(headers_.release());  // it is in the longer one
        headers_.reset(longer);
    };
    for (const std::string& line : call_.headers) add_header(line);
    add_header("expect:");  // no waiting for 100 before a larger body is sent

    set(CURLOPT_URL, call_.url.c_str());
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(call_.body.size()));  // NOLINT(google-runtime-int)
    set(CURLOPT_POSTFIELDS, call_.body.c_str());
    // 0 would be no limit.
    set(CURLOPT_TIMEOUT_MS,
        static_cast<long>(  // NOLINT(google-runtime-int)
            std::max<std::chrono::milliseconds::rep>(call_.time_left.count(), 1)));
}

bool WebhookCaller::Transfer::is_to_be_sent_again(CURLcode code) {
    const bool was_lost =
        code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
    long new_connections = 0;  // NOLINT(google-runtime-int)
    ::curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &new_connections);
    if (!was_lost || new_connections > 0 || head_bytes_ > 0 || is_sent_again_) return false;
    is_sent_again_ = true;
    set(CURLOPT_FRESH_CONNECT, 1L);
    return true;
}

WebhookCaller::Outcome WebhookCaller::Transfer::outcome(CURLcode code) {
    // An answer that goes on for longer than it is read has arrived for all that.
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && answer_.is_cut)) {
        const char* const words = ::curl_easy_strerror(code);
        return Fault{reason_of(code), words, error_.front() != '\0' ? error_.data() : words};
    }
    // libcurl takes it for an answer. But what is missing may be what gives it its meaning.
    if (!is_head_whole_) {
        const char* const words = "the answer breaks off within its head";
        return Fault{NoAnswer::unreachable, words, words};
    }
    long status = 0;  // NOLINT(google-runtime-int)
    ::curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    answer_.status = static_cast<int>(status);
    answer_.outcome = header("order-outcome");
    answer_.retry_after = header("retry-after");
    return std::move(answer_);
}

WebhookCaller::OnEnd WebhookCaller::Transfer::release() noexcept {
    call_ = {};
    answer_ = {};
    return std::exchange(on_end_, nullptr);
}

std::string WebhookCaller::Transfer::header(const char* name) const {
    curl_header* found = nullptr;
    const auto code = ::curl_easy_header(easy_.get(), name, 0, CURLH_HEADER, -1, &found);
    return code == CURLHE_OK ? found->value : std::string();
}

// Whatever these two return but the number of bytes ends the call with CURLE_WRITE_ERROR.
std::size_t WebhookCaller::Transfer::on_head(char* bytes, std::size_t size, std::size_t count,
                                             void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(bytes, size * count);
    if (line.starts_with("HTTP/")) transfer.is_head_whole_ = false;  // it may not be the first one
    if (line == "\r\n" || line == "\n") transfer.is_head_whole_ = true;
    transfer.head_bytes_ += size * count;
    return transfer.head_bytes_ <= max_head_bytes ? size * count : 0;
}

std::size_t WebhookCaller::Transfer::on_body(char* bytes, std::size_t size, std::size_t count,
                                             void* self) {
    WebhookAnswer& answer = static_cast<Transfer*>(self)->answer_;
    const std::size_t given = size * count;
    const std::size_t taken = std::min(given, max_result_bytes - answer.body.size());
    answer.body.append(bytes, taken);
    answer.is_cut = taken < given;
    return answer.is_cut ? 0 : given;
}

}  // namespace orders
