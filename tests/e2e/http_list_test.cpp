// GET /api/v1/orders: newest first, page by page to the end, with and without filters.

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;

constexpr int order_count = 25;

std::string id_of(int number) {
    return "order-" + std::to_string(number);
}

// Every fifth order is High.
std::string priority_of(int number) {
    return number % 5 == 0 ? "High" : "Normal";
}

void submit_orders(OrderProcesses& processes) {
    std::vector<json> orders;
    for (int i = 1; i <= order_count; ++i) orders.push_back(order_json(id_of(i), priority_of(i)));
    processes.submit_all(orders);
}

// All ids, in the order in which the pages have them. `between` runs after each page.
template <typename Between>
std::vector<std::string> ids_of_all_pages(HttpClient& http, const std::string& query,
                                          Between between) {
    std::vector<std::string> ids;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
        const HttpAnswer answer = http.get("/api/v1/orders?" + query + cursor);
        REQUIRE_MESSAGE(answer.status == 200, answer.body);
        const json page = answer.json();
        for (const json& order : page.at("orders")) ids.push_back(order.at("order_id"));
        if (page.at("next_cursor").is_null()) return ids;
        cursor = "&cursor=" + page["next_cursor"].get<std::string>();
        between();
    }
    FAIL("the pages do not end");
    return ids;
}

std::vector<std::string> ids_of_all_pages(HttpClient& http, const std::string& query) {
    return ids_of_all_pages(http, query, [] {});
}

// The ids from the newest to the oldest; only those of one priority if it is given.
std::vector<std::string> newest_first(const std::optional<std::string>& priority = std::nullopt) {
    std::vector<std::string> ids;
    for (int i = order_count; i >= 1; --i) {
        if (!priority || *priority == priority_of(i)) ids.push_back(id_of(i));
    }
    return ids;
}

}  // namespace

TEST_CASE("http_list: an empty list is one empty page") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const json empty{{"orders", json::array()}, {"next_cursor", nullptr}};
    CHECK_EQ(http.get("/api/v1/orders").json(), empty);
    CHECK_EQ(http.get("/api/v1/orders?status=Failed&priority=High").json(), empty);
    CHECK_EQ(http.get("/api/v1/orders?status=&priority=&limit=&cursor=").json(), empty);
}

TEST_CASE("http_list: the pages of the list hold every order once, newest first") {
    OrderProcesses processes;
    processes.start_api();
    submit_orders(processes);
    HttpClient http = processes.client();
    for (const std::string limit : {"1", "4", "5", "24", "25", "26", "1000"}) {
        CAPTURE(limit);
        CHECK_EQ(ids_of_all_pages(http, std::string("limit=") + limit), newest_first());
    }
    const json page = http.get("/api/v1/orders?limit=2").json();
    REQUIRE_EQ(page["orders"].size(), 2);
    CHECK_EQ(page["orders"][1], as_listed(processes.order(id_of(order_count - 1))));
}

TEST_CASE("http_list: a page holds fifty orders if no limit is given") {
    OrderProcesses processes;
    processes.start_api();
    std::vector<json> orders;
    for (int i = 1; i <= 51; ++i) orders.push_back(order_json(id_of(i)));
    processes.submit_all(orders);
    const json page = processes.client().get("/api/v1/orders").json();
    CHECK_EQ(page["orders"].size(), 50);
    CHECK(page["next_cursor"].is_string());
}

TEST_CASE("http_list: the list may be narrowed to a priority and to a status") {
    OrderProcesses processes;
    processes.start_api();
    submit_orders(processes);
    HttpClient http = processes.client();
    CHECK_EQ(ids_of_all_pages(http, "priority=High&limit=2"), newest_first("High"));
    CHECK_EQ(ids_of_all_pages(http, "priority=Normal&limit=3"), newest_first("Normal"));
    CHECK_EQ(ids_of_all_pages(http, "status=Pending&limit=7"), newest_first());
    CHECK_EQ(ids_of_all_pages(http, "limit=2&status=Pending&priority=High"), newest_first("High"));
    CHECK(ids_of_all_pages(http, "status=Processed").empty());

    processes.start_worker();
    processes.counts_when_finished(order_count);
    CHECK(ids_of_all_pages(http, "status=Pending&limit=2").empty());
    CHECK(ids_of_all_pages(http, "status=Processing").empty());
    CHECK(ids_of_all_pages(http, "status=Failed").empty());
    CHECK_EQ(ids_of_all_pages(http, "status=Processed&limit=4"), newest_first());
}

TEST_CASE("http_list: orders that come while somebody pages do not disturb the pages") {
    OrderProcesses processes;
    processes.start_api();
    submit_orders(processes);
    HttpClient http = processes.client();
    int late_orders = 0;
    const auto submit_late = [&] { processes.submit(order_json(id_of(1'000 + ++late_orders))); };
    CHECK_EQ(ids_of_all_pages(http, "limit=3", submit_late), newest_first());
    CHECK_GT(late_orders, 5);
}

TEST_CASE("http_list: a query that is not understood answers 400 and names the parameter") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    struct Row {
        std::string query;
        std::string parameter;
    };
    for (const Row& row :
         {Row{"limit=0", "limit"},         Row{"limit=1001", "limit"},
          Row{"limit=-1", "limit"},        Row{"limit=%20", "limit"},
          Row{"limit=ten", "limit"},       Row{"limit=5x", "limit"},
          Row{"limit=1.5", "limit"},       Row{"limit=99999999999999999999", "limit"},
          Row{"limit=5&limit=6", "limit"}, Row{"status=pending", "status"},
          Row{"status=%20", "status"},     Row{"status=Done", "status"},
          Row{"priority=Low", "priority"}, Row{"priority=high", "priority"},
          Row{"cursor=%20", "cursor"},     Row{"cursor=nonsense", "cursor"},
          Row{"cursor=-1", "cursor"},      Row{"cursor=99999999999999999999", "cursor"},
          Row{"cursor=%00", "cursor"},     Row{"page=2", "page"},
          Row{"Limit=5", "Limit"}}) {
        CAPTURE(row.query);
        const HttpAnswer answer = http.get("/api/v1/orders?" + row.query);
        check_problem(answer, 400, "invalid-query");
        CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{row.parameter});
    }
}

}  // namespace orders::test
