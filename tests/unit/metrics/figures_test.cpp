#include "shared/metrics/figures.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/work_figures.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

Figures figures_of(const WorkFigures& work) {
    Figures figures;
    work.add_to(figures);
    return figures;
}

}  // namespace

TEST_CASE("figures: what is told as text comes back as it was, and adds up") {
    WorkFigures work;
    work.note_claimed(0, 20ms);
    work.note_claimed(0, 2min);
    work.note_settled("mail", 300ms);
    work.note_late_result();
    work.note_webhook("mail", WebhookResult::timeout);
    const Figures told = figures_of(work);
    auto read = Figures::from_text(told.as_text());
    REQUIRE(read);
    *read += told;
    CHECK(read->number(metric::late_results, "") == 2);
    CHECK(read->number(metric::webhook_requests, "mail,timeout") == 2);
    const Distribution waits = read->seen(metric::queue_wait, "High");
    CHECK(waits.buckets.at(2) == 2);  // up to 50 ms
    CHECK(waits.buckets.at(9) == 2);  // up to 300 s
    CHECK(waits.sum == doctest::Approx(240.04));
    CHECK(read->seen(metric::queue_wait, "Normal").sum == 0);
}

TEST_CASE("figures: nothing that is 0 is told") {
    CHECK(figures_of(WorkFigures()).as_text() == "{}");
}

TEST_CASE("figures: what has come since is what was not there before") {
    WorkFigures work;
    work.note_settled("mail", 1s);
    const Figures earlier = figures_of(work);
    CHECK(earlier.less(earlier).as_text() == "{}");
    work.note_settled("mail", 1s);
    work.note_settled("other", 1s);
    const Figures news = figures_of(work).less(earlier);
    CHECK(news.seen(metric::processing, "mail").sum == 1);
    CHECK(news.seen(metric::processing, "other").sum == 1);
}

TEST_CASE("figures: what belongs to a kind is known by how its name begins") {
    WorkFigures work;
    work.note_settled("mail", 1s);
    work.note_webhook("mail", WebhookResult::timeout);
    const std::string text = figures_of(work).as_text();
    const auto has = [&](const std::string& beginning) {
        return text.find('"' + beginning) != std::string::npos;
    };
    for (const std::string& beginning : beginnings_of_kind("mail")) CHECK(has(beginning));
    for (const std::string& beginning : beginnings_of_kind("mai")) CHECK_FALSE(has(beginning));
}

TEST_CASE("figures: a text that is none of theirs is refused") {
    for (const char* const text : {"", "[]", "1", "{\"a\":\"1\"}", "{\"a\":null}", "{\"a\":1"}) {
        CAPTURE(text);
        CHECK_FALSE(Figures::from_text(text));
    }
}

}  // namespace orders::test
