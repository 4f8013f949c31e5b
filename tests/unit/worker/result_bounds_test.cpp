#include "worker/processors/result_bounds.h"

#include <doctest/doctest.h>

#include <string>

namespace orders::test {
namespace {

ProcessingResult completed(const std::string& result) {
    return kept_within_bounds(Completed{json_text(result)});
}

bool is_processor_error(const ProcessingResult& result) {
    const auto* failure = std::get_if<Failure>(&result);
    return failure != nullptr && failure->reason == failure_reason::processor_error &&
           !failure->detail.empty();
}

std::string detail_kept(const std::string& detail) {
    return std::get<Retry>(kept_within_bounds(Retry{"busy", detail})).detail;
}

}  // namespace

TEST_CASE("result_bounds: what keeps to the rules is kept as it is") {
    CHECK(kept_within_bounds(Completed{}) == ProcessingResult(Completed{}));
    CHECK(completed("{\"a\": 1e999}") == ProcessingResult(Completed{json_text("{\"a\": 1e999}")}));
    const Failure failure{"card_declined.2-x", "détail"};
    CHECK(kept_within_bounds(failure) == ProcessingResult(failure));
    const Retry retry{"busy", {}, std::chrono::seconds(3)};
    CHECK(kept_within_bounds(retry) == ProcessingResult(retry));
}

TEST_CASE("result_bounds: a result that is no JSON, or too long, is the processor's error") {
    CHECK(is_processor_error(completed("done")));
    CHECK(is_processor_error(completed("")));
    const std::string longest = '"' + std::string(max_result_bytes - 2, 'x') + '"';
    CHECK(completed(longest) == ProcessingResult(Completed{json_text(longest)}));
    CHECK(is_processor_error(completed(' ' + longest)));
}

TEST_CASE("result_bounds: a reason that breaks the rule is the processor's error") {
    for (const char* reason : {"", "Card declined", "UPPER", "a/b", "ü"}) {
        CAPTURE(reason);
        CHECK(is_processor_error(kept_within_bounds(Failure{reason})));
        CHECK(is_processor_error(kept_within_bounds(Retry{reason})));
    }
    CHECK_FALSE(is_processor_error(kept_within_bounds(Failure{std::string(64, 'r')})));
    CHECK(is_processor_error(kept_within_bounds(Failure{std::string(65, 'r')})));
}

TEST_CASE("result_bounds: a long detail is cut at the end of a character") {
    CHECK(detail_kept(std::string(max_detail_bytes, 'x')).size() == max_detail_bytes);
    CHECK(detail_kept(std::string(max_detail_bytes + 1, 'x')).size() == max_detail_bytes);
    const std::string cut = detail_kept(std::string(max_detail_bytes - 1, 'x') + "€");
    CHECK(cut == std::string(max_detail_bytes - 1, 'x'));
}

TEST_CASE("result_bounds: bytes of a detail that are no UTF-8 are replaced") {
    CHECK(detail_kept("a\xff"
                      "b\xc3") ==
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd");
    CHECK(detail_kept("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
    CHECK(detail_kept("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
}

}  // namespace orders::test
