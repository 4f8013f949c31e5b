// What an endpoint may do to its caller: nothing of it may hold a call beyond its deadline, take up
// memory without bound, or pass for a success.

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "shared/domain/claim.h"
#include "tests/support/webhook_receiver.h"
#include "tests/unit/webhook/webhook_user.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

ProcessingResult result_of(const Reaction& reaction, std::chrono::milliseconds time = patience) {
    WebhookReceiver receiver([&](const ReceivedRequest&) { return reaction; });
    WebhookUser user(receiver.url());
    return user.send(1, time);
}

}  // namespace

TEST_CASE(
    "hostile_receiver: one that sends its answer byte by byte is out of time at the deadline") {
    Reaction slow = answer_with(200, std::string(10'000, ' ') + "1");
    slow.pause = 5ms;
    CHECK(retry_reason(result_of(slow, 200ms)) == "timeout");
}

TEST_CASE("hostile_receiver: a body without end is read to the bound, and its status counts") {
    const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
    SUBCASE("until the connection closes") {
        const Reaction endless{.bytes = head + std::string(100'000, '7'), .is_endless = true};
        CHECK(result_of(endless) == ProcessingResult(Completed{}));
    }
    SUBCASE("longer than it says that it is") {
        const Reaction long_one = answer_with(200, std::string(8'000'000, '7'));
        CHECK(result_of(long_one) == ProcessingResult(Completed{}));
    }
    SUBCASE("of a failure") {
        const Reaction failure{.bytes = "HTTP/1.1 422 No\r\n\r\n" + std::string(100'000, 'x'),
                               .is_endless = true};
        CHECK(result_of(failure) ==
              ProcessingResult(Failure{"http_422", std::string(max_detail_bytes, 'x')}));
    }
}

TEST_CASE("hostile_receiver: a result of exactly the bound is kept, and one byte more is not") {
    const std::string largest = "\"" + std::string(max_result_bytes - 2, 'x') + "\"";
    CHECK(result_of(answer_with(200, largest)) == ProcessingResult(Completed{json_text(largest)}));
    CHECK(result_of(answer_with(200, largest + " ")) == ProcessingResult(Completed{}));
}

TEST_CASE("hostile_receiver: a length that is a lie is no answer if bytes are missing") {
    Reaction liar{.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", .closes = true};
    CHECK(retry_reason(result_of(liar)) == "unreachable");
    liar.closes = false;
    CHECK(retry_reason(result_of(liar, 100ms)) == "timeout");
}

TEST_CASE("hostile_receiver: an answer that breaks off within its head is none, not even a 200") {
    for (const char* bytes :
         {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n",
          "HTTP/1.1 200 OK\r\norder-outcome: fai",
          "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n"}) {
        CAPTURE(bytes);
        CHECK(retry_reason(result_of({.bytes = bytes, .closes = true})) == "unreachable");
    }
}

TEST_CASE("hostile_receiver: bytes behind an answer do not become the next one's") {
    int count = 0;
    WebhookReceiver receiver([&](const ReceivedRequest&) {
        Reaction reaction = answer_with(200, "\"" + std::to_string(++count) + "\"");
        reaction.bytes += "HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n";
        return reaction;
    });
    WebhookUser user(receiver.url());
    CHECK(user.send(1) == ProcessingResult(Completed{json_text("\"1\"")}));
    CHECK(user.send(2) == ProcessingResult(Completed{json_text("\"2\"")}));
}

TEST_CASE("hostile_receiver: bytes that are no HTTP are no answer") {
    for (const char* bytes : {"220 mail.example.com ESMTP\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01",
                              "200 OK\r\n\r\n{}", "HTTP/0.9\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                              "HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n",
                              "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
                              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"}) {
        CAPTURE(bytes);
        const auto reason = retry_reason(result_of({.bytes = bytes, .closes = true}));
        CHECK((reason == "bad_answer" || reason == "unreachable"));
    }
    CHECK(retry_reason(result_of({.bytes = "", .closes = true})) == "unreachable");
}

TEST_CASE("hostile_receiver: a head without end is no answer") {
    SUBCASE("of many lines") {
        CHECK(retry_reason(result_of(
                  {.bytes = "HTTP/1.1 200 OK\r\n" + std::string("a-header: with a value\r\n"),
                   .is_endless = true})) == "bad_answer");
    }
    SUBCASE("of one line") {
        const auto reason = retry_reason(result_of(
            {.bytes = "HTTP/1.1 200 OK\r\nx: " + std::string(8'000'000, 'x'), .closes = true}));
        CHECK(reason != "timeout");
    }
    SUBCASE("of answers that are none yet") {
        CHECK(retry_reason(result_of(
                  {.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .is_endless = true})) == "bad_answer");
    }
}

TEST_CASE("hostile_receiver: headers of an answer that is none yet do not count") {
    Reaction reaction = answer_with(200, "7");
    reaction.bytes = "HTTP/1.1 103 Early Hints\r\norder-outcome: failed\r\n\r\n" + reaction.bytes;
    CHECK(result_of(reaction) == ProcessingResult(Completed{json_text("7")}));
}

TEST_CASE(
    "hostile_receiver: a body in pieces is put together, and one in a coding is not unpacked") {
    CHECK(result_of({.bytes = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                              "3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"}) ==
          ProcessingResult(Completed{json_text("[1,2]")}));
    CHECK(result_of(answer_with(200, "\x1f\x8b\x08", "content-encoding: gzip\r\n")) ==
          ProcessingResult(Completed{}));
}

TEST_CASE("hostile_receiver: a cookie and a demand for a password change nothing") {
    int count = 0;
    WebhookReceiver receiver([&](const ReceivedRequest& request) {
        ++count;
        CHECK(request.header("cookie").empty());
        CHECK(request.header("authorization").empty());
        return answer_with(401, "", "set-cookie: a=b\r\nwww-authenticate: Basic realm=x\r\n");
    });
    WebhookUser user(receiver.url());
    CHECK(retry_reason(user.send(1)) == "http_401");
    CHECK(retry_reason(user.send(2)) == "http_401");
    CHECK(count == 2);
}

}  // namespace orders::test
