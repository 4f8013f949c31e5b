// Answers that come later than their handler has returned: from other threads, in any order.

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/http/server.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"

namespace orders {
namespace {

using test::eventually;
using test::HttpAnswer;
using test::HttpClient;
using test::patience;
using test::RawConnection;

HttpResponse refusal(int status, std::string_view detail) {
    return {.status = status, .body = std::string(detail)};
}

// A server whose POST /later owes its answers until the test gives them; the rest is answered at
// once.
class OwingServer {
   public:
    OwingServer() : server_({.handler_threads = 2, .transfer_limit = patience}, refusal) {
        server_.route("/later",
                      {{"GET", [this](const HttpRequest&) { return owe("late"); }},
                       {"POST", [this](const HttpRequest& request) { return owe(request.body); }}});
        server_.route("/now",
                      {{"GET", [](const HttpRequest&) { return HttpResponse{.body = "now"}; }}});
        server_.route("/at-once", {{"GET", [](const HttpRequest&) {
                                        return HttpLater{[](const HttpReply& reply) {
                                            reply([] { return HttpResponse{.body = "at once"}; });
                                        }};
                                    }}});
        server_.route("/broken-start", {{"GET", [](const HttpRequest&) {
                                             return HttpLater{[](const HttpReply&) {
                                                 throw std::runtime_error("start");
                                             }};
                                         }}});
        server_.route("/broken-maker",
                      {{"GET", [](const HttpRequest&) {
                            return HttpLater{[](const HttpReply& reply) {
                                reply([]() -> HttpResponse { throw std::runtime_error("maker"); });
                            }};
                        }}});
        port_ = server_.bind();
        thread_ = std::jthread([this] { server_.run(patience); });
    }
    ~OwingServer() {
        server_.stop();
        while (owed() > 0) pay();
        thread_.join();
    }

    [[nodiscard]] int port() const { return port_; }
    HttpServer& server() { return server_; }
    void await_end() { thread_.join(); }

    [[nodiscard]] std::size_t owed() {
        const std::lock_guard lock(mutex_);
        return replies_.size();
    }
    void await_owed(std::size_t count) {
        eventually(patience, [&] { return owed() == count; });
    }
    // Gives the answer that has been owed the longest, or the shortest.
    void pay() { pay_at(0); }
    void pay_newest() { pay_at(owed() - 1); }

   private:
    HttpLater owe(const std::string& what) {
        return {[this, what](HttpReply reply) {
            const std::lock_guard lock(mutex_);
            replies_.emplace_back(what, std::move(reply));
        }};
    }
    void pay_at(std::size_t index) {
        std::unique_lock lock(mutex_);
        const auto at = replies_.begin() + static_cast<std::ptrdiff_t>(index);
        const auto [what, reply] = std::move(*at);
        replies_.erase(at);
        lock.unlock();
        reply([text = what] { return HttpResponse{.body = text}; });
    }

    HttpServer server_;
    int port_ = 0;
    std::mutex mutex_;
    std::deque<std::pair<std::string, HttpReply>> replies_;  // guarded by mutex_
    std::jthread thread_;
};

std::string post(const std::string& body) {
    return test::to_bytes({.method = "POST", .target = "/later", .body = body});
}

std::string get(const std::string& target) {
    return test::to_bytes({.method = "GET", .target = target});
}

HttpAnswer next_answer(RawConnection& connection) {
    return test::answer_of(connection.read_answer(patience));
}

TEST_CASE("late answer: it reaches the client, and the connection goes on") {
    OwingServer server;
    RawConnection client(server.port());
    for (const std::string body : {"first", "second"}) {
        client.send(post(body));
        server.await_owed(1);
        server.pay();
        CHECK_EQ(next_answer(client).body, body);
    }
    client.send(get("/at-once"));
    CHECK_EQ(next_answer(client).body, "at once");
    client.send(get("/now"));
    CHECK_EQ(next_answer(client).body, "now");
}

TEST_CASE("late answer: while many are owed, no thread is held and others are served") {
    OwingServer server;
    std::deque<RawConnection> waiting;
    for (int number = 0; number < 50; ++number) {
        waiting.emplace_back(server.port()).send(post(std::to_string(number)));
    }
    server.await_owed(50);
    CHECK_EQ(HttpClient(server.port()).get("/now").body, "now");

    while (server.owed() > 0) server.pay_newest();
    for (int number = 0; number < 50; ++number) {
        CHECK_EQ(next_answer(waiting.at(static_cast<std::size_t>(number))).body,
                 std::to_string(number));
    }
}

TEST_CASE("late answer: pipelined requests are answered in their order, one after the other") {
    OwingServer server;
    RawConnection client(server.port());
    client.send(post("a") + get("/now") + get("/at-once") + post("b") + get("/now"));
    server.await_owed(1);
    server.pay();
    server.await_owed(1);
    server.pay();
    for (const std::string body : {"a", "now", "at once", "b", "now"}) {
        CHECK_EQ(next_answer(client).body, body);
    }
}

TEST_CASE("late answer: a flood of pipelined requests that are answered at once piles up nowhere") {
    OwingServer server;
    RawConnection client(server.port());
    constexpr int count = 5'000;
    std::jthread sender([&] {
        std::string requests;
        for (int number = 0; number < count; ++number) requests += get("/at-once");
        client.send(requests);
    });
    for (int number = 0; number < count; ++number) {
        REQUIRE_EQ(next_answer(client).body, "at once");
    }
}

TEST_CASE("late answer: what goes wrong on the way is a 500, and the connection goes on") {
    OwingServer server;
    HttpClient client(server.port());
    CHECK_EQ(client.get("/broken-start").status, 500);
    CHECK_EQ(client.get("/broken-maker").status, 500);
    CHECK_EQ(client.get("/now").status, 200);
}

TEST_CASE("late answer: its form is that of any other") {
    OwingServer server;
    RawConnection client(server.port());
    SUBCASE("HEAD gets no body") {
        client.send(test::to_bytes({.method = "HEAD", .target = "/later"}) + get("/now"));
        server.await_owed(1);
        server.pay();
        const HttpAnswer head = test::answer_of(client.read_answer(patience, false));
        CHECK_EQ(head.status, 200);
        CHECK_EQ(head.header("content-length"), "4");
        CHECK_EQ(next_answer(client).body, "now");
    }
    SUBCASE("a client that wants to close is obeyed") {
        client.send("GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        server.await_owed(1);
        server.pay();
        const HttpAnswer answer = next_answer(client);
        CHECK_EQ(answer.header("connection"), "close");
        CHECK(client.is_closed_by_server(patience));
    }
    SUBCASE("HTTP/1.0 is told when its connection is kept") {
        client.send("GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        server.await_owed(1);
        server.pay();
        CHECK_EQ(next_answer(client).header("connection"), "keep-alive");
    }
}

TEST_CASE("late answer: a client that has gone away meanwhile hurts nobody") {
    OwingServer server;
    for (int number = 0; number < 8; ++number) {
        RawConnection(server.port()).send(post("lost"));
    }
    server.await_owed(8);
    while (server.owed() > 0) server.pay();
    CHECK_EQ(HttpClient(server.port()).get("/now").body, "now");
}

TEST_CASE("late answer: a stopping server waits for the answers that it owes") {
    OwingServer server;
    RawConnection client(server.port());
    client.send(post("owed"));
    server.await_owed(1);
    server.server().stop();
    server.pay();
    const HttpAnswer answer = next_answer(client);
    CHECK_EQ(answer.body, "owed");
    CHECK_EQ(answer.header("connection"), "close");
}

}  // namespace
}  // namespace orders
