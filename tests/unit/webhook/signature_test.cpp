#include "worker/processors/webhook/signature.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace orders::test {
namespace {

constexpr const char* known_secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
constexpr const char* known_body =
    R"({"order_id":"1235","priority":"High","attempt":1,"payload":{"sku":"A-1","qty":2}})";
constexpr const char* known_signature = "v1,HdS8A+r+51BqUVBMoRlzW/sAEhMAoqVDQPXkPlkpgPc=";

WebhookSecret secret(const std::string& text) {
    auto secret = WebhookSecret::parse(text);
    REQUIRE(secret);
    return *std::move(secret);
}

std::string signatures(const std::vector<WebhookSecret>& secrets) {
    return webhook_signatures(secrets, "ord_7f3a9c12e4b05d68_1042_1767225599123", "1767225600",
                              known_body);
}

// Base64 of so many bytes that are 0.
std::string zeros(std::size_t bytes) {
    std::string text(bytes / 3 * 4, 'A');
    if (bytes % 3 == 1) text += "AA==";
    if (bytes % 3 == 2) text += "AAA=";
    return text;
}

}  // namespace

TEST_CASE("webhook_signature: it is the one that another program makes") {
    CHECK(signatures({secret(known_secret)}) == known_signature);
}

TEST_CASE("webhook_signature: with several secrets there is one for each, in their order") {
    const std::string other = signatures({secret("whsec_" + zeros(64))});
    CHECK(other.size() == std::string(known_signature).size());
    CHECK(other != known_signature);
    CHECK(signatures({secret("whsec_" + zeros(64)), secret(known_secret)}) ==
          other + " " + known_signature);
}

TEST_CASE("webhook_signature: a secret has 24 to 64 bytes") {
    for (std::size_t bytes = 0; bytes <= 80; ++bytes) {
        CAPTURE(bytes);
        CHECK(WebhookSecret::parse("whsec_" + zeros(bytes)).has_value() ==
              (bytes >= 24 && bytes <= 64));
    }
}

TEST_CASE("webhook_signature: what is no secret is not taken") {
    const std::string good(known_secret);
    for (const std::string& text :
         {std::string(), std::string("whsec_"), std::string("whsec"), good.substr(6),
          "Whsec_" + good.substr(6), good + "=", good + "====", good + "A", " " + good, good + " ",
          good + "\n", good.substr(0, 10) + "-" + good.substr(11),
          good.substr(0, 10) + "=" + good.substr(11), good.substr(0, good.size() - 1) + "\xc3"}) {
        CAPTURE(text);
        CHECK_FALSE(WebhookSecret::parse(text));
    }
}

}  // namespace orders::test
