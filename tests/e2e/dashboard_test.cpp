// The dashboard's files as they are served: to whom, in which form, with which headers. What the
// page does is for tests/browser to say.

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

std::string unpacked(const std::string& bytes) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
    std::string packed = bytes;
    std::string plain(4'000'000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    plain.resize(stream.total_out);
    inflateEnd(&stream);
    return plain;
}

// What the page refers to, as paths.
std::vector<std::string> assets_of(const std::string& page) {
    const std::regex reference("(?:href|src)=\"(assets/[^\"]+)\"");
    std::set<std::string> paths;
    for (std::sregex_iterator match(page.begin(), page.end(), reference), end; match != end;
         ++match) {
        paths.insert("/ui/" + (*match)[1].str());
    }
    return {paths.begin(), paths.end()};
}

HttpAnswer get_with(HttpClient& http, const std::string& target, const HeaderList& headers) {
    return http.send({.method = "GET", .target = target, .headers = headers});
}

}  // namespace

TEST_CASE("dashboard: every page of it is the same file, and / leads there") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const HttpAnswer page = http.get("/ui/");
    CHECK(page.status == 200);
    CHECK(page.header("content-type") == "text/html; charset=utf-8");
    CHECK(page.header("cache-control") == "no-cache");
    for (const char* path :
         {"/ui/orders?status=Failed", "/ui/order?id=a1", "/ui/workers", "/ui/settings"}) {
        CHECK(http.get(path).body == page.body);
    }
    for (const char* path : {"/", "/ui"}) {
        const HttpAnswer answer = http.get(path);
        CHECK(answer.status == 302);
        CHECK(answer.header("location") == "ui/");
    }
    check_problem(http.get("/ui/elsewhere"), 404, "route-not-found");
    check_problem(http.get("/ui/assets/000000000000/main.js"), 404, "route-not-found");
    CHECK(http.post("/ui/", std::string("{}")).status == 405);
}

TEST_CASE("dashboard: its files may be kept for ever, and are compressed for who takes that") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::vector<std::string> assets = assets_of(http.get("/ui/").body);
    CHECK(assets.size() >= 6);
    for (const std::string& path : assets) {
        CAPTURE(path);
        const HttpAnswer plain = http.get(path);
        REQUIRE(plain.status == 200);
        CHECK_FALSE(plain.header("content-encoding"));
        CHECK(plain.header("cache-control") == "public, max-age=31536000, immutable");
        CHECK(plain.header("vary") == "Accept-Encoding");
        const HttpAnswer packed = get_with(http, path, {{"Accept-Encoding", "gzip, br"}});
        CHECK(packed.header("content-encoding") == "gzip");
        CHECK(unpacked(packed.body) == plain.body);
        CHECK(packed.header("etag") != plain.header("etag"));
        const HttpAnswer known = get_with(http, path, {{"If-None-Match", *plain.header("etag")}});
        CHECK(known.status == 304);
        CHECK(known.body.empty());
        CHECK(known.header("etag") == plain.header("etag"));
        // The module that others are loaded from names them relatively.
        CHECK(plain.body.find("/ui/") == std::string::npos);
    }
}

TEST_CASE("dashboard: the browser is told what the page may do") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const HttpAnswer page = http.get("/ui/");
    CHECK(page.header("content-security-policy") ==
          "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'");
    CHECK(page.header("x-content-type-options") == "nosniff");
    CHECK(page.header("referrer-policy") == "no-referrer");
    // Nothing is loaded from elsewhere, and nothing needs what the policy forbids.
    CHECK_FALSE(std::regex_search(page.body, std::regex("(src|href)=\"(https?:)?//")));
    CHECK_FALSE(std::regex_search(page.body, std::regex("<script>|<style|style=\"| on[a-z]+=\"")));
}

TEST_CASE("dashboard: it needs no token, and what it shows does") {
    OrderProcesses processes;
    processes.set("API_TOKENS", "s3cret-0123456789");
    processes.start_api();
    HttpClient http = processes.client();
    const HttpAnswer page = http.get("/ui/");
    CHECK(page.status == 200);
    for (const std::string& path : assets_of(page.body)) CHECK(http.get(path).status == 200);
    CHECK(http.get("/").status == 302);
    CHECK(http.get("/ui/order?id=a1").status == 200);
    for (const char* path : {"/api/v1/report", "/api/v1/report/history", "/api/v1/settings",
                             "/ui/elsewhere", "/ui//", "/%75i/"}) {
        CHECK_MESSAGE(http.get(path).status == 401, path);
    }
}

TEST_CASE("dashboard: it can be switched off, and then nothing leads there") {
    OrderProcesses processes;
    processes.start_api({"--dashboard", "off"});
    HttpClient http = processes.client();
    for (const char* path : {"/", "/ui", "/ui/", "/ui/orders"}) {
        check_problem(http.get(path), 404, "route-not-found");
    }
    CHECK(http.get("/api/v1/settings").status == 200);
}

TEST_CASE("dashboard: settings are told as they are, and no secret with them") {
    OrderProcesses processes;
    processes.set("API_TOKENS", "s3cret-0123456789");
    processes.start_api({"--max-pending-orders", "77", "--keep-failed-seconds", "60"});
    HttpClient http = processes.client();
    const HttpAnswer answer =
        get_with(http, "/api/v1/settings", {{"Authorization", "Bearer s3cret-0123456789"}});
    REQUIRE(answer.status == 200);
    const nlohmann::json settings = answer.json();
    CHECK(settings.at("access") == "token");
    CHECK(settings.at("is_local") == true);
    CHECK(settings.at("max_pending_orders") == 77);
    CHECK(settings.at("keep_failed_seconds") == 60);
    CHECK(settings.at("store") == processes.database());
    CHECK(answer.body.find("s3cret") == std::string::npos);
}

TEST_CASE("dashboard: samples of how it goes are taken while a program runs") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const auto history = [&] { return http.get("/api/v1/report/history?minutes=1").json(); };
    const auto has_one = [&] {
        const nlohmann::json column = history().at("processing");
        return std::ranges::any_of(column, [](const auto& value) { return !value.is_null(); });
    };
    eventually(patience, has_one);
    CHECK(history().at("created").size() == 6);
    check_problem(http.get("/api/v1/report/history?minutes=0"), 400, "invalid-query");
}

}  // namespace orders::test
