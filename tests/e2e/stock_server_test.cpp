// A control: what is refused by order-api does its damage to the HTTP library as it comes. If these
// attacks ceased to work here, the tests that order-api withstands them would prove nothing.

#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/hostile_bytes.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

constexpr std::size_t body_limit = 1024 * 1024;

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

TEST_CASE("stock server: a body that a guard turned away is taken for the next request") {
    StockServer server;
    const std::string body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    RawConnection connection(server.port());
    connection.send("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                    std::to_string(body.size()) + end_of_head);
    CHECK_EQ(status_of(connection.read_answer(patience)), 401);
    connection.send(body);
    eventually(patience, [&] { return server.is_smuggled.load(); });
}

TEST_CASE("stock server: a chunked body may be larger than the limit") {
    const StockServer server;
    const HttpAnswer answer =
        server.answer_to("POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                         chunks(2 * body_limit));
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body, std::to_string(2 * body_limit));
}

TEST_CASE("stock server: two framings are accepted together") {
    const StockServer server;
    const HttpAnswer answer = server.answer_to(
        "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\n");
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body, "0");
}

TEST_CASE("stock server: a client's header passes for its address") {
    const StockServer server;
    const HttpAnswer answer =
        server.answer_to("GET /address HTTP/1.1\r\nHost: a\r\nREMOTE_ADDR: 1.2.3.4\r\n\r\n");
    CHECK_EQ(answer.body, "1.2.3.4");
}

TEST_CASE("stock server: an exception's text is sent to the client") {
    const StockServer server;
    const HttpAnswer answer = server.answer_to("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_EQ(answer.status, 500);
    CHECK_EQ(answer.header("exception_what"), "secret");
}

}  // namespace orders::test
