// The HTTP contract, row by row: every route with every status that it may answer with. What the
// bodies of orders may look like is in http_order_body_test.cpp, listing in http_list_test.cpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_blockers.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

using nlohmann::json;

const std::string orders_path = "/api/v1/orders";
const std::string batch_path = "/api/v1/orders/batch";

bool is_rfc3339(const json& time) {
    const std::string pattern = "dddd-dd-ddTdd:dd:dd.dddZ";
    const std::string text = time.is_string() ? time.get<std::string>() : "";
    return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                      [](char c, char expected) {
                          return expected == 'd' ? c >= '0' && c <= '9' : c == expected;
                      });
}

// Of a list such as "GET, HEAD".
std::set<std::string> words_of(std::string list) {
    std::replace(list.begin(), list.end(), ',', ' ');
    std::istringstream words(list);
    return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
}

}  // namespace

TEST_CASE("http_contract: POST of a new order answers 200 with the order and its location") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const HttpAnswer answer = http.post(orders_path, order_json("1235", "High", 7));
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.header("location"), "orders/1235");
    CHECK_EQ(answer.header("content-type"), "application/json; charset=utf-8");
    json order = answer.json();
    CHECK(is_rfc3339(order["created_at"]));
    order.erase("created_at");
    CHECK_EQ(order, json{{"order_id", "1235"},
                         {"priority", "High"},
                         {"processing_time", 7},
                         {"status", "Pending"},
                         {"attempts", 0},
                         {"started_at", nullptr},
                         {"finished_at", nullptr},
                         {"worker", nullptr},
                         {"failure", nullptr},
                         {"kind", "default"},
                         {"due_at", nullptr},
                         {"waiting_for", nullptr},
                         {"failure_detail", nullptr}});
    CHECK_EQ(as_listed(http.get("/api/v1/" + answer.header("location").value()).json()),
             answer.json());
}

TEST_CASE("http_contract: POST of an id that is taken answers 409 with that order's status") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const json first = http.post(orders_path, order_json("taken", "High", 7)).json();

    HttpAnswer answer = http.post(orders_path, order_json("taken", "Normal", 1));
    check_problem(answer, 409, "order-exists");
    CHECK_EQ(answer.json()["order_id"], "taken");
    CHECK_EQ(answer.json()["order_status"], "Pending");
    CHECK_EQ(as_listed(http.get(orders_path + "/taken").json()), first);

    processes.start_worker();
    processes.finished_order("taken");
    answer = http.post(orders_path, order_json("taken"));
    check_problem(answer, 409, "order-exists");
    CHECK_EQ(answer.json()["order_status"], "Processed");
}

TEST_CASE("http_contract: a body may be a mebibyte, and 413 answers anything larger") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    constexpr std::size_t limit = 1024 * 1024;
    std::string body = order_json("large").dump();
    body.append(limit - body.size(), ' ');
    CHECK_EQ(http.post(orders_path, body).status, 200);
    body += ' ';
    check_problem(http.post(orders_path, body), 413, "body-too-large");
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("http_contract: orders are taken as JSON only, and 415 answers anything else") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const auto post_as = [&](const std::string& content_type, const std::string& id) {
        return http.send(
            {"POST", orders_path, {{"Content-Type", content_type}}, order_json(id).dump()});
    };
    CHECK_EQ(post_as("application/json", "a").status, 200);
    CHECK_EQ(post_as("application/json; charset=utf-8", "b").status, 200);
    CHECK_EQ(post_as("Application/JSON;charset=UTF-8", "c").status, 200);
    for (const std::string wrong :
         {"text/plain", "application/xml", "application/jsonx", "text/json",
          "application/x-www-form-urlencoded", "json", "application/", "*/*"}) {
        CAPTURE(wrong);
        check_problem(post_as(wrong, "wrong"), 415, "unsupported-media-type");
    }
    check_problem(http.send({"POST", orders_path, {}, order_json("none").dump()}), 415,
                  "unsupported-media-type");
    CHECK_EQ(processes.counts()["Pending"], 3);
}

TEST_CASE("http_contract: an order that cannot be stored now gets 503 and Retry-After" *
          only_in_a_file()) {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    std::string refused_id;
    {
        std::optional<TurnstileBlocker> turnstile_blocker;
        std::optional<StoreWriter> store_writer;
        SUBCASE("because another process has its turn and does not end it") {
            turnstile_blocker.emplace(processes.database());
        }
        SUBCASE("because another program has a transaction open") {
            store_writer.emplace(processes.database());
        }
        int orders = 0;
        // One that the writer has in hand when it gets stuck has to wait for its outcome, so it may
        // have no answer yet; those behind it are refused.
        const HttpOutcome refused = eventually(
            patience,
            [&] {
                refused_id = "order-" + std::to_string(++orders);
                return http.attempt({"POST",
                                     orders_path,
                                     {{"Content-Type", "application/json"}},
                                     order_json(refused_id).dump()},
                                    std::chrono::seconds(5));
            },
            [](const HttpOutcome& outcome) { return status_of(outcome) != 0; });
        const HttpAnswer answer = answer_of(refused);
        check_problem(answer, 503, "overloaded");
        CHECK_GE(std::stoi(answer.header("retry-after").value_or("0")), 1);
        check_problem(http.get("/readyz"), 503, "not-ready");
        CHECK_EQ(http.get("/livez").status, 200);
        CHECK_EQ(http.get(orders_path + "/" + refused_id).status, 404);
    }
    eventually(patience, [&] { return http.get("/readyz").status == 200; });
    CHECK_EQ(http.get(orders_path + "/" + refused_id).status, 404);
    CHECK_EQ(http.post(orders_path, order_json(refused_id)).status, 200);
}

TEST_CASE("http_contract: GET of an order answers 404 if there is none") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string& id :
         {std::string("unknown"), std::string("-"), std::string("a%20b"), std::string("%00"),
          std::string(65, 'a'), std::string(128, 'a')}) {
        CAPTURE(id);
        check_problem(http.get(orders_path + "/" + id), 404, "order-not-found");
    }
    CHECK_EQ(http.get(orders_path + "/" + std::string(1'000, 'a')).status, 404);
}

TEST_CASE("http_contract: an id may be percent-encoded in the path, and may look like a route") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string id : {"a._:~-z", "batch", "report", "livez"}) {
        CAPTURE(id);
        const HttpAnswer created = http.post(orders_path, order_json(id));
        REQUIRE_EQ(created.status, 200);
        CHECK_EQ(as_listed(http.get("/api/v1/" + created.header("location").value_or("")).json()),
                 created.json());
    }
    CHECK_EQ(http.get(orders_path + "/a%2E_%3a~-z").status, 200);
}

TEST_CASE("http_contract: a batch answers for each order in the order given") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    processes.submit(order_json("standing"));
    const HttpAnswer answer = http.post(batch_path, {{"orders",
                                                      {order_json("new"),
                                                       order_json("standing"),
                                                       order_json("bad id"),
                                                       order_json("low", "Low", 0),
                                                       17,
                                                       order_json("new", "High"),
                                                       {{"order_id", 5}},
                                                       order_json("last")}}});
    REQUIRE_EQ(answer.status, 200);
    const json results = answer.json()["results"];
    REQUIRE_EQ(results.size(), 8);
    CHECK_EQ(results[0]["order_id"], "new");
    CHECK_EQ(results[0]["status"], "created");
    CHECK(is_rfc3339(results[0]["created_at"]));
    CHECK_EQ(results[1],
             json{{"order_id", "standing"}, {"status", "duplicate"}, {"order_status", "Pending"}});
    CHECK_EQ(results[2]["order_id"], "bad id");
    CHECK_EQ(results[2]["status"], "invalid");
    CHECK_EQ(fields_at_fault(results[2]), std::set<std::string>{"order_id"});
    CHECK_EQ(fields_at_fault(results[3]), std::set<std::string>{"priority", "processing_time"});
    CHECK_EQ(results[4]["order_id"], nullptr);
    CHECK_EQ(results[4]["status"], "invalid");
    CHECK_EQ(results[5]["status"], "duplicate");
    CHECK_EQ(results[6]["order_id"], nullptr);
    CHECK_EQ(results[6]["status"], "invalid");
    CHECK_EQ(results[7]["status"], "created");
    CHECK_EQ(processes.counts()["Pending"], 3);
    CHECK_EQ(processes.order("new")["priority"], "Normal");
}

TEST_CASE("http_contract: a batch must be a list of one to a thousand orders") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    json too_many = json::array();
    for (int i = 0; i < 1'001; ++i) too_many.push_back(order_json(std::to_string(i)));
    for (const json& orders : {json::array(), json::object(), json("a"), json(nullptr), too_many}) {
        const HttpAnswer answer = http.post(batch_path, {{"orders", orders}});
        check_problem(answer, 400, "malformed-body");
        CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"orders"});
    }
    check_problem(http.post(batch_path, json::object()), 400, "malformed-body");
    check_problem(http.post(batch_path, std::string(R"({"orders":[{}],"orders":[{}]})")), 400,
                  "malformed-body");
    check_problem(http.post(batch_path, std::string("{\"orders\":[")), 400, "malformed-body");
    check_problem(http.send({"POST", batch_path, {{"Content-Type", "text/plain"}}, "{}"}), 415,
                  "unsupported-media-type");
    CHECK_EQ(processes.counts()["Pending"], 0);
}

TEST_CASE("http_contract: the report of an empty store is complete") {
    OrderProcesses processes;
    processes.start_api();
    const HttpAnswer answer = processes.client().get("/api/v1/report");
    CHECK_EQ(answer.status, 200);
    const json none{
        {"Pending", 0}, {"Processing", 0}, {"Processed", 0}, {"Failed", 0}, {"Cancelled", 0}};
    CHECK_EQ(answer.json(),
             json{{"counts", none},
                  {"by_priority", {{"High", none}, {"Normal", none}}},
                  {"oldest_pending_seconds", nullptr},
                  {"workers", json::array()},
                  {"waiting_for_time", 0},
                  {"next_due_at", nullptr},
                  {"oldest_pending_seconds_by_priority", {{"High", nullptr}, {"Normal", nullptr}}},
                  {"kinds",
                   {{{"kind", "default"},
                     {"counts", none},
                     {"waiting_for_time", 0},
                     {"paused", false},
                     {"unattended", false}}}},
                  {"endpoints", json::array()}});
}

TEST_CASE("http_contract: the API says that it lives and is ready") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    CHECK_EQ(http.get("/livez").json(), json{{"status", "live"}});
    CHECK_EQ(http.get("/readyz").json(), json{{"status", "ready"}});
}

TEST_CASE("http_contract: an unknown route answers 404") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string path :
         {"/ui/nowhere", "/api", "/api/v1", "/api/v2/orders", "/API/v1/orders", "/orders",
          "/api/v1/orders/", "/api/v1/orders/a/b", "/api/v1/orders/a%2Fb", "//api/v1/orders",
          "/livez/", "/api/v1/orders/../report", "/%2e%2e"}) {
        CAPTURE(path);
        const HttpAnswer answer = http.get(path);
        CHECK_EQ(answer.status, 404);
        check_tells_no_internals(answer);
    }
    check_problem(http.get("/nowhere"), 404, "route-not-found");
    check_problem(http.post("/nowhere", json::object()), 404, "route-not-found");
}

TEST_CASE("http_contract: a known route with another method answers 405 and says which it allows") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::set<std::string> get_only{"GET", "HEAD", "OPTIONS"};
    struct Row {
        std::string path;
        std::set<std::string> allowed;
    };
    for (const Row& row :
         {Row{orders_path, {"GET", "HEAD", "POST", "OPTIONS"}},
          Row{orders_path + "/1235", {"GET", "HEAD", "PATCH", "OPTIONS"}},
          Row{orders_path + "/1235/cancel", {"POST", "OPTIONS"}},
          Row{"/api/v1/kinds/a/pause", {"POST", "OPTIONS"}}, Row{"/api/v1/report", get_only},
          Row{"/livez", get_only}, Row{"/readyz", get_only}}) {
        for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
            if (row.allowed.contains(method)) continue;
            CAPTURE(method);
            CAPTURE(row.path);
            const HttpAnswer answer = http.send({method, row.path, {}, ""});
            check_problem(answer, 405, "method-not-allowed");
            CHECK_EQ(words_of(answer.header("allow").value_or("")), row.allowed);
        }
        const HttpAnswer options = http.send({"OPTIONS", row.path});
        CHECK_EQ(options.status, 204);
        CHECK_EQ(words_of(options.header("allow").value_or("")), row.allowed);
    }
    const HttpAnswer answer = http.send({"PUT", batch_path, {}, ""});
    check_problem(answer, 405, "method-not-allowed");
    CHECK(words_of(answer.header("allow").value_or("")).contains("POST"));
    CHECK_EQ(http.send({"OPTIONS", "*"}).status, 204);
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("http_contract: HEAD answers as GET does, without the body") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("1235"));
    HttpClient http = processes.client();
    for (const std::string path : {"/api/v1/orders/1235", "/api/v1/orders", "/livez", "/nowhere"}) {
        CAPTURE(path);
        const HttpAnswer get = http.get(path);
        const HttpAnswer head = http.send({"HEAD", path});
        CHECK_EQ(head.status, get.status);
        CHECK_EQ(head.header("content-type"), get.header("content-type"));
        CHECK_EQ(head.header("content-length"), std::to_string(get.body.size()));
    }
    // Nothing of a body was left on the connection.
    CHECK_EQ(http.get("/livez").json(), json{{"status", "live"}});
}

}  // namespace orders::test
