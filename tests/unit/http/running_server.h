#pragma once

// A server for one test, on a port that the kernel chose, and what the tests of it share.

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "api/http/server.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"

namespace orders::http::test {

using orders::test::eventually;
using orders::test::HeaderList;
using orders::test::HttpAnswer;
using orders::test::HttpClient;
using orders::test::patience;
using orders::test::RawConnection;
using std::chrono::milliseconds;

inline ServerOptions small_options() {
    ServerOptions options;
    options.handler_threads = 2;
    options.max_header_bytes = 2'000;
    options.max_body_bytes = 100'000;
    options.transfer_limit = patience;
    options.idle_limit = patience;
    return options;
}

// A handler that answers at once with what `make` returns.
template <typename Make>
Handler answering(Make make) {
    return [make](const Request& request, Reply reply) { std::move(reply).send(make(request)); };
}

// What the handler saw, as lines.
inline Response describe(const Request& request) {
    std::string text = std::string(request.method) + " " + request.path + "\n";
    for (const auto& parameter : request.path_parameters) text += "parameter " + parameter + "\n";
    for (const auto& [name, value] : request.query) text += "query " + name + "=" + value + "\n";
    return {
        .body =
            text.append(request.headers.value("content-type")).append("\n").append(request.body)};
}

// Serves until it goes out of scope.
class RunningServer {
   public:
    explicit RunningServer(const ServerOptions& options = small_options()) : server_(options) {
        server_.add({"GET", "/orders", Scope::read, answering(describe)});
        server_.add({"POST", "/orders", Scope::read, answering(describe)});
        server_.add({"GET", "/orders/{}/items.json", Scope::read, answering(describe)});
        server_.add({"GET", "/orders/{}", Scope::read, answering(describe)});
        server_.add({"DELETE", "/orders/{}", Scope::read, answering(describe)});
    }
    ~RunningServer() {
        server_.stop();
        if (thread_.joinable()) thread_.join();
    }

    Server& operator*() { return server_; }
    Server* operator->() { return &server_; }

    int start(milliseconds drain_limit = patience) {
        const int port = server_.bind().port;
        thread_ = std::jthread([this, drain_limit] { server_.run(drain_limit); });
        return port;
    }
    void await_end() { thread_.join(); }

   private:
    Server server_;
    std::jthread thread_;
};

// A handler that is inside until it is told to leave.
class Gate {
   public:
    [[nodiscard]] Handler handler() {
        return answering([this](const Request&) {
            entered_.set_value();
            leave_.get_future().wait_for(patience);
            return Response{.body = "left"};
        });
    }
    void await_entry() { entered_.get_future().wait_for(patience); }
    void open() { leave_.set_value(); }

   private:
    std::promise<void> entered_;
    std::promise<void> leave_;
};

inline std::string post(const std::string& headers_and_body) {
    return "POST /orders HTTP/1.1\r\nHost: a\r\n" + headers_and_body;
}

inline const std::string get_orders = "GET /orders HTTP/1.1\r\nHost: a\r\n\r\n";

inline HttpAnswer next_answer(RawConnection& connection) {
    return orders::test::answer_of(connection.read_answer(patience));
}

// The answer to bytes that must end the connection.
inline HttpAnswer last_answer(int port, const std::string& bytes) {
    RawConnection connection(port);
    connection.send(bytes);
    HttpAnswer answer = next_answer(connection);
    CHECK(answer.header("connection") == "close");
    CHECK(connection.is_closed_by_server(patience));
    return answer;
}

}  // namespace orders::http::test
