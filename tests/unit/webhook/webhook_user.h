#pragma once

// A webhook processor of the kind `mail`, used as the dispatcher uses it.

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/os/wake_signal.h"
#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "worker/processors/webhook/webhook_processor.h"

namespace orders::test {

[[nodiscard]] inline WebhookTarget target_at(const std::string& url,
                                             std::string_view kind = "mail") {
    return {a_kind(kind), std::get<WebhookUrl>(WebhookUrl::parse(url))};
}

[[nodiscard]] inline ClaimedOrder mail(std::int64_t sequence, std::string_view kind = "mail") {
    return {.lease = {.order = {sequence}, .token = 1},
            .spec = an_order("o-" + std::to_string(sequence)).of_kind(kind).build().spec,
            .attempt = 1,
            .created_at = UtcTime(std::chrono::seconds(1))};
}

class WebhookUser {
   public:
    using Result = std::optional<ProcessingResult>;

    explicit WebhookUser(const std::string& url)
        : WebhookUser(WebhookOptions{.targets = {target_at(url)}}) {}
    explicit WebhookUser(WebhookOptions options)
        : processor_(std::make_unique<WebhookProcessor>(with_defaults(std::move(options)),
                                                        [this] { capacity_.notify(); })) {}

    [[nodiscard]] WebhookProcessor& processor() { return *processor_; }
    [[nodiscard]] std::stop_source& stop() { return stop_; }

    std::future<Result> start(const ClaimedOrder& order,
                              std::chrono::milliseconds time = patience) {
        auto promise = std::make_shared<std::promise<Result>>();
        auto future = promise->get_future();
        processor_->start({order, std::chrono::steady_clock::now() + time}, stop_.get_token(),
                          [promise](Result result) { promise->set_value(std::move(result)); });
        return future;
    }
    static Result taken(std::future<Result> future) {
        if (future.wait_for(patience) != std::future_status::ready) {
            throw std::runtime_error("the webhook does not end");
        }
        return future.get();
    }
    // Of one order by itself.
    ProcessingResult send(std::int64_t sequence = 1, std::chrono::milliseconds time = patience) {
        return taken(start(mail(sequence), time)).value();
    }

    [[nodiscard]] std::size_t free(std::string_view kind = "mail") {
        for (const KindLimit& limit : processor_->free_capacity().kinds) {
            if (limit.kind == a_kind(kind)) return limit.orders;
        }
        throw std::runtime_error("not its kind");
    }
    // Whether it says that its capacity has grown.
    [[nodiscard]] bool is_capacity_announced() {
        pollfd source{capacity_.fd(), POLLIN, 0};
        const bool is_so =
            ::poll(&source, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1;
        capacity_.clear();
        return is_so;
    }

    // Ends the processor, and with it all that is in work.
    void end() { processor_.reset(); }

   private:
    static WebhookOptions with_defaults(WebhookOptions options) {
        options.store_id = "7f3a9c12e4b05d68";
        options.user_agent = "order-worker/0";
        return options;
    }

    WakeSignal capacity_;
    std::stop_source stop_;
    std::unique_ptr<WebhookProcessor> processor_;
};

// The reason of a Retry; throws if it is none.
[[nodiscard]] inline std::string retry_reason(const ProcessingResult& result) {
    return std::get<Retry>(result).reason;
}

}  // namespace orders::test
