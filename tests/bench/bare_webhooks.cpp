#include "tests/bench/bare_webhooks.h"

#include <curl/curl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "shared/os/file_descriptor.h"

namespace orders::bench {
namespace {

// As long as what order-worker sends.
constexpr char body[] =
    R"({"order_id":"01JD0000000000000000000000","priority":"Normal","kind":"bench","attempt":1,)"
    R"("created_at":"2026-01-01T00:00:00.000Z","payload":null})";

template <auto Free>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};

std::size_t ignore(char* /*bytes*/, std::size_t size, std::size_t count, void* /*unused*/) {
    return size * count;
}

class BareCaller {
   public:
    BareCaller(const std::string& url, int in_flight)
        : epoll_(FileDescriptor::opened(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          multi_(::curl_multi_init()) {
        for (const char* const line :
             {"content-type: application/json",
              "webhook-id: ord_0123456789abcdef0123456789abcdef_100000_1767225599123",
              "webhook-timestamp: 1767225600", "order-attempt: 1", "order-token: 1",
              "order-deadline-seconds: 30", "expect:"}) {
            headers_.reset(::curl_slist_append(headers_.release(), line));
        }
        ::curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &BareCaller::on_socket);
        ::curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
        ::curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &BareCaller::on_timer);
        ::curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
        ::curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 2L * in_flight);
        for (int i = 0; i < in_flight; ++i) {
            calls_.emplace_back(::curl_easy_init());
            CURL* const easy = calls_.back().get();
            ::curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
            ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
            ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(sizeof body - 1));
            ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
            ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &ignore);
            ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30'000L);
            ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
            ::curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
            ::curl_easy_setopt(easy, CURLOPT_PROXY, "");
        }
    }

    void make(std::int64_t calls) {
        begun_ = 0;
        std::int64_t ended = 0;
        const auto begin = [&](CURL* easy) {
            if (begun_ == calls) return;
            ++begun_;
            ::curl_multi_add_handle(multi_.get(), easy);
        };
        for (const auto& call : calls_) begin(call.get());
        while (ended < calls) {
            wait_and_act();
            int left = 0;
            while (const CURLMsg* message = ::curl_multi_info_read(multi_.get(), &left)) {
                CURL* const easy = message->easy_handle;
                long status = 0;
                ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
                if (message->data.result != CURLE_OK || status != 200) {
                    throw BenchFailure("a bare webhook was not answered");
                }
                ::curl_multi_remove_handle(multi_.get(), easy);
                ++ended;
                begin(easy);
            }
        }
    }

   private:
    static int on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* known) {
        auto& caller = *static_cast<BareCaller*>(self);
        const int epoll = caller.epoll_.get();
        if (what == CURL_POLL_REMOVE) {
            ::epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);
            return 0;
        }
        epoll_event event{};
        event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) |
                       ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
        event.data.fd = socket;
        ::epoll_ctl(epoll, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
        ::curl_multi_assign(caller.multi_.get(), socket, self);
        return 0;
    }
    static int on_timer(CURLM* /*multi*/, long timeout_ms, void* self) {
        static_cast<BareCaller*>(self)->timeout_ms_ = timeout_ms;
        return 0;
    }
    void wait_and_act() {
        std::array<epoll_event, 256> events{};
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       static_cast<int>(timeout_ms_));
        int running = 0;
        if (count == 0 || timeout_ms_ == 0) {
            ::curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int at = 0; at < count; ++at) {
            const epoll_event& event = events.at(static_cast<std::size_t>(at));
            ::curl_multi_socket_action(multi_.get(), event.data.fd,
                                       ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                                           ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0),
                                       &running);
        }
    }

    FileDescriptor epoll_;
    std::unique_ptr<curl_slist, FreeWith<&::curl_slist_free_all>> headers_;
    std::unique_ptr<CURLM, FreeWith<&::curl_multi_cleanup>> multi_;
    std::vector<std::unique_ptr<CURL, FreeWith<&::curl_easy_cleanup>>> calls_;
    long timeout_ms_ = -1;
    std::int64_t begun_ = 0;
};

}  // namespace

Figures post_bare_webhooks(const std::string& url, std::int64_t calls, int in_flight) {
    BareCaller caller(url, in_flight);
    caller.make(in_flight);  // the connections
    const auto begin = SteadyClock::now();
    caller.make(calls);
    const Seconds taken = SteadyClock::now() - begin;
    return {.rate = static_cast<double>(calls) / taken.count()};
}

}  // namespace orders::bench
