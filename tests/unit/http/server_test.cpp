#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/http/client.h"
#include "tests/support/slow_sender.h"
#include "tests/unit/http/running_server.h"

namespace orders::http::test {
namespace {

TEST_CASE("server: pipelined requests are answered one after the other") {
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

TEST_CASE("server: head and body in two writes are acknowledged at once, so neither side waits") {
    RunningServer server;
    RawConnection client(server.start());
    client.gather_small_writes();
    // A delayed acknowledgement comes after 40 ms at the earliest, with every request but the first
    // ones. However busy the machine is, one of many requests is quicker, unless each waits for it.
    constexpr int first_ones = 20;
    constexpr milliseconds delay{40};
    bool is_quick = false;
    for (int i = 0; i < first_ones + 50 && !is_quick; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        client.send(post("Content-Length: 4\r\n\r\n"));
        client.send("abcd");
        REQUIRE(next_answer(client).body == "POST /orders\n\nabcd");
        is_quick = i >= first_ones && std::chrono::steady_clock::now() - begin < delay;
    }
    CHECK(is_quick);
}

TEST_CASE("server: a body that no handler wants is not taken for the next request") {
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

TEST_CASE("server: one handler thread serves others while clients are slow to send and to read") {
    const std::string large(32 * 1024 * 1024, 'x');  // outlives the server's threads
    ServerOptions options = small_options();
    options.handler_threads = 1;
    RunningServer server(options);
    server->add({"GET", "/large", Scope::read,
                 answering([&](const Request&) { return Response{.body = large}; })});
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

TEST_CASE("server: what breaks the rules is answered and the connection closed") {
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
    CHECK(status("GET /orders#a HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status("GET /orders HTTP/1.1\r\nHost: a@b\r\n\r\n") == 400);
    // The smuggled request would be answered, too, if the first one's framing were believed.
    CHECK(status(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                      smuggled)) == 400);
    CHECK(status(post("Content-Length: 1\r\nContent-Length: 2\r\n\r\na" + smuggled)) == 400);
    CHECK(status(post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled)) == 400);
    CHECK(status(post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled)) == 501);
    CHECK(status(post("Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" + smuggled)) == 400);
    CHECK(status(post("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled)) == 400);
}

TEST_CASE("server: a HEAD that is refused gets no content either") {
    const auto status = [](int port, const std::string& bytes) {
        RawConnection connection(port);
        connection.send(bytes);
        const HttpAnswer answer = answer_of(connection.read_answer(patience, false));
        CHECK(std::stoi(answer.header("content-length").value_or("0")) > 0);
        CHECK(connection.is_closed_by_server(patience));
        return answer.status;
    };
    RunningServer server;
    const int port = server.start();
    CHECK(status(port, "HEAD x HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status(port, "HEAD /orders HTTP/1.1\r\n\r\n") == 400);
    CHECK(status(port, "HEAD /orders HTTP/9.9\r\n") == 505);
    CHECK(status(port, "HEAD /" + std::string(9'000, 'a')) == 414);
    CHECK(status(port, "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n") == 413);

    ServerOptions options = small_options();
    options.transfer_limit = milliseconds(1);
    RunningServer hasty(options);
    CHECK(status(hasty.start(), "HEAD /orders HTTP/1.1\r\n") == 408);
}

TEST_CASE("server: a client that sends far too much can still read why it was refused") {
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

TEST_CASE(
    "server: a request that takes too long is answered with 408, an idle client with nothing") {
    ServerOptions options = small_options();
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

TEST_CASE("server: a client that sends on and on, a byte at a time, is answered with 408 too") {
    ServerOptions options = small_options();
    options.transfer_limit = milliseconds(200);
    RunningServer server(options);
    const int port = server.start();
    for (const orders::test::SlowRequest& request : orders::test::slow_requests("/orders")) {
        CAPTURE(request.start);
        orders::test::SlowSender sender(port, request.start, request.rest);
        std::optional<orders::test::HttpOutcome> outcome;
        eventually(patience, [&] { return (outcome = sender.trickle()).has_value(); });
        const HttpAnswer answer = orders::test::answer_of(*outcome);
        CHECK(answer.status == 408);
        CHECK(answer.header("connection") == "close");
        CHECK(sender.connection().is_closed_by_server(patience));
    }
}

TEST_CASE("server: a client that does not read its answer is given up on") {
    ServerOptions options = small_options();
    options.transfer_limit = milliseconds(50);
    std::promise<void> entered;
    RunningServer server(options);
    server->add({"GET", "/large", Scope::read, answering([&](const Request&) {
                     entered.set_value();
                     return Response{.body = std::string(32 * 1024 * 1024, 'x')};
                 })});
    RawConnection reader(server.start());
    reader.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    entered.get_future().wait_for(patience);
    server->stop();  // waits for the answer, but not for ever
    server.await_end();
    CHECK(failure_of(reader.read_answer(patience)) == orders::test::ConnectionFailure::cut);
}

TEST_CASE("server: 100 Continue is said when the headers are accepted, and not when they are not") {
    RunningServer server;
    const int port = server.start();
    RawConnection connection(port);
    connection.send(post("Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    CHECK(next_answer(connection).status == 100);
    connection.send("abcd");
    CHECK(next_answer(connection).body == "POST /orders\n\nabcd");
    // A client that does not wait is not told.
    connection.send(post("Expect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd"));
    CHECK(next_answer(connection).status == 200);

    CHECK(
        last_answer(port, post("Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n")).status ==
        413);
}

TEST_CASE("server: Connection: close is obeyed, and HTTP/1.0 closes unless asked not to") {
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

TEST_CASE("server: connections beyond the limit are told so and closed, until others leave") {
    ServerOptions options = small_options();
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
    eventually(patience, [port] {
        RawConnection connection(port);
        connection.send(get_orders);
        return orders::test::status_of(connection.read_answer(patience)) == 200;
    });
    CHECK(connections.front().send(get_orders));
    CHECK(next_answer(connections.front()).status == 200);
}

TEST_CASE("server: what all clients together have half sent is bounded") {
    ServerOptions options = small_options();
    options.max_buffered_bytes = 1'000;
    RunningServer server(options);
    const int port = server.start();
    CHECK(last_answer(port, post("Content-Length: 90000\r\n\r\n" + std::string(80'000, 'a')))
              .status == 503);
    HttpClient client(port);
    CHECK(client.post("/orders", std::string(500, 'a')).status == 200);
}

TEST_CASE("server: clients that come and go in numbers are all served") {
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

TEST_CASE("server: the health check hears a status, or nothing in time") {
    RunningServer server;
    const int port = server.start();
    CHECK(get_status("127.0.0.1", port, "/orders", patience) == 200);
    CHECK(get_status("127.0.0.1", port, "/nothing", patience) == 404);
    server->stop();
    server.await_end();
    CHECK_FALSE(get_status("127.0.0.1", port, "/orders", patience));
}

}  // namespace
}  // namespace orders::http::test
