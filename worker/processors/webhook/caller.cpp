#include "worker/processors/webhook/caller.h"

#include <sys/epoll.h>

#include <stdexcept>
#include <system_error>
#include <utility>

#include "worker/processors/webhook/transfer.h"

namespace orders {
namespace {

// Beside those of the calls in flight, the idle ones that an endpoint has not closed yet.
constexpr std::size_t spare_connections = 16;

void require(CURLMcode code) {
    if (code != CURLM_OK) {
        throw std::runtime_error(std::string("libcurl: ") + ::curl_multi_strerror(code));
    }
}

CURLM* new_multi() {
    static const CURLcode initialised = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM* const multi = initialised == CURLE_OK ? ::curl_multi_init() : nullptr;
    if (multi == nullptr) throw std::runtime_error("libcurl cannot be initialised");
    return multi;
}

}  // namespace

WebhookCaller::WebhookCaller(EventLoop& loop, CallerOptions options)
    : loop_(loop), options_(std::move(options)), multi_(new_multi()) {
    const auto set = [this](CURLMoption option, auto value) {
        require(::curl_multi_setopt(multi_.get(), option, value));
    };
    set(CURLMOPT_SOCKETFUNCTION, &WebhookCaller::on_socket);
    set(CURLMOPT_SOCKETDATA, this);
    set(CURLMOPT_TIMERFUNCTION, &WebhookCaller::on_timer);
    set(CURLMOPT_TIMERDATA, this);
    // Unless it is set, it follows the number of calls in flight, and connections are closed and
    // made anew whenever that falls.
    const auto kept = options_.max_calls + spare_connections;
    set(CURLMOPT_MAXCONNECTS, static_cast<long>(kept));  // NOLINT(google-runtime-int)
}

WebhookCaller::~WebhookCaller() {
    for (const auto& [id, transfer] : calls_) break_off(*transfer);
}

WebhookCaller::CallId WebhookCaller::begin(Call call, OnEnd on_end) {
    auto transfer = free_transfer();
    const CallId id = ++last_call_;
    transfer->prepare(id, std::move(call), std::move(on_end));
    // It does not start the call, but sets the timer for now.
    require(::curl_multi_add_handle(multi_.get(), transfer->handle()));
    calls_.emplace(id, std::move(transfer));
    return id;
}

std::unique_ptr<WebhookCaller::Transfer> WebhookCaller::free_transfer() {
    if (unused_.empty()) return std::make_unique<Transfer>(options_);
    auto transfer = std::move(unused_.back());
    unused_.pop_back();
    return transfer;
}

void WebhookCaller::cancel(CallId call) {
    const auto found = calls_.find(call);
    if (found == calls_.end()) return;
    break_off(*found->second);
    found->second->release();
    unused_.push_back(std::move(found->second));
    calls_.erase(found);
}

// libcurl 7.88 closes a socket that is still connecting before it says that it is not to be watched
// any more. By then another thread may have opened one of the same number.
void WebhookCaller::break_off(const Transfer& transfer) {
    for (const auto& [socket, easy] : watched_) {
        if (easy == transfer.handle()) loop_.unwatch(socket);
    }
    ::curl_multi_remove_handle(multi_.get(), transfer.handle());
}

int WebhookCaller::on_socket(CURL* easy, curl_socket_t socket, int what, void* self,
                             void* /*unused*/) {
    return static_cast<WebhookCaller*>(self)->watch(easy, socket, what);
}

// NOLINTNEXTLINE(google-runtime-int): libcurl's type
int WebhookCaller::on_timer(CURLM* /*multi*/, long timeout_ms, void* self) {
    const auto after =
        timeout_ms < 0 ? std::nullopt : std::optional(std::chrono::milliseconds(timeout_ms));
    static_cast<WebhookCaller*>(self)->set_timer(after);
    return 0;
}

// What is returned ends the call if it is not 0.
int WebhookCaller::watch(CURL* easy, curl_socket_t socket, int what) {
    if (what == CURL_POLL_REMOVE) {
        watched_.erase(socket);
        loop_.unwatch(socket);
        return 0;
    }
    const std::uint32_t events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    try {
        loop_.watch(socket, events, [this, socket](std::uint32_t ready) {
            act(socket, ((ready & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                            ((ready & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                            ((ready & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0));
        });
        watched_.insert_or_assign(socket, easy);
        return 0;
    } catch (const std::system_error&) {  // out of memory, or of the user's epoll watches
        return -1;
    }
}

void WebhookCaller::set_timer(std::optional<std::chrono::milliseconds> after) {
    if (timer_) loop_.cancel(*timer_);
    timer_.reset();
    if (!after) return;
    timer_ = loop_.call_at(std::chrono::steady_clock::now() + *after, [this] {
        timer_.reset();
        act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void WebhookCaller::act(curl_socket_t socket, int ready) {
    int running = 0;
    require(::curl_multi_socket_action(multi_.get(), socket, ready, &running));
    end_what_is_done();
}

void WebhookCaller::end_what_is_done() {
    int left = 0;
    while (const CURLMsg* const message = ::curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* const easy = message->easy_handle;
        const CURLcode code = message->data.result;
        ::curl_multi_remove_handle(multi_.get(), easy);  // the message is gone with it
        if (Transfer::of(easy).is_to_be_sent_again(code)) {
            require(::curl_multi_add_handle(multi_.get(), easy));
            continue;
        }
        auto call = calls_.extract(Transfer::of(easy).id());
        Outcome outcome = call.mapped()->outcome(code);
        const OnEnd on_end = call.mapped()->release();
        unused_.push_back(std::move(call.mapped()));
        on_end(std::move(outcome));
    }
}

}  // namespace orders
