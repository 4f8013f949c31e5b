// A control: several attacks that order-api withstands, made on the HTTP library as it comes, which
// they damage. If they ceased to work here, the tests of order-api that make the same ones would
// prove nothing.

#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/e2e/gzip_bomb.h"
#include "tests/e2e/hostile_bytes.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

constexpr std::size_t body_limit = 1024 * 1024;
constexpr std::size_t list_size = 10'000;
constexpr std::chrono::milliseconds read_timeout{300};

class StockServer {
   public:
    StockServer() {
        server_.set_payload_max_length(body_limit);
        server_.set_pre_routing_handler(
            [](const httplib::Request& request, httplib::Response& response) {
                if (request.path != "/guarded") return httplib::Server::HandlerResponse::Unhandled;
                response.status = 401;
                return httplib::Server::HandlerResponse::Handled;
            });
        server_.Post("/orders", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(std::to_string(request.body.size()), "text/plain");
        });
        server_.Get("/smuggled",
                    [this](const httplib::Request&, httplib::Response&) { is_smuggled = true; });
        server_.Get("/address", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(request.get_header_value("REMOTE_ADDR"), "text/plain");
        });
        server_.Get("/broken", [](const httplib::Request&, httplib::Response&) {
            throw std::runtime_error("secret");
        });
        server_.Get("/note", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(request.get_header_value("X-Note"), "text/plain");
        });
        server_.Get("/list", [](const httplib::Request&, httplib::Response& response) {
            response.set_content(std::string(list_size, ' '), "application/json; charset=utf-8");
        });
        server_.set_read_timeout(read_timeout);
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::jthread([this] { server_.listen_after_bind(); });
        eventually(patience, [this] { return server_.is_running(); });
    }
    ~StockServer() { server_.stop(); }

    [[nodiscard]] int port() const { return port_; }
    HttpAnswer answer_to(const std::string& bytes) const {
        RawConnection connection(port_);
        connection.send(bytes);
        return answer_of(connection.read_answer(patience));
    }

    std::atomic<bool> is_smuggled = false;

   private:
    httplib::Server server_;
    int port_ = 0;
    std::jthread thread_;
};

std::string chunks(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes / 0x10000; ++i) {
        text += "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    }
    return text + "0\r\n\r\n";
}

}  // namespace

TEST_CASE("stock_server: a body that a guard turned away is taken for the next request") {
    StockServer server;
    const std::string body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    RawConnection connection(server.port());
    connection.send("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                    std::to_string(body.size()) + end_of_head);
    CHECK_EQ(status_of(connection.read_answer(patience)), 401);
    connection.send(body);
    eventually(patience, [&] { return server.is_smuggled.load(); });
}

TEST_CASE("stock_server: a chunked body may be larger than the limit") {
    const StockServer server;
    const HttpAnswer answer =
        server.answer_to("POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                         chunks(2 * body_limit));
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body, std::to_string(2 * body_limit));
}

TEST_CASE("stock_server: a compressed body is unpacked, far beyond the limit") {
    constexpr std::size_t unpacked = 200'000'000;
    const StockServer server;
    const std::string bomb = gzip_bomb(unpacked);
    const HttpAnswer answer = server.answer_to(
        "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
        "Content-Length: " +
        std::to_string(bomb.size()) + end_of_head + bomb);
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body, std::to_string(unpacked));
}

TEST_CASE("stock_server: a list is sent in as many parts as a client asks for, and grows by that") {
    const StockServer server;
    std::string ranges = "bytes=0-";
    for (int i = 0; i < 50; ++i) ranges += ",0-";
    const HttpAnswer answer =
        server.answer_to("GET /list HTTP/1.1\r\nHost: a\r\nRange: " + ranges + end_of_head);
    CHECK_EQ(answer.status, 206);
    CHECK_GT(answer.body.size(), 50 * list_size);
}

TEST_CASE("stock_server: header values are percent-decoded") {
    const StockServer server;
    const HttpAnswer answer =
        server.answer_to("GET /note HTTP/1.1\r\nHost: a\r\nX-Note: a%0d%0ab" + end_of_head);
    CHECK_EQ(answer.body, "a\r\nb");
}

TEST_CASE("stock_server: a POST without a length is not answered before the client gives up") {
    const StockServer server;
    const auto start = std::chrono::steady_clock::now();
    const HttpAnswer answer = server.answer_to("POST /orders HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(std::chrono::steady_clock::now() - start >= read_timeout);
    CHECK_EQ(answer.status, 400);
}

TEST_CASE("stock_server: a second one takes the same port, and nobody is told") {
    const StockServer server;
    httplib::Server second;
    CHECK(second.bind_to_port("127.0.0.1", server.port()));
}

TEST_CASE("stock_server: two framings are accepted together") {
    const StockServer server;
    const HttpAnswer answer = server.answer_to(
        "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\n");
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body, "0");
}

TEST_CASE("stock_server: a client's header passes for its address") {
    const StockServer server;
    const HttpAnswer answer =
        server.answer_to("GET /address HTTP/1.1\r\nHost: a\r\nREMOTE_ADDR: 1.2.3.4\r\n\r\n");
    CHECK_EQ(answer.body, "1.2.3.4");
}

TEST_CASE("stock_server: an exception's text is sent to the client") {
    const StockServer server;
    const HttpAnswer answer = server.answer_to("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_EQ(answer.status, 500);
    CHECK_EQ(answer.header("exception_what"), "secret");
}

}  // namespace orders::test
