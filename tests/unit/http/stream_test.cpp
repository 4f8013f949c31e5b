// Answers that come in pieces, for as long as their client stays.

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "tests/unit/http/running_server.h"

namespace orders::http::test {
namespace {

// A server with one stream at /stream, which the test writes.
class StreamingServer {
   public:
    explicit StreamingServer(const ServerOptions& options = small_options(),
                             const StreamOptions& of_stream = {})
        : server_(options) {
        server_->add(
            {"GET", "/stream", Scope::read, [this, of_stream](const Request&, Reply reply) {
                 stream_.set_value(std::move(reply).stream(
                     {.content_type = "text/event-stream", .headers = {{"X-A", "b"}}}, of_stream));
             }});
        port_ = server_.start();
    }

    [[nodiscard]] int port() const { return port_; }
    Stream stream() { return stream_.get_future().get(); }
    RunningServer& server() { return server_; }

   private:
    std::promise<Stream> stream_;
    RunningServer server_;
    int port_ = 0;
};

const std::string get_stream = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_CASE("stream: pieces arrive as they are written, and after the end the connection goes on") {
    StreamingServer server;
    RawConnection client(server.port());
    client.send(get_stream);
    Stream stream = server.stream();
    const std::string head = client.read_until("\r\n\r\n", patience);
    CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(head.find("X-A: b\r\n") != std::string::npos);
    CHECK(head.find("Content-Length") == std::string::npos);

    REQUIRE(stream.write("first"));
    CHECK(client.read_until("first\r\n", patience) == "5\r\nfirst\r\n");
    REQUIRE(stream.write(""));  // nothing, not the end
    REQUIRE(stream.write("the second one"));
    CHECK(client.read_until("one\r\n", patience) == "e\r\nthe second one\r\n");
    client.send(get_orders);  // pipelined: answered after the end
    std::move(stream).end();
    CHECK(client.read_until("0\r\n\r\n", patience) == "0\r\n\r\n");
    CHECK(next_answer(client).status == 200);
}

TEST_CASE("stream: for HTTP/1.0 the body ends with the connection, for HEAD there is none") {
    StreamingServer server;
    SUBCASE("HTTP/1.0") {
        RawConnection client(server.port());
        client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Stream stream = server.stream();
        const std::string head = client.read_until("\r\n\r\n", patience);
        CHECK(head.find("chunked") == std::string::npos);
        CHECK(head.find("Connection: close\r\n") != std::string::npos);
        REQUIRE(stream.write("plain"));
        std::move(stream).end();
        CHECK(client.read_until("plain", patience) == "plain");
        CHECK(client.is_closed_by_server(patience));
    }
    SUBCASE("HEAD") {
        RawConnection client(server.port());
        client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        Stream stream = server.stream();
        CHECK_FALSE(client.read_until("\r\n\r\n", patience).empty());
        eventually(patience, [&] { return !stream.write("never sent"); });
        client.send(get_orders);
        CHECK(next_answer(client).status == 200);
    }
}

TEST_CASE("stream: one that is dropped before its end is cut, so that it does not look whole") {
    StreamingServer server;
    RawConnection client(server.port());
    client.send(get_stream);
    {
        Stream stream = server.stream();
        REQUIRE(stream.write("a part"));
        CHECK_FALSE(client.read_until("a part\r\n", patience).empty());
    }
    CHECK(client.is_closed_by_server(patience));
}

TEST_CASE("stream: it goes on while a stop is announced, and ends with the stop") {
    ServerOptions options = small_options();
    options.stop_delay = std::chrono::hours(1);
    StreamingServer server(options);
    RawConnection client(server.port());
    client.send(get_stream);
    Stream stream = server.stream();
    CHECK_FALSE(client.read_until("\r\n\r\n", patience).empty());
    server.server()->announce_stop();
    REQUIRE(stream.write("later"));
    CHECK(client.read_until("later\r\n", patience) == "5\r\nlater\r\n");
    server.server()->stop();
    CHECK(client.read_until("0\r\n\r\n", patience) == "0\r\n\r\n");
    CHECK(client.is_closed_by_server(patience));
}

TEST_CASE("stream: it may have a last piece for when the server stops") {
    StreamingServer server(small_options(), {.farewell = "bye"});
    RawConnection client(server.port());
    client.send(get_stream);
    Stream stream = server.stream();
    CHECK_FALSE(client.read_until("\r\n\r\n", patience).empty());
    REQUIRE(stream.write("piece"));
    CHECK(client.read_until("piece\r\n", patience) == "5\r\npiece\r\n");
    server.server()->stop();
    CHECK(client.read_until("0\r\n\r\n", patience) == "3\r\nbye\r\n0\r\n\r\n");
}

TEST_CASE("stream: it has its own bound, and room for a last piece beyond it") {
    StreamingServer server(small_options(),
                           {.max_unsent_bytes = 10, .socket_buffer_bytes = 4'096, .farewell = "x"});
    RawConnection client(server.port());
    client.send(get_stream);
    Stream stream = server.stream();
    CHECK_FALSE(client.read_until("\r\n\r\n", patience).empty());
    CHECK(stream.room() == 10);
    // Until the client, which reads nothing, has left so much to the system that it takes no more.
    std::size_t written = 0;
    const auto is_full = [&] {
        const std::size_t room = stream.room().value();
        if (room > 0) REQUIRE(stream.write(std::string(room, 'a')));
        written += room;
        return room == 0;
    };
    for (int times = 0; times < 10;) times = is_full() ? times + 1 : 0;
    std::move(stream).end("the last");
    const std::string body = client.read_until("0\r\n\r\n", patience);
    CHECK(static_cast<std::size_t>(std::ranges::count(body, 'a')) >= written);
    CHECK(body.find("the last\r\n") != std::string::npos);
    CHECK(body.find('x') == std::string::npos);
}

TEST_CASE("stream: its writer learns that the client has left") {
    StreamingServer server;
    std::optional<RawConnection> client(server.port());
    client->send(get_stream);
    Stream stream = server.stream();
    CHECK_FALSE(client->read_until("\r\n\r\n", patience).empty());
    client.reset();
    eventually(patience, [&] { return !stream.write("into the void"); });
}

TEST_CASE("stream: a reader that leaves too much outstanding is cut off, and costs no thread") {
    ServerOptions options = small_options();
    options.handler_threads = 1;
    options.max_stream_bytes = 64 * 1024;
    StreamingServer server(options);
    RawConnection reader(server.port());
    reader.send(get_stream);
    Stream stream = server.stream();
    // What the kernel's buffers take, and then the bound.
    const std::string piece(16 * 1024, 'x');
    std::size_t written = 0;
    eventually(patience, [&] {
        for (int i = 0; i < 64; ++i) {
            if (!stream.write(piece)) return true;
            written += piece.size();
            // Others are served all the time.
            REQUIRE(HttpClient(server.port()).get("/orders").status == 200);
        }
        return false;
    });
    CHECK(written >= options.max_stream_bytes);
    CHECK_FALSE(stream.write("more"));
    CHECK_FALSE(reader.read_until("no such mark", patience).ends_with("0\r\n\r\n"));
}

// Its only answer is a stream, which the test writes.
class StreamResponder final : public Responder {
   public:
    void answer(const FramedRequest&, Reply reply) const override {
        stream_.set_value(std::move(reply).stream({}));
    }
    Stream stream() { return stream_.get_future().get(); }

   private:
    mutable std::promise<Stream> stream_;
};

// Whether a stream whose reader is behind all the time, but reads on, outlasts the time that one
// response may take; empty if this machine was too slow to tell.
std::optional<bool> outlasts_transfer_limit() {
    constexpr milliseconds transfer_limit{200};
    StreamResponder responder;
    Traffic traffic;
    ConnectionDriver driver({.framing = {},
                             .max_connections = 1,
                             .max_buffered_bytes = 1'000'000,
                             .max_stream_bytes = 1'000'000,
                             .transfer_limit = transfer_limit,
                             .idle_limit = patience},
                            responder, traffic);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const FileDescriptor client(ends[0]);
    constexpr int small = 4 * 1024;
    ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    driver.admit(FileDescriptor(ends[1]));
    const std::jthread handler([&] { driver.carry_on(); });
    REQUIRE(::send(client.get(), get_stream.data(), get_stream.size(), 0) > 0);

    std::optional<bool> outlasts = true;
    {
        Stream stream = responder.stream();
        // Outstanding from the first read to the last: more than the sockets take.
        std::string piece(64 * 1024, 'x');
        bool is_written = stream.write(piece);
        const SteadyTime end = std::chrono::steady_clock::now() + 3 * transfer_limit;
        for (SteadyTime turn = end - 3 * transfer_limit; turn < end && is_written;) {
            is_written = stream.write(piece);
            for (std::size_t read = 0; read < piece.size() && is_written;) {
                const ssize_t count = ::recv(client.get(), piece.data(), piece.size() - read, 0);
                is_written = count > 0;
                if (is_written) read += static_cast<std::size_t>(count);
            }
            const SteadyTime now = std::chrono::steady_clock::now();
            if (now - std::exchange(turn, now) > transfer_limit / 4) outlasts.reset();
        }
        if (outlasts) outlasts = is_written;
    }
    driver.end();
    return outlasts;
}

TEST_CASE("stream: a reader that is always behind, but reads on, is not cut off") {
    std::optional<bool> outlasts;
    eventually(patience, [&] { return (outlasts = outlasts_transfer_limit()).has_value(); });
    CHECK(outlasts == true);
}

TEST_CASE("stream: a stopping server ends it in order") {
    StreamingServer server;
    RawConnection client(server.port());
    client.send(get_stream);
    Stream stream = server.stream();
    REQUIRE(stream.write("before"));
    CHECK_FALSE(client.read_until("before\r\n", patience).empty());
    (*server.server()).stop();
    CHECK(client.read_until("0\r\n\r\n", patience) == "0\r\n\r\n");
    CHECK(client.is_closed_by_server(patience));
    CHECK_FALSE(stream.write("after"));
}

}  // namespace
}  // namespace orders::http::test
