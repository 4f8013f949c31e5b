#include "worker/processors/webhook/endpoint.h"

#include <doctest/doctest.h>

#include <chrono>
#include <variant>

#include "tests/support/order_builder.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

struct EndpointUser {
    void fail() { endpoint.end(endpoint.begin(), Breaker::Sign::failing, now); }

    Endpoint endpoint{{a_kind("mail"), std::get<WebhookUrl>(WebhookUrl::parse("http://[::1]/"))},
                      3};
    SteadyTime now = std::chrono::steady_clock::now() + 1h;
};

}  // namespace

TEST_CASE("webhook_endpoint: it takes so many orders at a time") {
    EndpointUser user;
    CHECK(user.endpoint.free(user.now) == 3);
    const auto one = user.endpoint.begin();
    static_cast<void>(user.endpoint.begin());
    CHECK(user.endpoint.free(user.now) == 1);
    static_cast<void>(user.endpoint.begin());
    static_cast<void>(user.endpoint.begin());  // claimed before the last look, say
    CHECK(user.endpoint.free(user.now) == 0);
    CHECK_FALSE(user.endpoint.next_free());
    user.endpoint.end(one, Breaker::Sign::working, user.now);
    CHECK(user.endpoint.free(user.now) == 0);
    user.endpoint.end(one, Breaker::Sign::working, user.now);
    CHECK(user.endpoint.free(user.now) == 1);
}

TEST_CASE("webhook_endpoint: nothing is sent while it pauses, and a shorter pause ends none") {
    EndpointUser user;
    user.endpoint.pause(user.now + 20s);
    user.endpoint.pause(user.now + 5s);
    CHECK(user.endpoint.free(user.now + 19s) == 0);
    CHECK(user.endpoint.next_free() == user.now + 20s);
    CHECK(user.endpoint.free(user.now + 20s) == 3);
}

TEST_CASE("webhook_endpoint: while its breaker is open, one order at a time is sent") {
    EndpointUser user;
    for (int failure = 0; failure < Breaker::failures_to_open; ++failure) user.fail();
    CHECK(user.endpoint.free(user.now) == 0);
    CHECK(user.endpoint.next_free() == user.now + 1s);
    user.now += 1s;
    CHECK(user.endpoint.free(user.now) == 1);
    CHECK(user.endpoint.state() == EndpointState{user.endpoint.target().kind, 0, true});
    const auto probe = user.endpoint.begin();
    CHECK(user.endpoint.state() == EndpointState{user.endpoint.target().kind, 1, true});
    CHECK(user.endpoint.free(user.now) == 0);
    CHECK_FALSE(user.endpoint.next_free());
    user.endpoint.pause(user.now + 10s);
    SUBCASE("a pause and a rest end with the later one") {
        user.endpoint.end(probe, Breaker::Sign::failing, user.now);
        CHECK(user.endpoint.next_free() == user.now + 10s);
    }
    SUBCASE("its success closes the breaker, and a pause holds all the same") {
        user.endpoint.end(probe, Breaker::Sign::working, user.now);
        CHECK(user.endpoint.state() == EndpointState{user.endpoint.target().kind, 0, false});
        CHECK(user.endpoint.free(user.now) == 0);
        CHECK(user.endpoint.free(user.now + 10s) == 3);
    }
}

}  // namespace orders::test
