// Answers that come later than their handler has returned, from other threads, in any order; and
// answers that come in pieces.

#include <doctest/doctest.h>

#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "tests/unit/http/running_server.h"

namespace orders::http::test {
namespace {

// A server whose /later owes its answers until the test gives them; the rest is answered at once.
class OwingServer {
   public:
    OwingServer() : server_({.handler_threads = 2, .transfer_limit = patience}) {
        server_.add({"GET", "/later", Scope::read,
                     [this](const Request&, Reply reply) { owe("late", std::move(reply)); }});
        server_.add({"POST", "/later", Scope::read, [this](const Request& request, Reply reply) {
                         owe(std::string(request.body), std::move(reply));
                     }});
        server_.add({"GET", "/now", Scope::read,
                     answering([](const Request&) { return Response{.body = "now"}; })});
        server_.add({"GET", "/at-once", Scope::read, [](const Request&, Reply reply) {
                         std::move(reply).send_made_by([] { return Response{.body = "at once"}; });
                     }});
        server_.add({"GET", "/dropped", Scope::read, [](const Request&, const Reply&) {}});
        server_.add({"GET", "/broken-maker", Scope::read, [](const Request&, Reply reply) {
                         std::move(reply).send_made_by(
                             []() -> Response { throw std::runtime_error("maker"); });
                     }});
        port_ = server_.bind().port;
        thread_ = std::jthread([this] { server_.run(patience); });
    }
    ~OwingServer() {
        server_.stop();
        while (owed() > 0) pay();
        thread_.join();
    }

    [[nodiscard]] int port() const { return port_; }
    Server& server() { return server_; }

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
    // Takes the reply that has been owed the longest.
    Reply take() { return take_at(0).second; }

   private:
    void owe(std::string what, Reply reply) {
        const std::lock_guard lock(mutex_);
        replies_.emplace_back(std::move(what), std::move(reply));
    }
    std::pair<std::string, Reply> take_at(std::size_t index) {
        const std::lock_guard lock(mutex_);
        // The deque cannot close a gap in the middle: replies are moved, never assigned.
        std::deque<std::pair<std::string, Reply>> rest;
        std::optional<std::pair<std::string, Reply>> taken;
        for (std::size_t i = 0; i < replies_.size(); ++i) {
            if (i == index) {
                taken.emplace(std::move(replies_[i]));
            } else {
                rest.push_back(std::move(replies_[i]));
            }
        }
        replies_.swap(rest);
        return std::move(taken).value();
    }
    void pay_at(std::size_t index) {
        auto [what, reply] = take_at(index);
        std::move(reply).send_made_by([text = what] { return Response{.body = text}; });
    }

    Server server_;
    int port_ = 0;
    std::mutex mutex_;
    std::deque<std::pair<std::string, Reply>> replies_;  // guarded by mutex_
    std::jthread thread_;
};

std::string later(const std::string& body) {
    return orders::test::to_bytes({.method = "POST", .target = "/later", .body = body});
}

std::string get(const std::string& target) {
    return orders::test::to_bytes({.method = "GET", .target = target});
}

TEST_CASE("reply: one that comes later reaches the client, and the connection goes on") {
    OwingServer server;
    RawConnection client(server.port());
    for (const std::string body : {"first", "second"}) {
        client.send(later(body));
        server.await_owed(1);
        server.pay();
        CHECK_EQ(next_answer(client).body, body);
    }
    client.send(get("/at-once"));
    CHECK_EQ(next_answer(client).body, "at once");
    client.send(get("/now"));
    CHECK_EQ(next_answer(client).body, "now");
}

TEST_CASE("reply: while many are owed, no thread is held and others are served") {
    OwingServer server;
    std::deque<RawConnection> waiting;
    for (int number = 0; number < 50; ++number) {
        waiting.emplace_back(server.port()).send(later(std::to_string(number)));
    }
    server.await_owed(50);
    CHECK_EQ(HttpClient(server.port()).get("/now").body, "now");

    while (server.owed() > 0) server.pay_newest();
    for (int number = 0; number < 50; ++number) {
        CHECK_EQ(next_answer(waiting.at(static_cast<std::size_t>(number))).body,
                 std::to_string(number));
    }
}

TEST_CASE("reply: pipelined requests are answered in their order, one after the other") {
    OwingServer server;
    RawConnection client(server.port());
    client.send(later("a") + get("/now") + get("/at-once") + later("b") + get("/now"));
    server.await_owed(1);
    server.pay();
    server.await_owed(1);
    server.pay();
    for (const std::string body : {"a", "now", "at once", "b", "now"}) {
        CHECK_EQ(next_answer(client).body, body);
    }
}

TEST_CASE("reply: a flood of pipelined requests that are answered at once piles up nowhere") {
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

TEST_CASE(
    "reply: one that is dropped, or whose maker throws, is a 500, and the connection goes on") {
    OwingServer server;
    HttpClient client(server.port());
    CHECK_EQ(client.get("/dropped").status, 500);
    CHECK_EQ(client.get("/broken-maker").status, 500);
    CHECK_EQ(client.get("/now").status, 200);
}

TEST_CASE("reply: the form of a late answer is that of any other") {
    OwingServer server;
    RawConnection client(server.port());
    SUBCASE("HEAD gets no body") {
        client.send(orders::test::to_bytes({.method = "HEAD", .target = "/later"}) + get("/now"));
        server.await_owed(1);
        server.pay();
        const HttpAnswer head = orders::test::answer_of(client.read_answer(patience, false));
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

TEST_CASE("reply: a client that has gone away meanwhile hurts nobody") {
    OwingServer server;
    for (int number = 0; number < 8; ++number) {
        RawConnection(server.port()).send(later("lost"));
    }
    server.await_owed(8);
    while (server.owed() > 0) server.pay();
    CHECK_EQ(HttpClient(server.port()).get("/now").body, "now");
}

TEST_CASE("reply: a stopping server waits for the answers that it owes") {
    OwingServer server;
    RawConnection client(server.port());
    client.send(later("owed"));
    server.await_owed(1);
    server.server().stop();
    server.pay();
    const HttpAnswer answer = next_answer(client);
    CHECK_EQ(answer.body, "owed");
    CHECK_EQ(answer.header("connection"), "close");
}

TEST_CASE("reply: one that was handed on can be asked whether its client has left") {
    OwingServer server;
    RawConnection stays(server.port());
    stays.send(later("stays"));
    server.await_owed(1);
    const Reply staying = server.take();
    {
        RawConnection leaves(server.port());
        leaves.send(later("leaves"));
        server.await_owed(1);
    }
    Reply left = server.take();
    eventually(patience, [&] { return left.has_client_left(); });
    CHECK_FALSE(staying.has_client_left());
    std::move(left).send({});  // to nobody
}

TEST_CASE("reply: a client that only says that it asks nothing more still gets its answer") {
    OwingServer server;
    RawConnection client(server.port());
    client.send(later("asked"));
    server.await_owed(1);
    client.finish_sending();
    Reply reply = server.take();
    eventually(patience, [&] { return reply.has_client_left(); });
    std::move(reply).send({.body = "answered"});
    CHECK_EQ(next_answer(client).body, "answered");
    CHECK(client.is_closed_by_server(patience));
}

TEST_CASE("reply: what a client sends on while it waits is bounded, and its answer comes") {
    ServerOptions options = small_options();
    options.max_buffered_bytes = 1'000;
    options.handler_threads = 1;
    RunningServer server(options);
    std::promise<Reply> owed;
    server->add({"GET", "/owed", Scope::read,
                 [&](const Request&, Reply reply) { owed.set_value(std::move(reply)); }});
    const int port = server.start();
    RawConnection client(port);
    client.send("GET /owed HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(4'000, 'a'));
    Reply reply = owed.get_future().get();
    // Once the only handler thread serves another, it has left the handler.
    CHECK_EQ(HttpClient(port).get("/orders").status, 200);
    std::move(reply).send({.body = "answered"});
    const HttpAnswer answer = next_answer(client);
    CHECK_EQ(answer.body, "answered");
    CHECK_EQ(answer.header("connection"), "close");
}

}  // namespace
}  // namespace orders::http::test
