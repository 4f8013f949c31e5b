#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <system_error>

#include "tests/unit/http/running_server.h"

namespace orders::http::test {
namespace {

TEST_CASE("server: stopping answers the requests that are here and closes the other connections") {
    Gate gate;
    RunningServer server;
    server->add({"GET", "/gate", Scope::read, gate.handler()});
    const int port = server.start();
    RawConnection idle(port);
    idle.send(get_orders);
    CHECK(next_answer(idle).status == 200);
    RawConnection silent(port);
    auto half = std::make_unique<RawConnection>(port);
    half->send("GET /ord");
    auto busy = std::make_unique<RawConnection>(port);
    busy->send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
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
    const HttpAnswer answer = next_answer(*busy);
    CHECK(answer.body == "left");
    CHECK(answer.header("connection") == "close");
    CHECK(busy->is_closed_by_server(patience));
    busy.reset();  // the server waits for its clients to close, for a while
    server.await_end();
}

TEST_CASE("server: at the drain limit connections are cut, whatever a handler still does") {
    Gate gate;
    RunningServer server;
    server->add({"GET", "/gate", Scope::read, gate.handler()});
    const int port = server.start(milliseconds(10));
    RawConnection busy(port);
    busy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
    gate.await_entry();
    server->stop();
    // The gate is opened only after this, so the handler is inside all the time.
    CHECK(busy.is_closed_by_server(patience));
    gate.open();
    server.await_end();
}

TEST_CASE("server: a server that is stopped before or while it starts does not run") {
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

TEST_CASE("server: a port belongs to one server, and is free again after it") {
    ServerOptions options = small_options();
    {
        RunningServer server;
        options.port = server.start();
        HttpClient client(options.port);
        CHECK(client.get("/orders").status == 200);
        Server second(options);
        CHECK_THROWS_AS(second.bind(), std::system_error);
    }
    RunningServer successor(options);
    CHECK(successor.start() == options.port);
}

TEST_CASE("server: an announced stop closes connections with their answers, and serves on") {
    ServerOptions options = small_options();
    options.stop_delay = std::chrono::hours(1);
    RunningServer server(options);
    const int port = server.start();
    RawConnection idle(port);
    idle.send(get_orders);
    CHECK_FALSE(next_answer(idle).header("connection"));
    RawConnection half(port);
    half.send("GET /ord");

    server->announce_stop();
    server->announce_stop();
    RawConnection newcomer(port);
    half.send("ers HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.send(get_orders);
    newcomer.send(get_orders);
    for (RawConnection* const connection : {&half, &idle, &newcomer}) {
        const HttpAnswer answer = next_answer(*connection);
        CHECK(answer.status == 200);
        CHECK(answer.header("connection") == "close");
        CHECK(connection->is_closed_by_server(patience));
    }
    RawConnection silent(port);
    REQUIRE(silent.is_open());

    server->stop();  // does not wait for the rest of the hour
    CHECK(silent.is_closed_by_server(patience));
    server.await_end();
}

TEST_CASE("server: when the delay of an announced stop is over, it stops by itself") {
    ServerOptions options = small_options();
    options.stop_delay = milliseconds(50);
    RunningServer server(options);
    const int port = server.start();
    RawConnection idle(port);
    idle.send(get_orders);
    CHECK(next_answer(idle).status == 200);
    server->announce_stop();
    CHECK(idle.is_closed_by_server(patience));
    server.await_end();
    CHECK_FALSE(RawConnection(port).is_open());
}

TEST_CASE("server: a stop that is announced before it runs leaves nothing to run") {
    ServerOptions options = small_options();
    options.stop_delay = std::chrono::hours(1);
    RunningServer server(options);
    server->announce_stop();
    server->bind();
    server->run(patience);
}

}  // namespace
}  // namespace orders::http::test
