#include "worker/processors/webhook/url.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace orders::test {
namespace {

WebhookUrl url(const std::string& text) {
    auto parsed = WebhookUrl::parse(text);
    CAPTURE(text);
    REQUIRE(std::holds_alternative<WebhookUrl>(parsed));
    return std::get<WebhookUrl>(std::move(parsed));
}

std::string fault(const std::string& text) {
    auto parsed = WebhookUrl::parse(text);
    CAPTURE(text);
    REQUIRE(std::holds_alternative<std::string>(parsed));
    return std::get<std::string>(std::move(parsed));
}

}  // namespace

TEST_CASE("webhook_url: http and https are taken as they stand") {
    const WebhookUrl plain = url("http://[::1]:8080/a/b?token=s3cret");
    CHECK(plain.text() == "http://[::1]:8080/a/b?token=s3cret");
    CHECK(plain.origin() == "http://[::1]:8080");
    CHECK(plain.host() == "::1");
    CHECK_FALSE(plain.is_encrypted());
    const WebhookUrl encrypted = url("HTTPS://example.com");
    CHECK(encrypted.origin() == "https://example.com");
    CHECK(encrypted.host() == "example.com");
    CHECK(encrypted.is_encrypted());
}

TEST_CASE("webhook_url: another scheme is refused, and named") {
    for (const char* scheme : {"ftp", "gopher", "ws", "mailto", "httpss"}) {
        CHECK(fault(std::string(scheme) + "://example.com/").find(scheme) != std::string::npos);
    }
}

TEST_CASE("webhook_url: what is no URL is refused") {
    for (const char* text :
         {"", "example.com", "example.com/orders", "http", "http:", "http://", "https:///orders",
          "http://:80/", "http://a b/", "http://example.com:port/", "http://example.com:65536/",
          "http://exa\nmple.com/", "http://[::1/", "/orders", "//example.com/",
          "http:/example.com/", "file:///etc/passwd", "file://example.com/"}) {
        CAPTURE(text);
        CHECK(fault(text).find("https://example.com/orders") != std::string::npos);
    }
}

TEST_CASE("webhook_url: a user's name or password is refused, and not quoted") {
    for (const char* text : {"http://ann@example.com/", "https://ann:s3cret@example.com/",
                             "http://:s3cret@example.com/"}) {
        CAPTURE(text);
        CHECK(fault(text).find("name or password") != std::string::npos);
        CHECK(fault(text).find("s3cret") == std::string::npos);
    }
}

}  // namespace orders::test
