// A resolver that does not answer: this program has a getaddrinfo() of its own, which hangs for one
// name until the test lets it go, and passes on all others.

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <vector>

#include "tests/support/webhook_receiver.h"
#include "tests/unit/webhook/webhook_user.h"

namespace {

constexpr const char* hanging_name = "hanging.test";

struct Resolver {
    std::mutex mutex;
    std::condition_variable changed;
    bool hangs = false;
    int waiting = 0;
};
Resolver& resolver() {
    static Resolver resolver;
    return resolver;
}

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
    if (name != nullptr && std::strcmp(name, hanging_name) == 0) {
        std::unique_lock lock(resolver().mutex);
        ++resolver().waiting;
        resolver().changed.notify_all();
        resolver().changed.wait(lock, [] { return !resolver().hangs; });
        --resolver().waiting;
        resolver().changed.notify_all();
        return EAI_AGAIN;
    }
    static auto* const real =
        reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(name, service, hints, result);
}

namespace orders::test {

using namespace std::chrono_literals;

namespace {

// Hangs while it lives.
struct HangingResolver {
    HangingResolver() {
        const std::lock_guard lock(resolver().mutex);
        resolver().hangs = true;
    }
    ~HangingResolver() {
        std::unique_lock lock(resolver().mutex);
        resolver().hangs = false;
        resolver().changed.notify_all();
        resolver().changed.wait(lock, [] { return resolver().waiting == 0; });
    }
    HangingResolver(const HangingResolver&) = delete;
    HangingResolver& operator=(const HangingResolver&) = delete;

    static void await_look_up() {
        std::unique_lock lock(resolver().mutex);
        REQUIRE(resolver().changed.wait_for(lock, patience, [] { return resolver().waiting > 0; }));
    }
};

}  // namespace

TEST_CASE(
    "hanging_resolver: it holds up neither the deadline nor a stop, an end or any other endpoint") {
    WebhookReceiver healthy([](const ReceivedRequest&) { return answer_with(200); });
    WebhookUser user(WebhookOptions{
        .targets = {target_at("http://hanging.test/"), target_at(healthy.url(), "sms")}});
    std::future<void> end;  // outlives what would hold it up
    const HangingResolver hanging;
    SUBCASE("the deadline") {
        CHECK(retry_reason(user.send(1, 50ms)) == "timeout");
    }
    SUBCASE("a stop") {
        auto result = user.start(mail(1));
        HangingResolver::await_look_up();
        user.stop().request_stop();
        CHECK_FALSE(WebhookUser::taken(std::move(result)));
    }
    SUBCASE("another endpoint") {
        auto stuck = user.start(mail(1));
        HangingResolver::await_look_up();
        for (int order = 100; order < 120; ++order) {
            CHECK(WebhookUser::taken(user.start(mail(order, "sms"))) ==
                  ProcessingResult(Completed{}));
        }
        user.stop().request_stop();
        WebhookUser::taken(std::move(stuck));
    }
    end = std::async(std::launch::async, [&user] { user.end(); });
    REQUIRE(end.wait_for(patience) == std::future_status::ready);
}

}  // namespace orders::test
