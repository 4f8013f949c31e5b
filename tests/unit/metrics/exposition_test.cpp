#include "api/metrics/exposition.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "api/http/traffic.h"
#include "api/metrics/http_metrics.h"
#include "shared/metrics/catalogue.h"
#include "tests/support/document.h"
#include "tests/support/scrape.h"

namespace orders::test {
namespace {

std::string type_name(MetricType type) {
    return type == MetricType::counter ? "counter"
           : type == MetricType::gauge ? "gauge"
                                       : "histogram";
}

// As the table of OPERATING.md has it.
std::string row_of(const Metric& metric) {
    std::string labels;
    for (std::size_t at = 0; at < metric.label_count(); ++at) {
        labels += (at == 0 ? "`" : ", `") + std::string(metric.labels.at(at)) + "`";
    }
    return "| `" + std::string(metric.name) + "` | " + type_name(metric.type) + " | " + labels +
           (labels.empty() ? "| " : " | ") + std::string(metric.help) + " |";
}

}  // namespace

TEST_CASE("exposition: a family has its help, its type and a line for each series") {
    Exposition exposition;
    exposition.add(metric::http_in_flight, 3);
    exposition.add(metric::http_refused, {"framing"}, 0);
    exposition.add(metric::http_refused, {"memory"}, 7);
    CHECK(exposition.text() ==
          "# HELP orders_http_in_flight_requests Requests that wait for their answer, long polls "
          "too.\n"
          "# TYPE orders_http_in_flight_requests gauge\n"
          "orders_http_in_flight_requests 3\n"
          "# HELP orders_http_refused_total Requests and connections that were turned away before "
          "any route was asked.\n"
          "# TYPE orders_http_refused_total counter\n"
          "orders_http_refused_total{reason=\"framing\"} 0\n"
          "orders_http_refused_total{reason=\"memory\"} 7\n");
}

TEST_CASE("exposition: quotes, backslashes and line feeds in a label's value are escaped") {
    Exposition exposition;
    exposition.add(metric::webhook_in_flight, {"a\"b\\c\nd"}, 1);
    CHECK(exposition.text().find("{kind=\"a\\\"b\\\\c\\nd\"} 1\n") != std::string::npos);
}

TEST_CASE("exposition: a histogram's buckets add up to its count") {
    Histogram histogram(metric::latency_bounds);
    histogram.observe(.0004);
    histogram.observe(.003, 2);
    histogram.observe(99);
    Exposition exposition;
    exposition.add(metric::http_request_duration, {"GET /livez"}, histogram.seen());
    const Scrape scrape(exposition.text());
    const std::string bucket =
        "orders_http_request_duration_seconds_bucket{route=\"GET /livez\",le=";
    CHECK(scrape[bucket + "\"0.0005\"}"] == 1);
    CHECK(scrape[bucket + "\"0.0025\"}"] == 1);
    CHECK(scrape[bucket + "\"0.005\"}"] == 3);
    CHECK(scrape[bucket + "\"10\"}"] == 3);
    CHECK(scrape[bucket + "\"+Inf\"}"] == 4);
    CHECK(scrape["orders_http_request_duration_seconds_count{route=\"GET /livez\"}"] == 4);
    CHECK(scrape["orders_http_request_duration_seconds_sum{route=\"GET /livez\"}"] ==
          doctest::Approx(99.0064));
}

TEST_CASE("exposition: a route has its series before its first request") {
    http::Traffic traffic;
    (void)traffic.add_route("GET /livez");
    Exposition exposition;
    add_http_metrics(traffic, exposition);
    const Scrape scrape(exposition.text());
    for (const std::string route : {"GET /livez", "other"}) {
        for (const std::string code : {"200", "500", "503"}) {
            CHECK(scrape["orders_http_requests_total{route=\"" + route + "\",code=\"" + code +
                         "\"}"] == 0);
        }
        CHECK(scrape["orders_http_request_duration_seconds_count{route=\"" + route + "\"}"] == 0);
    }
}

TEST_CASE("exposition: routes that are counted under one name are one series") {
    http::Traffic traffic;
    CHECK(&traffic.add_route("GET /ui/") == &traffic.add_route("GET /ui/"));
    Exposition exposition;
    add_http_metrics(traffic, exposition);
    CHECK(Scrape(exposition.text())
              .has("orders_http_request_duration_seconds_count{route=\"GET /ui/\"}"));
}

TEST_CASE("catalogue: names, types and units are as Prometheus wants them") {
    std::set<std::string_view> names;
    for (const Metric* const metric : all_metrics) {
        CAPTURE(metric->name);
        CHECK(names.insert(metric->name).second);
        CHECK((metric->type == MetricType::counter) == metric->name.ends_with("_total"));
        CHECK((metric->type == MetricType::histogram) == !metric->bounds.empty());
        CHECK((metric->name.starts_with("orders_") || metric->name.starts_with("process_")));
        CHECK(metric->help.ends_with('.'));
        CHECK(metric->help.find('\n') == std::string_view::npos);
        for (std::size_t at = 1; at < metric->bounds.size(); ++at) {
            CHECK(metric->bounds[at - 1] < metric->bounds[at]);
        }
    }
}

TEST_CASE("catalogue: OPERATING.md has a row for each metric, and no other") {
    std::set<std::string> expected;
    for (const Metric* const metric : all_metrics) expected.insert(row_of(*metric));
    const auto rows =
        Document("shared/packaging/OPERATING.md")
            .matches(std::regex("\n(\\| `(?:orders|process)_[a-z_]+` \\|[^\n]*)(?=\n)"));
    CHECK(std::set<std::string>(rows.begin(), rows.end()) == expected);
}

}  // namespace orders::test
