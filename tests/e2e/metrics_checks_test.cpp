// What others say of GET /metrics and of the alert rules: Prometheus' own tool, and its client's
// parser for Python. Each also has to find a fault that is planted, or it would prove nothing.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "shared/metrics/catalogue.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/proxy_program.h"
#include "tests/support/skipped.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

const std::string rules = std::string(ORDERS_SOURCE_DIR) + "/shared/packaging/prometheus/";
const std::string no_promtool = "there is no promtool (./dev unpacks it from a package)";

// Of an API that has done something, with kinds, refusals and a worker.
std::string scraped() {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    nlohmann::json mail = order_json("mail");
    mail["kind"] = "mail";
    processes.submit(mail);
    processes.submit(order_json("a", "High"));
    (void)processes.client().post("/api/v1/orders", order_json("a", "High"));
    (void)processes.client().get("/no/such/path");
    processes.finished_order("mail");
    return processes.client().get("/metrics").body;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    REQUIRE_NE(at, std::string::npos);
    return text.replace(at, what.size(), with);
}

bool accepts(const std::string& program, const std::vector<std::string>& command,
             const std::string& text) {
    const TempDir directory;
    const std::string file = directory.file("metrics");
    std::ofstream(file) << text;
    std::string line = program;
    for (const std::string& word : command) line += " '" + word + "'";
    const Run checked = run("/bin/sh", {"-c", line + " <" + file + " 2>&1"});
    INFO(checked.output);
    return checked.ending == exited(0);
}

// Of the names that begin as ours do, those that no metric has.
std::set<std::string> unknown_names(const std::string& text) {
    std::set<std::string> known;
    for (const Metric* const metric : all_metrics) {
        known.emplace(metric->name);
        if (metric->type != MetricType::histogram) continue;
        for (const char* const part : {"_bucket", "_sum", "_count"}) {
            known.insert(std::string(metric->name) + part);
        }
    }
    static const std::regex name("orders_[a-z_]+");
    std::set<std::string> unknown;
    for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
        if (!known.contains(match->str())) unknown.insert(match->str());
    }
    return unknown;
}

}  // namespace

TEST_CASE("metrics_checks: promtool has nothing to say against a scrape") {
    const auto promtool = proxy_program("promtool");
    if (!promtool) return skipped(no_promtool);
    const std::vector<std::string> check{"check", "metrics"};
    const std::string text = scraped();
    CHECK(accepts(*promtool, check, text));
    CHECK_FALSE(accepts(*promtool, check,
                        replaced(text, "# TYPE orders_deleted_total counter\n",
                                 "# TYPE orders_deleted_total gauge\n")));
    CHECK_FALSE(accepts(*promtool, check, replaced(text, "kind=\"mail\"", "kind=\"ma\"il\"")));
    CHECK_FALSE(accepts(*promtool, check, text.substr(0, text.size() - 1)));
}

TEST_CASE("metrics_checks: a strict reader takes a scrape, and finds what promtool does not") {
    const std::string python = "/usr/bin/python3";
    if (run("/bin/sh", {"-c", python + " -c 'import prometheus_client' 2>&1"}).ending !=
        exited(0)) {
        return skipped("there is no python3-prometheus-client");
    }
    const std::string script =
        std::string(ORDERS_SOURCE_DIR) + "/tests/e2e/metrics/strict_reader.py";
    const std::string text = scraped();
    CHECK(accepts(python, {script}, text));
    const std::string once = "orders_deleted_total 0\n";
    CHECK_FALSE(accepts(python, {script}, replaced(text, once, once + once)));
    const std::string count = "orders_processing_seconds_count{kind=\"mail\"} ";
    CHECK_FALSE(accepts(python, {script}, replaced(text, count, count + "7")));
}

TEST_CASE("metrics_checks: each alert fires when it should, and not when it almost should") {
    const auto promtool = proxy_program("promtool");
    if (!promtool) return skipped(no_promtool);
    CHECK_EQ(run(*promtool, {"check", "rules", rules + "orders.rules.yml"}).ending, exited(0));
    const Run tested = run(*promtool, {"test", "rules", rules + "orders.rules.test.yml"});
    CHECK_MESSAGE(tested.ending == exited(0), tested.output);
}

TEST_CASE("metrics_checks: no alert could always fire, or never, without a test that fails") {
    const auto promtool = proxy_program("promtool");
    if (!promtool) return skipped(no_promtool);
    const std::string text = contents_of(rules + "orders.rules.yml");
    const std::string tests = contents_of(rules + "orders.rules.test.yml");
    for (std::size_t at = 0; (at = text.find("- alert: ", at)) != std::string::npos;) {
        at += std::string("- alert: ").size();
        const std::string alert = text.substr(at, text.find('\n', at) - at);
        CAPTURE(alert);
        const TempDir directory;
        const std::size_t expression = text.find("expr: ", at) + std::string("expr: ").size();
        for (const std::string never_or_always : {"vector(0) > 1", "vector(1)"}) {
            std::string changed = text;
            const std::size_t end = text.find("        labels:", expression);
            const std::size_t wait = text.find("        for:", expression);
            changed.replace(expression, std::min(end, wait) - expression, never_or_always + "\n");
            std::ofstream(directory.file("orders.rules.yml")) << changed;
            std::ofstream(directory.file("test.yml")) << tests;
            CHECK_EQ(run(*promtool, {"test", "rules", directory.file("test.yml")}).ending,
                     exited(1));
        }
    }
}

TEST_CASE("metrics_checks: the rules name only metrics that there are") {
    CHECK(unknown_names("rate(orders_no_such_total[5m])").size() == 1);
    for (const std::string& name : unknown_names(contents_of(rules + "orders.rules.yml"))) {
        FAIL_CHECK(name);
    }
}

}  // namespace orders::test
