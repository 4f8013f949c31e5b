#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "api/http/client.h"
#include "api/http/server.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/slow_sender.h"

namespace orders {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ConnectionFailure;
using test::HttpAnswer;
using test::HttpClient;
using test::patience;
using test::RawConnection;

HttpServerOptions small_options() {
    HttpServerOptions options;
    options.handler_threads = 2;
    options.max_header_bytes = 2'000;
    options.max_body_bytes = 100'000;
    options.transfer_limit = patience;
    options.idle_limit = patience;
    return options;
}

HttpResponse refusal(int status, std::string_view detail) {
    return {
        .status = status, .content_type = "application/problem+json", .body = std::string(detail)};
}

// What the handler saw, as lines.
HttpResponse describe(const HttpRequest& request) {
    std::string text = request.method + " " + request.path + "\n";
    for (const auto& parameter : request.path_parameters) text += "parameter " + parameter + "\n";
    for (const auto& [name, value] : request.query) text += "query " + name + "=" + value + "\n";
    return {.body = text + request.content_type + "\n" + request.body};
}

// Serves until it goes out of scope.
class RunningServer {
   public:
    explicit RunningServer(const HttpServerOptions& options = small_options())
        : server_(options, refusal) {
        server_.route("/orders", {{"GET", describe}, {"POST", describe}});
        server_.route("/orders/{}/items.json", {{"GET", describe}});
        server_.route("/orders/{}", {{"GET", describe}, {"DELETE", describe}});
    }
    ~RunningServer() {
        server_.stop();
        if (thread_.joinable()) thread_.join();
    }

    HttpServer& operator*() { return server_; }
    HttpServer* operator->() { return &server_; }

    int start(milliseconds drain_limit = patience) {
        const int port = server_.bind();
        thread_ = std::jthread([this, drain_limit] { server_.run(drain_limit); });
        return port;
    }
    void await_end() { thread_.join(); }

   private:
    HttpServer server_;
    std::jthread thread_;
};

// A handler that is inside until it is told to leave.
class Gate {
   public:
    HttpResponse operator()() {
        entered_.set_value();
        leave_.get_future().wait_for(patience);
        return {.body = "left"};
    }
    void await_entry() { entered_.get_future().wait_for(patience); }
    void open() { leave_.set_value(); }

   private:
    std::promise<void> entered_;
    std::promise<void> leave_;
};

std::string post(const std::string& headers_and_body) {
    return "POST /orders HTTP/1.1\r\nHost: a\r\n" + headers_and_body;
}

const std::string get_orders = "GET /orders HTTP/1.1\r\nHost: a\r\n\r\n";

HttpAnswer next_answer(RawConnection& connection) {
    return test::answer_of(connection.read_answer(patience));
}

// The answer to bytes that must end the connection.
HttpAnswer last_answer(int port, const std::string& bytes) {
    RawConnection connection(port);
    connection.send(bytes);
    HttpAnswer answer = next_answer(connection);
    CHECK(answer.header("connection") == "close");
    CHECK(connection.is_closed_by_server(patience));
    return answer;
}

TEST_CASE("http: a handler sees the request, and the client its answer") {
    RunningServer server;
    HttpClient client(server.start());

    const HttpAnswer posted = client.send({"POST",
                                           "/orders?b=%26&a=x+y&b=2&flag&=empty",
                                           {{"Content-Type", "application/json"}},
                                           "{}"});
    CHECK(posted.status == 200);
    CHECK(posted.body ==
          "POST /orders\nquery b=&\nquery a=x y\nquery b=2\nquery flag=\n"
          "query =empty\napplication/json\n{}");
    CHECK(posted.header("content-type") == "application/json; charset=utf-8");
    CHECK(posted.header("content-length") == std::to_string(posted.body.size()));
    CHECK(posted.header("cache-control") == "no-store");
    CHECK(posted.header("x-content-type-options") == "nosniff");
    CHECK_FALSE(posted.header("connection"));

    CHECK(client.get("/orders/a%20b").body == "GET /orders/a b\nparameter a b\n\n");
    CHECK(client.get("/orders/7/items.json").body == "GET /orders/7/items.json\nparameter 7\n\n");
    CHECK(client.get("http://a/orders").body == "GET /orders\n\n");
    CHECK(client.send({"DELETE", "/orders/7", {}, "body"}).body ==
          "DELETE /orders/7\nparameter 7\n\nbody");
}

TEST_CASE("http: an unknown path is 404, and so is one that only looks like a route") {
    RunningServer server;
    HttpClient client(server.start());
    for (const std::string target : {"/", "/order", "/orders/", "/orders/1/2",
                                     "/orders/7/itemsXjson", "*", "a:80", "/ORDERS"}) {
        CAPTURE(target);
        CHECK(client.get(target).status == 404);
        CHECK(
            client.send({"POST", target, {{"Content-Type", "multipart/form-data"}}, "x"}).status ==
            404);
    }
    CHECK(client.get("/orders/" + std::string(128, 'a')).status == 200);
    CHECK(client.get("/orders/" + std::string(129, 'a')).status == 404);
    const HttpAnswer answer = client.get("/nothing");
    CHECK(answer.header("content-type") == "application/problem+json");
    CHECK_FALSE(answer.body.empty());
}

TEST_CASE("http: a method that a known path does not have is 405 and told which it has") {
    RunningServer server;
    HttpClient client(server.start());
    for (const std::string method :
         {"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PRI", "BREW", "get"}) {
        CAPTURE(method);
        const HttpAnswer answer = client.send({method, "/orders", {}, "body"});
        CHECK(answer.status == 405);
        CHECK(answer.header("allow") == "GET, HEAD, POST");
    }
    CHECK(client.send({"POST", "/orders/1"}).header("allow") == "GET, HEAD, DELETE");
    CHECK_THROWS_AS(server->route("/x", {{"OPTIONS", describe}}), std::invalid_argument);
}

TEST_CASE("http: HEAD is GET without the body") {
    RunningServer server;
    HttpClient client(server.start());
    const HttpAnswer answer = client.send({"HEAD", "/orders"});
    CHECK(answer.status == 200);
    CHECK(answer.header("content-length") == std::to_string(client.get("/orders").body.size()));
    CHECK_FALSE(answer.header("accept-ranges"));
}

TEST_CASE("http: headers that the library would act on do nothing") {
    RunningServer server;
    HttpClient client(server.start());
    const HttpAnswer plain = client.get("/orders");
    const HttpAnswer answer = client.send({"GET",
                                           "/orders",
                                           {{"Range", "bytes=0-1"},
                                            {"Accept-Encoding", "br, gzip"},
                                            {"REMOTE_ADDR", "1.2.3.4"},
                                            {"X-Value", "a%0d%0aSet-Cookie: b"}}});
    CHECK(answer.status == 200);
    CHECK(answer.body == plain.body);
    CHECK(answer.headers == plain.headers);
}

TEST_CASE("http: forms and multipart bodies reach the handler as they are") {
    RunningServer server;
    HttpClient client(server.start());
    const std::string body(20'000, 'a');
    for (const std::string type : {"application/x-www-form-urlencoded", "multipart/form-data",
                                   "multipart/form-data; boundary=x"}) {
        CAPTURE(type);
        const HttpAnswer answer = client.send({"POST", "/orders", {{"Content-Type", type}}, body});
        CHECK(answer.status == 200);
        CHECK(answer.body == "POST /orders\n" + type + "\n" + body);
    }
}

TEST_CASE("http: what a handler throws is logged and never sent") {
    RunningServer server;
    server->route(
        "/broken",
        {{"GET", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }},
         {"POST", [](const HttpRequest&) -> HttpResponse { throw 1; }}});
    HttpClient client(server.start());
    for (const std::string method : {"GET", "POST"}) {
        const HttpAnswer answer = client.send({method, "/broken"});
        CHECK(answer.status == 500);
        CHECK(answer.body.find("secret") == std::string::npos);
        for (const auto& header : answer.headers) CHECK(header.second != "secret");
    }
    CHECK(client.get("/orders").status == 200);
}

TEST_CASE("http: a handler's own error answer stays as it is, an empty one too") {
    RunningServer server;
    server->route("/own", {{"GET", [](const HttpRequest&) {
                                return HttpResponse{.status = 409, .headers = {{"X-A", "b"}}};
                            }}});
    HttpClient client(server.start());
    const HttpAnswer answer = client.get("/own");
    CHECK(answer.status == 409);
    CHECK(answer.body.empty());
    CHECK(answer.header("content-length") == "0");
    CHECK(answer.header("x-a") == "b");
}

TEST_CASE("http: pipelined requests are answered one after the other") {
    RunningServer server;
    RawConnection connection(server.start());
    connection.send(post("Content-Length: 1\r\n\r\n1") + get_orders +
                    post("Transfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\nDigest: x\r\n\r\n"));
    CHECK(next_answer(connection).body == "POST /orders\n\n1");
    CHECK(next_answer(connection).body == "GET /orders\n\n");
    CHECK(next_answer(connection).body == "POST /orders\n\n3");

    std::string many;
    for (int i = 0; i < 500; ++i) many += get_orders;
    connection.send(many);
    for (int i = 0; i < 500; ++i) REQUIRE(next_answer(connection).status == 200);
}

TEST_CASE("http: a body that no handler wants is not taken for the next request") {
    RunningServer server;
    RawConnection connection(server.start());
    for (const std::string request :
         {"GET /orders", "DELETE /orders/1", "PATCH /orders", "GET /none"}) {
        CAPTURE(request);
        connection.send(request + " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                        std::to_string(get_orders.size()) + "\r\n\r\n" + get_orders);
        next_answer(connection);
    }
    connection.send(post("\r\n"));
    CHECK(next_answer(connection).body == "POST /orders\n\n");
}

TEST_CASE("http: one handler thread serves others while clients are slow to send and to read") {
    const std::string large(32 * 1024 * 1024, 'x');  // outlives the server's threads
    HttpServerOptions options = small_options();
    options.handler_threads = 1;
    RunningServer server(options);
    server->route("/large",
                  {{"GET", [&](const HttpRequest&) { return HttpResponse{.body = large}; }}});
    const int port = server.start();

    RawConnection slow_head(port);
    slow_head.send("GET /ord");
    RawConnection slow_body(port);
    slow_body.send(post("Content-Length: 4\r\n\r\nab"));
    RawConnection slow_chunk(port);
    slow_chunk.send(post("Transfer-Encoding: chunked\r\n\r\n4\r\nab"));
    RawConnection slow_reader(port);
    slow_reader.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");

    HttpClient other(port);
    CHECK(other.get("/orders").status == 200);

    slow_head.send("ers HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(next_answer(slow_head).body == "GET /orders\n\n");
    slow_body.send("cd");
    CHECK(next_answer(slow_body).body == "POST /orders\n\nabcd");
    slow_chunk.send("cd\r\n0\r\n\r\n");
    CHECK(next_answer(slow_chunk).body == "POST /orders\n\nabcd");
    CHECK(next_answer(slow_reader).body.size() == large.size());
    slow_reader.send(get_orders);
    CHECK(next_answer(slow_reader).status == 200);
}

TEST_CASE("http: what breaks the rules is answered and the connection closed") {
    RunningServer server;
    const int port = server.start();
    const std::string smuggled = get_orders;
    const auto status = [&](const std::string& bytes) {
        CAPTURE(bytes.substr(0, 100));
        return last_answer(port, bytes).status;
    };
    CHECK(status("nonsense\r\n\r\n") == 400);
    CHECK(status("GET / HTTP/3.0\r\n\r\n") == 505);
    CHECK(status("GET /" + std::string(3'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
    CHECK(status("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(3'000, 'a') + "\r\n\r\n") == 431);
    CHECK(status(post("Content-Length: 100001\r\n\r\n")) == 413);
    CHECK(status(post("Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na")) == 415);
    // The smuggled request would be answered, too, if the first one's framing were believed.
    CHECK(status(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                      smuggled)) == 400);
    CHECK(status(post("Content-Length: 1\r\nContent-Length: 2\r\n\r\na" + smuggled)) == 400);
    CHECK(status(post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled)) == 501);
    CHECK(status(post("Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" + smuggled)) == 400);
    CHECK(status(post("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled)) == 400);
}

TEST_CASE("http: who sends far more than is allowed can still read why it was refused") {
    RunningServer server;
    const int port = server.start();
    RawConnection counted(port);
    counted.send(post("Content-Length: 4000000\r\n\r\n") + std::string(4'000'000, 'a'));
    CHECK(next_answer(counted).status == 413);
    RawConnection chunked(port);
    chunked.send(post("Transfer-Encoding: chunked\r\n\r\n3d0900\r\n") +
                 std::string(4'000'000, 'a'));
    CHECK(next_answer(chunked).status == 413);
}

TEST_CASE("http: a request that takes too long is answered with 408, an idle client with nothing") {
    HttpServerOptions options = small_options();
    options.transfer_limit = milliseconds(50);
    options.idle_limit = milliseconds(100);
    RunningServer server(options);
    const int port = server.start();
    CHECK(last_answer(port, "GET /orders HTTP/1.1\r\nHo").status == 408);
    CHECK(last_answer(port, post("Content-Length: 4\r\n\r\nab")).status == 408);

    RawConnection silent(port);
    CHECK(silent.is_closed_by_server(patience));
    RawConnection used(port);
    used.send(get_orders);
    CHECK(next_answer(used).status == 200);
    CHECK(used.is_closed_by_server(patience));
}

TEST_CASE("http: a client that sends on and on, a byte at a time, is answered with 408 too") {
    HttpServerOptions options = small_options();
    options.transfer_limit = milliseconds(200);
    RunningServer server(options);
    const int port = server.start();
    for (const test::SlowRequest& request : test::slow_requests("/orders")) {
        CAPTURE(request.start);
        test::SlowSender sender(port, request.start, request.rest);
        std::optional<test::HttpOutcome> outcome;
        test::eventually(patience, [&] { return (outcome = sender.trickle()).has_value(); });
        const HttpAnswer answer = test::answer_of(*outcome);
        CHECK(answer.status == 408);
        CHECK(answer.header("connection") == "close");
        CHECK(sender.connection().is_closed_by_server(patience));
    }
}

TEST_CASE("http: a client that does not read its answer is given up") {
    HttpServerOptions options = small_options();
    options.transfer_limit = milliseconds(50);
    std::promise<void> entered;
    RunningServer server(options);
    server->route("/large", {{"GET", [&](const HttpRequest&) {
                                  entered.set_value();
                                  return HttpResponse{.body = std::string(32 * 1024 * 1024, 'x')};
                              }}});
    RawConnection reader(server.start());
    reader.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    entered.get_future().wait_for(patience);
    server->stop();  // waits for the answer, but not for ever
    server.await_end();
    CHECK(failure_of(reader.read_answer(patience)) == ConnectionFailure::cut);
}

TEST_CASE("http: 100 Continue is said when the headers are accepted, and not when they are not") {
    RunningServer server;
    const int port = server.start();
    RawConnection connection(port);
    connection.send(post("Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    CHECK(next_answer(connection).status == 100);
    connection.send("abcd");
    CHECK(next_answer(connection).body == "POST /orders\n\nabcd");
    // Who does not wait is not told.
    connection.send(post("Expect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd"));
    CHECK(next_answer(connection).status == 200);

    CHECK(
        last_answer(port, post("Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n")).status ==
        413);
}

TEST_CASE("http: Connection: close is kept, and HTTP/1.0 closes unless asked not to") {
    RunningServer server;
    const int port = server.start();
    CHECK(
        last_answer(port, "GET /orders HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").status ==
        200);
    CHECK(last_answer(port, "GET /orders HTTP/1.0\r\n\r\n").status == 200);

    RawConnection kept(port);
    for (int i = 0; i < 2; ++i) {
        kept.send("GET /orders HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(next_answer(kept).header("connection") == "keep-alive");
    }

    RawConnection half_closed(port);
    half_closed.send(get_orders);
    half_closed.finish_sending();
    CHECK(next_answer(half_closed).status == 200);
    CHECK(half_closed.is_closed_by_server(patience));
}

TEST_CASE("http: connections beyond the limit are told so and closed, until others leave") {
    HttpServerOptions options = small_options();
    options.max_connections = 2;
    RunningServer server(options);
    const int port = server.start();
    std::vector<RawConnection> connections;
    for (int i = 0; i < 2; ++i) {
        connections.emplace_back(port);
        connections.back().send(get_orders);
        CHECK(next_answer(connections.back()).status == 200);
    }
    const HttpAnswer answer = last_answer(port, get_orders);
    CHECK(answer.status == 503);
    CHECK(answer.header("retry-after"));

    connections.pop_back();
    test::eventually(patience, [port] {
        RawConnection connection(port);
        connection.send(get_orders);
        return test::status_of(connection.read_answer(patience)) == 200;
    });
    CHECK(connections.front().send(get_orders));
    CHECK(next_answer(connections.front()).status == 200);
}

TEST_CASE("http: what all clients together have half sent is bounded") {
    HttpServerOptions options = small_options();
    options.max_buffered_bytes = 1'000;
    RunningServer server(options);
    const int port = server.start();
    CHECK(last_answer(port, post("Content-Length: 90000\r\n\r\n" + std::string(80'000, 'a')))
              .status == 503);
    HttpClient client(port);
    CHECK(client.post("/orders", std::string(500, 'a')).status == 200);
}

TEST_CASE("http: stopping answers the requests that are here and closes the other connections") {
    Gate gate;
    RunningServer server;
    server->route("/gate", {{"GET", [&](const HttpRequest&) { return gate(); }}});
    const int port = server.start();
    RawConnection idle(port);
    idle.send(get_orders);
    CHECK(next_answer(idle).status == 200);
    RawConnection silent(port);
    auto half = std::make_unique<RawConnection>(port);
    half->send("GET /ord");
    RawConnection busy(port);
    busy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.await_entry();

    server->stop();
    server->stop();
    CHECK(idle.is_closed_by_server(patience));
    CHECK(silent.is_closed_by_server(patience));
    CHECK(next_answer(*half).status == 503);
    CHECK(half->is_closed_by_server(patience));
    half.reset();
    CHECK_FALSE(RawConnection(port).is_open());

    gate.open();
    const HttpAnswer answer = next_answer(busy);
    CHECK(answer.body == "left");
    CHECK(answer.header("connection") == "close");
    CHECK(busy.is_closed_by_server(patience));
    server.await_end();
}

TEST_CASE("http: stopping does not wait longer than it was told to") {
    Gate gate;
    RunningServer server;
    server->route("/gate", {{"GET", [&](const HttpRequest&) { return gate(); }}});
    const int port = server.start(milliseconds(10));
    RawConnection busy(port);
    busy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.await_entry();
    server->stop();
    server.await_end();  // with the handler still inside
    gate.open();
}

TEST_CASE("http: a server that is stopped before or while it starts does not run") {
    {
        RunningServer server;
        server->stop();
        server->bind();
        server->run(patience);
    }
    for (int i = 0; i < 50; ++i) {
        RunningServer server;
        server.start();
        server->stop();
        server.await_end();
    }
    const RunningServer never_bound;
}

TEST_CASE("http: a port belongs to one server, and is free again after it") {
    HttpServerOptions options = small_options();
    {
        RunningServer server;
        options.port = server.start();
        HttpClient client(options.port);
        CHECK(client.get("/orders").status == 200);
        HttpServer second(options, refusal);
        CHECK_THROWS_AS(second.bind(), std::system_error);
    }
    RunningServer successor(options);
    CHECK(successor.start() == options.port);

    options.host = "no.such.host.invalid";
    HttpServer nowhere(options, refusal);
    CHECK_THROWS_AS(nowhere.bind(), std::system_error);
}

TEST_CASE("http: clients that come and go in numbers are all served") {
    RunningServer server;
    const int port = server.start();
    std::atomic<int> answered{0};
    {
        std::vector<std::jthread> clients;
        for (int client = 0; client < 8; ++client) {
            clients.emplace_back([&] {
                for (int connection = 0; connection < 20; ++connection) {
                    HttpClient http(port);
                    for (int request = 0; request < 5; ++request) {
                        answered += http.post("/orders", std::string("{}")).status == 200 ? 1 : 0;
                    }
                }
            });
        }
    }
    CHECK(answered == 8 * 20 * 5);
}

TEST_CASE("http: the health check hears a status, or nothing in time") {
    RunningServer server;
    const int port = server.start();
    CHECK(http_get_status("127.0.0.1", port, "/orders", patience) == 200);
    CHECK(http_get_status("127.0.0.1", port, "/nothing", patience) == 404);
    server->stop();
    server.await_end();
    CHECK_FALSE(http_get_status("127.0.0.1", port, "/orders", patience));
}

}  // namespace
}  // namespace orders
