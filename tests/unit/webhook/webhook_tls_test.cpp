#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/support/temp_dir.h"
#include "tests/support/tls_identity.h"
#include "tests/support/webhook_receiver.h"
#include "tests/unit/webhook/webhook_user.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

// A worker that trusts one authority.
struct Trust {
    Trust() { authority.write_to(ca_file); }

    [[nodiscard]] ProcessingResult result_from(const TlsIdentity& identity,
                                               const std::string& host = "localhost") const {
        WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200, "7"); },
                                 &identity);
        WebhookUser user(
            WebhookOptions{.targets = {target_at(receiver.url("/", host))}, .ca_file = ca_file});
        return user.send();
    }

    TempDir directory;
    std::string ca_file = directory.file("ca.pem");
    TlsAuthority authority;
};

}  // namespace

TEST_CASE("webhook_tls: an order goes to a server that the authority vouches for") {
    const Trust trust;
    CHECK(trust.result_from(trust.authority.vouch_for("localhost")) ==
          ProcessingResult(Completed{json_text("7")}));
    CHECK(trust.result_from(trust.authority.vouch_for("127.0.0.1"), "127.0.0.1") ==
          ProcessingResult(Completed{json_text("7")}));
}

TEST_CASE("webhook_tls: nothing goes to a server that cannot be trusted") {
    const Trust trust;
    const auto reason = [&](const TlsIdentity& identity) {
        return retry_reason(trust.result_from(identity));
    };
    SUBCASE("a certificate that has expired") {
        CHECK(reason(trust.authority.vouch_for("localhost", -1h)) == "tls");
    }
    SUBCASE("one that it has signed itself") {
        CHECK(reason(TlsAuthority::self_signed("localhost")) == "tls");
    }
    SUBCASE("one of another name") {
        CHECK(reason(trust.authority.vouch_for("example.com")) == "tls");
        CHECK(reason(trust.authority.vouch_for("127.0.0.1")) == "tls");
    }
    SUBCASE("one of another authority") {
        CHECK(reason(TlsAuthority().vouch_for("localhost")) == "tls");
    }
}

TEST_CASE("webhook_tls: a server that does not speak TLS is not spoken to without") {
    const Trust trust;
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200); });
    WebhookUser user(WebhookOptions{
        .targets = {target_at("https://127.0.0.1:" + std::to_string(receiver.port()))},
        .ca_file = trust.ca_file});
    // Its first bytes are a handshake's, which the receiver waits on for a request's end.
    CHECK(retry_reason(user.send(1, 200ms)) == "timeout");
    CHECK(receiver.requests().empty());
}

TEST_CASE("webhook_tls: a connection is kept, so that a handshake serves many orders") {
    const Trust trust;
    const TlsIdentity identity = trust.authority.vouch_for("localhost");
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200); }, &identity);
    WebhookUser user(WebhookOptions{.targets = {target_at(receiver.url("/", "localhost"))},
                                    .ca_file = trust.ca_file});
    for (int order = 1; order <= 20; ++order) {
        CHECK(user.send(order) == ProcessingResult(Completed{}));
    }
    CHECK(receiver.connections() == 1);
}

}  // namespace orders::test
