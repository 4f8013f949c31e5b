#include "worker/processors/webhook/webhook_processor.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/free_port.h"
#include "tests/support/webhook_receiver.h"
#include "tests/unit/webhook/webhook_user.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("webhook_processor: an order is posted, and the answer is its result") {
    WebhookReceiver receiver(
        [](const ReceivedRequest&) { return answer_with(200, R"({"a": 1})"); });
    WebhookUser user(receiver.url("/hooks/mail?x=1"));
    ClaimedOrder order = mail(5);
    order.spec.payload = json_text(R"({ "to":"ann" })");
    CHECK(WebhookUser::taken(user.start(order, 29'900ms)) ==
          ProcessingResult(Completed{json_text(R"({"a": 1})")}));

    REQUIRE(receiver.requests().size() == 1);
    const ReceivedRequest request = receiver.requests().front();
    CHECK(request.head.starts_with("POST /hooks/mail?x=1 HTTP/1.1\r\n"));
    CHECK(request.body == R"({"order_id":"o-5","priority":"Normal","kind":"mail","attempt":1,)"
                          R"("created_at":"1970-01-01T00:00:01.000Z","payload":{ "to":"ann" }})");
    CHECK(request.header("content-type") == "application/json");
    CHECK(request.header("user-agent") == "order-worker/0");
    CHECK(request.header("webhook-id") == "ord_7f3a9c12e4b05d68_5_1000");
    CHECK(request.header("order-attempt") == "1");
    CHECK(request.header("order-token") == "1");
    CHECK(request.header("order-deadline-seconds") == "29");
    CHECK(request.header("expect").empty());
    CHECK(request.header("webhook-signature").empty());
}

TEST_CASE("webhook_processor: a payload of 64 KiB goes out in one piece, without a word before") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(204); });
    WebhookUser user(receiver.url());
    ClaimedOrder order = mail(1);
    order.spec.payload = json_text("\"" + std::string(65'534, 'x') + "\"");
    CHECK(WebhookUser::taken(user.start(order)) == ProcessingResult(Completed{}));
    REQUIRE(receiver.requests().size() == 1);
    CHECK(receiver.requests().front().body.find(*order.spec.payload) != std::string::npos);
    CHECK(receiver.requests().front().header("expect").empty());
}

TEST_CASE(
    "webhook_processor: connections are kept, and a receiver that closes them is no trouble") {
    bool closes = false;
    SUBCASE("kept") {}
    SUBCASE("closed after each answer, without a word") {
        closes = true;
    }
    WebhookReceiver receiver([closes](const ReceivedRequest&) {
        Reaction reaction = answer_with(200);
        reaction.closes = closes;
        return reaction;
    });
    WebhookUser user(receiver.url());
    for (int order = 1; order <= 50; ++order) {
        CHECK(user.send(order) == ProcessingResult(Completed{}));
    }
    CHECK(receiver.requests().size() == 50);
    CHECK((closes ? receiver.connections() > 1 : receiver.connections() == 1));
}

TEST_CASE("webhook_processor: it sends as many at a time as it says that it would") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return Reaction{}; });
    WebhookUser user(
        WebhookOptions{.targets = {target_at(receiver.url()), target_at(receiver.url(), "sms")},
                       .max_orders = 10,
                       .max_orders_per_target = 8,
                       .defaults = {.timeout = 30s, .max_attempts = 15}});
    const ClaimShare all = user.processor().free_capacity();
    CHECK(all.limit == 10);
    CHECK(all.kinds.size() == 2);
    CHECK(all.defaults == AttemptLimits{.timeout = 30s, .max_attempts = 15});
    CHECK(user.free() == 8);

    std::vector<std::future<WebhookUser::Result>> results;
    for (int order = 1; order <= 8; ++order) results.push_back(user.start(mail(order)));
    CHECK(user.free() == 0);
    CHECK(user.free("sms") == 8);
    CHECK(user.processor().free_capacity().limit == 2);
    eventually(patience, [&] { return receiver.requests().size() == 8; });

    user.stop().request_stop();
    for (auto& result : results) CHECK_FALSE(WebhookUser::taken(std::move(result)));
    CHECK(user.free() == 8);
    CHECK(user.processor().free_capacity().limit == 10);
}

TEST_CASE("webhook_processor: an order that is told to stop is given up") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return Reaction{}; });
    WebhookUser user(receiver.url());
    SUBCASE("before it begins") {
        user.stop().request_stop();
        CHECK_FALSE(WebhookUser::taken(user.start(mail(1))));
        CHECK(receiver.connections() == 0);
    }
    SUBCASE("while its answer is awaited") {
        auto result = user.start(mail(1));
        eventually(patience, [&] { return receiver.requests().size() == 1; });
        user.stop().request_stop();
        CHECK_FALSE(WebhookUser::taken(std::move(result)));
    }
    SUBCASE("by the end of the processor") {
        auto result = user.start(mail(1));
        user.end();
        CHECK_FALSE(WebhookUser::taken(std::move(result)));
    }
}

TEST_CASE("webhook_processor: one that ends and is told to stop at the same time ends once") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200); });
    for (int round = 0; round < 50; ++round) {
        WebhookUser user(receiver.url());
        std::vector<std::future<WebhookUser::Result>> results;
        for (int order = 1; order <= 8; ++order) results.push_back(user.start(mail(order)));
        WebhookUser::taken(std::move(results.front()));
        results.erase(results.begin());
        user.stop().request_stop();
        // A second call of `done` would throw, and end the process.
        for (auto& result : results) {
            const auto ended = WebhookUser::taken(std::move(result));
            CHECK((!ended || *ended == ProcessingResult(Completed{})));
        }
    }
}

TEST_CASE("webhook_processor: what does not answer in time is to be tried again") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return Reaction{}; });
    WebhookUser user(receiver.url());
    CHECK(retry_reason(user.send(1, 50ms)) == "timeout");
    CHECK(retry_reason(user.send(1, -1s)) == "timeout");
    CHECK(user.processor().on_deadline(mail(1)) == ProcessingResult(Retry{"timeout"}));
}

TEST_CASE(
    "webhook_processor: an endpoint that is not there is unreachable, and no address is told") {
    const int port = free_port();
    for (const char* host : {"127.0.0.1", "no-such-host.invalid"}) {
        CAPTURE(host);
        WebhookUser user("http://" + std::string(host) + ":" + std::to_string(port) + "/");
        const auto retry = std::get<Retry>(user.send());
        CHECK(retry.reason == "unreachable");
        CHECK_FALSE(retry.detail.empty());
        CHECK(retry.detail.find(host) == std::string::npos);
    }
}

TEST_CASE("webhook_processor: a redirect is not followed") {
    WebhookReceiver elsewhere([](const ReceivedRequest&) { return answer_with(200); });
    WebhookReceiver receiver([&](const ReceivedRequest&) {
        return answer_with(302, "", "location: " + elsewhere.url() + "\r\n");
    });
    WebhookUser user(receiver.url());
    CHECK(retry_reason(user.send()) == "http_302");
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("webhook_processor: after Retry-After on a 429 nothing is sent until its end") {
    WebhookReceiver receiver(
        [](const ReceivedRequest&) { return answer_with(429, "", "Retry-After: 1\r\n"); });
    WebhookUser user(receiver.url());
    CHECK(user.send() == ProcessingResult(Retry{"http_429", {}, 1s}));
    CHECK(user.free() == 0);
    REQUIRE(user.is_capacity_announced());
    CHECK(user.free() == 64);
}

TEST_CASE("webhook_processor: Retry-After may be a date") {
    WebhookReceiver receiver([](const ReceivedRequest&) {
        return answer_with(503, "", "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
    });
    WebhookUser user(receiver.url());
    const auto retry = std::get<Retry>(user.send());
    CHECK(retry.reason == "http_503");
    CHECK(retry.after == 24h);
    CHECK(user.free() == 0);
}

TEST_CASE("webhook_processor: an outage costs probes, and is over with the first success") {
    std::atomic<bool> is_broken = true;
    WebhookReceiver receiver(
        [&](const ReceivedRequest&) { return answer_with(is_broken ? 500 : 200); });
    WebhookUser user(receiver.url());
    for (int order = 1; order <= Breaker::failures_to_open; ++order) {
        CHECK(user.free() == 64);
        CHECK(retry_reason(user.send(order)) == "http_500");
    }
    CHECK(user.free() == 0);
    REQUIRE(user.is_capacity_announced());
    CHECK(user.free() == 1);
    is_broken = false;
    CHECK(user.send() == ProcessingResult(Completed{}));
    CHECK(user.free() == 64);
}

TEST_CASE("webhook_processor: an endpoint that does not answer in time counts as one that fails") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return Reaction{}; });
    WebhookUser user(receiver.url());
    std::vector<std::future<WebhookUser::Result>> results;
    for (int order = 1; order <= Breaker::failures_to_open; ++order) {
        results.push_back(user.start(mail(order), 20ms));
    }
    for (auto& result : results) WebhookUser::taken(std::move(result));
    CHECK(user.free() == 0);
}

TEST_CASE("webhook_processor: orders that were told to stop do not count against the endpoint") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return Reaction{}; });
    WebhookUser user(receiver.url());
    std::vector<std::future<WebhookUser::Result>> results;
    for (int order = 1; order <= 2 * Breaker::failures_to_open; ++order) {
        results.push_back(user.start(mail(order)));
    }
    user.stop().request_stop();
    for (auto& result : results) CHECK_FALSE(WebhookUser::taken(std::move(result)));
    CHECK(user.free() == 64);
}

TEST_CASE("webhook_processor: a dead endpoint leaves another one alone") {
    WebhookReceiver silent([](const ReceivedRequest&) { return Reaction{}; });
    WebhookReceiver healthy([](const ReceivedRequest&) { return answer_with(200); });
    WebhookUser user(
        WebhookOptions{.targets = {target_at(silent.url()), target_at(healthy.url(), "sms")}});
    std::vector<std::future<WebhookUser::Result>> stuck;
    for (int order = 1; order <= 64; ++order) stuck.push_back(user.start(mail(order)));
    CHECK(user.free() == 0);
    for (int order = 100; order < 200; ++order) {
        CHECK(WebhookUser::taken(user.start(mail(order, "sms"))) == ProcessingResult(Completed{}));
    }
    user.end();
    for (auto& result : stuck) CHECK_FALSE(WebhookUser::taken(std::move(result)));
}

TEST_CASE("webhook_processor: proxies of the environment are not used, one that is set is") {
    WebhookReceiver proxy([](const ReceivedRequest&) { return answer_with(200, "\"proxy\""); });
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200, "\"itself\""); });
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    ::setenv("all_proxy", proxy.url().c_str(), 1);
    WebhookUser direct(receiver.url());
    CHECK(direct.send() == ProcessingResult(Completed{json_text("\"itself\"")}));
    ::unsetenv("http_proxy");
    ::unsetenv("all_proxy");

    ::setenv("no_proxy", "*", 1);
    WebhookUser proxied(
        WebhookOptions{.targets = {target_at(receiver.url())}, .proxy = proxy.url()});
    CHECK(proxied.send() == ProcessingResult(Completed{json_text("\"proxy\"")}));
    ::unsetenv("no_proxy");
}

}  // namespace orders::test
