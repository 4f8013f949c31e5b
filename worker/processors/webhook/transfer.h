#pragma once

// One call at a time by one libcurl handle, which is kept for the next: what is sent, and what has
// come of the answer so far. For WebhookCaller alone, on its loop's thread.

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "worker/processors/webhook/caller.h"

namespace orders {

class WebhookCaller::Transfer {
   public:
    // Throws std::runtime_error if libcurl refuses an option.
    explicit Transfer(const CallerOptions& options);

    [[nodiscard]] CURL* handle() const noexcept { return easy_.get(); }
    [[nodiscard]] CallId id() const noexcept { return id_; }
    static Transfer& of(CURL* easy);

    void prepare(CallId id, Call call, OnEnd on_end);
    // Both when the handle is with no multi handle any more. Whether the call has ended because the
    // endpoint closed a kept connection just then: it is to be begun once more, on a new one.
    [[nodiscard]] bool is_to_be_sent_again(CURLcode code);
    [[nodiscard]] Outcome outcome(CURLcode code);
    // Forgets the call, and returns what is to be called for it.
    OnEnd release() noexcept;

   private:
    using Write = std::size_t(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_head(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    void set(CURLoption option, const void* value);
    void set(CURLoption option, long value);  // NOLINT(google-runtime-int): libcurl's type
    void set(CURLoption option, Write* value);
    void require(CURLoption option, CURLcode code) const;
    [[nodiscard]] std::string header(const char* name) const;

    struct CloseEasy {
        void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
    };
    struct FreeList {
        void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
    };

    std::unique_ptr<CURL, CloseEasy> easy_;
    CallId id_ = 0;
    Call call_;
    OnEnd on_end_;
    std::unique_ptr<curl_slist, FreeList> headers_;
    std::array<char, CURL_ERROR_SIZE> error_{};
    std::size_t head_bytes_ = 0;
    bool is_head_whole_ = false;  // up to its empty line
    bool is_sent_again_ = false;
    WebhookAnswer answer_;
};

}  // namespace orders
