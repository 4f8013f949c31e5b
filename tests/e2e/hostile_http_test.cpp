// Requests that no good client sends, against the real order-api: floods, foreign media, what is
// not HTTP at all. Each gets a proper answer or a closed connection, and everybody else is served
// meanwhile. Framing is in hostile_framing_test.cpp, crowds of clients in hostile_crowd_test.cpp.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/e2e/hostile_bytes.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;

}  // namespace

TEST_CASE("hostile_http: a compressed body is refused and not unpacked") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string encoding : {"gzip", "br", "deflate", "zstd", "gzip, gzip", "GZIP"}) {
        CAPTURE(encoding);
        const HttpAnswer answer =
            http.send({"POST",
                       "/api/v1/orders",
                       {{"Content-Type", "application/json"}, {"Content-Encoding", encoding}},
                       "\x1f\x8b\x08"});
        check_problem(answer, 415, "unsupported-media-type");
    }
}

TEST_CASE("hostile_http: forms are refused") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::string part =
        "--x\r\nContent-Disposition: form-data; name=\"order_id\"\r\n\r\n1\r\n";
    for (const HeaderList& headers :
         {HeaderList{{"Content-Type", "multipart/form-data; boundary=x"}},
          HeaderList{{"Content-Type", "multipart/form-data"}},
          HeaderList{{"Content-Type", "application/x-www-form-urlencoded"}}}) {
        const HttpAnswer answer =
            http.send({"POST", "/api/v1/orders", headers, part + part + "--x--\r\n"});
        check_problem(answer, 415, "unsupported-media-type");
    }
    // More than the HTTP library takes for a form.
    const HttpAnswer answer = http.send({"POST",
                                         "/api/v1/orders",
                                         {{"Content-Type", "application/x-www-form-urlencoded"}},
                                         "order_id=" + std::string(20'000, 'a')});
    check_problem(answer, 415, "unsupported-media-type");
}

TEST_CASE("hostile_http: header values are not percent-decoded") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::string order = order_json("order").dump();
    const HttpAnswer answer =
        http.send({"POST", "/api/v1/orders", {{"Content-Type", "application%2Fjson"}}, order});
    check_problem(answer, 415, "unsupported-media-type");
    const HttpAnswer split =
        http.send({"POST",
                   "/api/v1/orders",
                   {{"Content-Type", "application/json"},
                    {"X-Note", "a%0d%0aContent-Encoding:%20gzip%0d%0a%0d%0aGET%20/"}},
                   order});
    CHECK_EQ(split.status, 200);
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("hostile_http: too many headers are refused with 431, a line too long with 414") {
    OrderProcesses processes;
    processes.start_api();
    const std::string line = "GET /livez HTTP/1.1\r\nHost: a\r\n";
    std::string many = line;
    for (int i = 0; i < 100'000; ++i) many += "X-" + std::to_string(i) + ": a\r\n";
    check_refused(processes, many + "\r\n", {431});
    check_refused(processes, line + "X-Long: " + std::string(2'000'000, 'a') + end_of_head, {431});
    check_refused(processes, line + std::string(2'000'000, 'a'), {431});

    const std::string long_path(20'000, 'a');
    check_refused(processes, "GET /" + long_path + " HTTP/1.1" + end_of_head, {414});
    check_refused(processes, "GET /livez?" + long_path + " HTTP/1.1" + end_of_head, {414});
    check_refused(processes, "GET /" + std::string(5'000'000, 'a'), {414});
}

TEST_CASE("hostile_http: a path of many segments or wildcards is answered") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    std::string segments;
    for (int i = 0; i < 3'500; ++i) segments += "/a";
    CHECK_EQ(http.get(segments).status, 404);
    CHECK_EQ(http.get("/api/v1/orders/" + std::string(7'000, 'a')).status, 404);
    CHECK_EQ(http.get("/api/v1/orders/" + std::string(2'000, '%')).status / 100, 4);
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("hostile_http: the whole answer comes, uncompressed, whatever the client asks for") {
    OrderProcesses processes;
    processes.start_api();
    std::vector<json> orders;
    for (int i = 0; i < 50; ++i) orders.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(orders);
    HttpClient http = processes.client();
    std::string many_ranges = "bytes=0-0";
    while (many_ranges.size() < 8'000) many_ranges += ",0-";
    for (const auto& header : HeaderList{{"Accept-Encoding", "br"},
                                         {"Accept-Encoding", "gzip, deflate, br"},
                                         {"Range", "bytes=0-3"},
                                         {"Range", "bytes=5-"},
                                         {"Range", "bytes=-1"},
                                         {"Range", many_ranges},
                                         {"Range", "bytes=99999999-"},
                                         {"Range", "nonsense"}}) {
        CAPTURE(header.second);
        const HttpAnswer answer = http.send({"GET", "/api/v1/orders", {header}});
        CHECK_EQ(answer.status, 200);
        CHECK_EQ(answer.header("content-encoding"), std::nullopt);
        CHECK_EQ(answer.header("content-range"), std::nullopt);
        CHECK_EQ(answer.json()["orders"].size(), 50);
    }
}

TEST_CASE("hostile_http: a connection is closed after the answer when the client asks for it") {
    OrderProcesses processes;
    processes.start_api();
    for (const std::string request : {"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                                      "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n",
                                      "GET /livez HTTP/1.0\r\n\r\n"}) {
        CAPTURE(request);
        RawConnection connection(processes.port());
        connection.send(request);
        CHECK_EQ(status_of(connection.read_answer(patience)), 200);
        CHECK(connection.is_closed_by_server(patience));
    }
}

TEST_CASE("hostile_http: a client that waits for 100 Continue gets its answer") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    const std::string order = order_json("expected").dump();
    connection.send(post_head + "Expect: 100-continue\r\nContent-Length: " +
                    std::to_string(order.size()) + end_of_head);
    CHECK_EQ(status_of(connection.read_answer(patience)), 100);
    connection.send(order);
    CHECK_EQ(status_of(connection.read_answer(patience)), 200);
}

TEST_CASE("hostile_http: what is not an HTTP/1 request at all is refused") {
    OrderProcesses processes;
    processes.start_api();
    const std::string tls_hello("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10);
    for (const std::string& bytes :
         {tls_hello + end_of_head, std::string("nonsense") + end_of_head,
          std::string("GET /livez") + end_of_head,
          std::string("GET  /livez HTTP/1.1") + end_of_head,
          std::string("GET /livez HTTP/1.1 x") + end_of_head,
          std::string("GET /livez HTTP/1.1") + end_of_head,
          std::string("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b") + end_of_head,
          std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
          std::string("GET /livez HTTP/3.0\r\nHost: a") + end_of_head,
          std::string("G\0T /livez HTTP/1.1", 19) + end_of_head}) {
        check_refused(processes, bytes, {400, 405, 501, 505});
    }
}

TEST_CASE("hostile_http: a second API on the same port ends with 1 and says why") {
    OrderProcesses processes;
    processes.start_api();
    ChildProcess& second =
        processes.launch(api_program(), {"--port", std::to_string(processes.port())});
    CHECK_EQ(second.wait_exit(patience), exited(1));
    CHECK_EQ(second.count_lines(" listening "), 0);
    CHECK_EQ(second.count_lines(std::to_string(processes.port())), 1);
    CHECK_EQ(processes.client().get("/livez").status, 200);
}

}  // namespace orders::test
