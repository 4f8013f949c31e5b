#include "worker/processors/webhook/answer.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "shared/domain/backoff.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

constexpr UtcTime now{1'000'000'000s};

Verdict judged(const WebhookAnswer& answer,
               const FailureStatuses& failures = default_failure_statuses) {
    return verdict_on(answer, failures, now);
}

std::string http(int status) {
    return "http_" + std::to_string(status);
}

}  // namespace

TEST_CASE("webhook_answer: 2xx is Processed") {
    for (const int status : {200, 201, 202, 204, 226, 299}) {
        CAPTURE(status);
        const Verdict verdict = judged({.status = status});
        CHECK(verdict.result == ProcessingResult(Completed{}));
        CHECK(verdict.sign == Breaker::Sign::working);
        CHECK(verdict.dropped_because.empty());
    }
}

TEST_CASE("webhook_answer: the body of a 2xx is the result if it is JSON") {
    for (const char* body : {R"({"b": 1e400, "a": [1, 2], "a": null})", "7", "null", "\"text\""}) {
        CAPTURE(body);
        CHECK(judged({.status = 200, .body = body}).result ==
              ProcessingResult(Completed{json_text(body)}));
    }
    CHECK(judged({.status = 200, .body = "\r\n {\"a\": 1}\n"}).result ==
          ProcessingResult(Completed{json_text("{\"a\": 1}")}));
}

TEST_CASE("webhook_answer: any other body of a 2xx is dropped, and it says why") {
    for (const char* body : {"OK", "<html></html>", "{\"a\": 1", "\"\xff\"", "{} {}"}) {
        CAPTURE(body);
        const Verdict verdict = judged({.status = 200, .body = body});
        CHECK(verdict.result == ProcessingResult(Completed{}));
        CHECK(verdict.dropped_because == "it is not JSON");
    }
    const Verdict cut = judged({.status = 200, .body = "[1]", .is_cut = true});
    CHECK(cut.result == ProcessingResult(Completed{}));
    CHECK(cut.dropped_because == "it has more than 65536 bytes");
    CHECK(judged({.status = 200, .body = " \r\n"}).dropped_because.empty());
}

TEST_CASE("webhook_answer: the header order-outcome wins over every status") {
    for (const int status : {200, 204, 302, 400, 404, 429, 500, 503}) {
        CAPTURE(status);
        const Verdict failed = judged({.status = status, .body = "no", .outcome = "failed"});
        CHECK(failed.result == ProcessingResult(Failure{"refused", "no"}));
        CHECK(failed.sign == Breaker::Sign::working);
        const Verdict retry =
            judged({.status = status, .body = "busy", .outcome = "Retry", .retry_after = "5"});
        CHECK(retry.result == ProcessingResult(Retry{"retry_requested", "busy", 5s}));
        CHECK(retry.sign == Breaker::Sign::working);
        CHECK_FALSE(retry.pause);
    }
    CHECK(judged({.status = 204, .outcome = "done"}).result == ProcessingResult(Completed{}));
}

TEST_CASE("webhook_answer: 400, 413 and 422 fail the order, and the endpoint is fine") {
    for (const int status : {400, 413, 422}) {
        CAPTURE(status);
        const Verdict verdict = judged({.status = status, .body = "no such product"});
        CHECK(verdict.result == ProcessingResult(Failure{http(status), "no such product"}));
        CHECK(verdict.sign == Breaker::Sign::working);
    }
}

TEST_CASE("webhook_answer: which statuses fail the order can be set") {
    CHECK(judged({.status = 410}, {404, 410}).result == ProcessingResult(Failure{"http_410"}));
    CHECK(judged({.status = 422}, {404, 410}).result == ProcessingResult(Retry{"http_422"}));
    CHECK(judged({.status = 409}, {409}).result == ProcessingResult(Failure{"http_409"}));
    CHECK(judged({.status = 400}, {}).result == ProcessingResult(Retry{"http_400"}));
}

TEST_CASE("webhook_answer: 408, 409, 423 and 425 are tried again, and the endpoint is fine") {
    for (const int status : {408, 409, 423, 425}) {
        CAPTURE(status);
        const Verdict verdict = judged({.status = status});
        CHECK(verdict.result == ProcessingResult(Retry{http(status)}));
        CHECK(verdict.sign == Breaker::Sign::working);
        CHECK_FALSE(verdict.pause);
    }
}

TEST_CASE(
    "webhook_answer: 429 and 503 wait for Retry-After, and the endpoint pauses a minute at most") {
    for (const int status : {429, 503}) {
        CAPTURE(status);
        const Verdict seconds = judged({.status = status, .retry_after = "20"});
        CHECK(seconds.result == ProcessingResult(Retry{http(status), {}, 20s}));
        CHECK(seconds.pause == 20s);
        const Verdict date =
            judged({.status = status, .retry_after = "Sun, 09 Sep 2001 01:48:10 GMT"});
        CHECK(date.result == ProcessingResult(Retry{http(status), {}, 90s}));
        CHECK(date.pause == 60s);
        const Verdict none = judged({.status = status});
        CHECK(none.result == ProcessingResult(Retry{http(status)}));
        CHECK_FALSE(none.pause);
        CHECK(none.sign == Breaker::Sign::failing);
    }
}

TEST_CASE("webhook_answer: every other status is tried again, and counts against the endpoint") {
    std::vector<int> statuses{0, 101, 300, 301, 302, 303, 304, 307, 308};
    statuses.insert(statuses.end(), {401, 402, 403, 404, 405, 406, 407, 410, 415, 451, 499});
    statuses.insert(statuses.end(), {500, 501, 502, 503, 504, 507, 599, 999});
    for (const int status : statuses) {
        CAPTURE(status);
        const Verdict verdict = judged({.status = status, .body = "oops"});
        CHECK(verdict.result == ProcessingResult(Retry{http(status), "oops"}));
        CHECK(verdict.sign == Breaker::Sign::failing);
        CHECK_FALSE(verdict.pause);
    }
}

TEST_CASE("webhook_answer: without an answer the order is tried again, and the reason says why") {
    const std::vector<std::pair<NoAnswer, std::string>> reasons{
        {NoAnswer::timeout, "timeout"},
        {NoAnswer::unreachable, "unreachable"},
        {NoAnswer::tls, "tls"},
        {NoAnswer::bad_answer, "bad_answer"}};
    for (const auto& [reason, text] : reasons) {
        const Verdict verdict = verdict_on(reason, "why");
        CHECK(verdict.result == ProcessingResult(Retry{text, "why"}));
        CHECK(verdict.sign == Breaker::Sign::failing);
        CHECK_FALSE(verdict.pause);
    }
}

TEST_CASE("webhook_answer: a detail is the beginning of the body, in whole characters") {
    const std::string body = std::string(max_detail_bytes - 1, 'x') + "\xc3\xa4 and more";
    const Verdict verdict = judged({.status = 422, .body = body});
    CHECK(verdict.result ==
          ProcessingResult(Failure{"http_422", std::string(max_detail_bytes - 1, 'x')}));
}

}  // namespace orders::test
