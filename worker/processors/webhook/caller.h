#pragma once

// Makes HTTP calls, thousands at a time, on an event loop, by libcurl's multi interface. Each has
// a deadline of its own and can be cancelled; connections are kept for the next call.
//
// What an endpoint can do to it is bounded: of an answer's head 64 KiB are read and of its body
// max_result_bytes, no redirect is followed, nothing but HTTP/1.1 is spoken, TLS certificates are
// verified, and proxies of the environment are not used. A request that a kept connection loses
// before an answer is sent once more, within the same call.
//
// Everything happens on the loop's thread, construction and destruction excepted. SIGPIPE must be
// ignored by the process, because OpenSSL writes without MSG_NOSIGNAL.

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "worker/processors/event_loop.h"
#include "worker/processors/webhook/answer.h"

namespace orders {

struct CallerOptions {
    std::size_t max_calls = 0;  // for which it keeps connections; more are made, and not kept
    std::string user_agent = {};
    std::string ca_file = {};  // PEM; the only authorities that are trusted
    std::string proxy = {};    // empty: none
};

class WebhookCaller {
   public:
    struct Call {
        std::string url;
        std::vector<std::string> headers;  // `name: value`
        std::string body;
        std::chrono::milliseconds time_left;
    };
    struct Fault {
        NoAnswer reason;
        std::string detail;     // for whoever can see the order
        std::string addressed;  // the same with addresses in it, for the operator
    };
    using Outcome = std::variant<WebhookAnswer, Fault>;
    using OnEnd = std::function<void(Outcome)>;
    using CallId = std::uint64_t;

    // Throws std::runtime_error.
    WebhookCaller(EventLoop& loop, CallerOptions options);
    // Ends all calls, without a word. The loop must have ended, or this runs on its thread.
    ~WebhookCaller();
    WebhookCaller(const WebhookCaller&) = delete;
    WebhookCaller& operator=(const WebhookCaller&) = delete;

    // Calls `on_end` when the call has ended, never from within begin(). It may begin further calls
    // and cancel others.
    CallId begin(Call call, OnEnd on_end);
    // `on_end` is not called any more. Does nothing if it has been.
    void cancel(CallId call);

   private:
    class Transfer;

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
    static int on_timer(CURLM* multi, long timeout_ms, void* self);  // NOLINT(google-runtime-int)
    [[nodiscard]] int watch(CURL* easy, curl_socket_t socket, int what);
    void break_off(const Transfer& transfer);
    void set_timer(std::optional<std::chrono::milliseconds> after);
    void act(curl_socket_t socket, int ready);
    void end_what_is_done();
    [[nodiscard]] std::unique_ptr<Transfer> free_transfer();

    struct CloseMulti {
        void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
    };

    EventLoop& loop_;
    const CallerOptions options_;
    // Before the transfers, which it must outlive.
    std::unique_ptr<CURLM, CloseMulti> multi_;
    std::optional<EventLoop::TimerId> timer_;
    std::unordered_map<curl_socket_t, CURL*> watched_;  // for whom
    std::unordered_map<CallId, std::unique_ptr<Transfer>> calls_;
    std::vector<std::unique_ptr<Transfer>> unused_;
    CallId last_call_ = 0;
};

}  // namespace orders
