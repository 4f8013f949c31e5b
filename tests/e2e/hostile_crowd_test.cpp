// More than the real order-api can take: more connections than it serves at a time or all at once,
// clients that do not read, requests without end, and bodies that unpack to more. It says so to the
// clients that are too many, serves the others, and does not grow.

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "tests/e2e/gzip_bomb.h"
#include "tests/e2e/hostile_bytes.h"
#include "tests/e2e/process_figures.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/halted_process.h"
#include "tests/support/order_processes.h"
#include "tests/support/puller.h"
#include "tests/support/sanitizers.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

// How many more files this process may open, once its limit is as high as it may be.
std::size_t possible_connections() {
    constexpr std::size_t reserve = 200;
    rlimit limit{};
    REQUIRE_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    REQUIRE_GT(limit.rlim_cur, 2 * reserve);
    return static_cast<std::size_t>(limit.rlim_cur) - reserve;
}

constexpr long max_growth_kib = (is_sanitized ? 512L : 32L) * 1024;

void check_all_served(std::deque<RawConnection>& connections) {
    constexpr std::size_t block = 500;
    for (std::size_t begin = 0; begin < connections.size(); begin += block) {
        const std::size_t end = std::min(connections.size(), begin + block);
        for (std::size_t i = begin; i < end; ++i) REQUIRE(connections[i].send(get_livez));
        for (std::size_t i = begin; i < end; ++i) {
            REQUIRE_EQ(status_of(connections[i].read_answer(patience)), 200);
        }
    }
}

sockaddr_in local_address(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A connection that need not be there yet.
FileDescriptor begin_to_connect(int port) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_in address = local_address(port);
    const int result =
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    REQUIRE_MESSAGE((result == 0 || errno == EINPROGRESS), errno);
    return socket;
}

void wait_until_possible(const FileDescriptor& socket, short what) {
    pollfd watched{socket.get(), what, 0};
    const auto limit = std::chrono::milliseconds(patience).count();
    REQUIRE_EQ(::poll(&watched, 1, static_cast<int>(limit)), 1);
}

// A client that has sent a request for a long answer and has room for little of it: all but about
// 100 kB stays in the server.
FileDescriptor deaf_client(int port, const std::string& request) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // In small segments, or the server's kernel takes megabytes for it.
    constexpr int buffer = 4096;
    constexpr int segment = 536;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    const sockaddr_in address = local_address(port);
    REQUIRE_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
               0);
    REQUIRE_EQ(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL), request.size());
    return socket;
}

// What comes until the server closes the connection.
std::string read_all(const FileDescriptor& socket) {
    std::string all;
    std::array<char, 64 * 1024> buffer{};
    while (true) {
        wait_until_possible(socket, POLLIN);
        const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (size <= 0) return all;
        all.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

}  // namespace

TEST_CASE("hostile_crowd: of 5,000 connections those within the limit are served, others told so") {
    const std::size_t crowd = std::min<std::size_t>(5'000, possible_connections());
    if (crowd < 5'000) MESSAGE("the limit of open files allows only ", crowd, " connections");
    const std::size_t served = crowd - 100;
    OrderProcesses processes;
    processes.start_api({"--max-connections", std::to_string(served)});

    std::deque<RawConnection> connections;
    while (connections.size() < served) {
        REQUIRE(connections.emplace_back(processes.port()).is_open());
    }
    check_all_served(connections);  // so they are certainly those that count
    for (std::size_t i = served; i < crowd; ++i) {
        RawConnection one_too_many(processes.port());
        const HttpAnswer answer = answer_of(one_too_many.read_answer(patience));
        check_problem(answer, 503, "overloaded");
        CHECK(answer.header("retry-after").has_value());
        CHECK(one_too_many.is_closed_by_server(patience));
    }
    check_all_served(connections);
    // As soon as some leave, others come in.
    for (int i = 0; i < 10; ++i) connections.pop_back();
    for (int i = 0; i < 10; ++i) {
        eventually(patience, [&] {
            RawConnection& newcomer = connections.emplace_back(processes.port());
            newcomer.send(get_livez);
            if (status_of(newcomer.read_answer(patience)) == 200) return true;
            connections.pop_back();
            return false;
        });
    }
}

TEST_CASE(
    "hostile_crowd: of 8,000 workers that wait one gets the one order, and none is forgotten") {
    constexpr std::size_t crowd = 8'000;
    constexpr std::size_t served = 11'000;  // three quarters of them may wait
    constexpr long max_growth_kib_each = is_sanitized ? 64 : 8;
    if (possible_connections() < served) return skipped("the limit of open files is too low");
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--max-connections", std::to_string(served)});
    HttpClient http = processes.client();
    CHECK_EQ(http.get("/livez").status, 200);
    const long before = peak_kib(api.pid());
    std::deque<RawConnection> waiting;
    while (waiting.size() < crowd) {
        waiting.push_back(begin_claim(processes.port(), "w" + std::to_string(waiting.size()),
                                      {{"wait_seconds", 30}}));
    }
    eventually(
        patience, [&] { return http.get("/api/v1/report").json()["workers"].size(); },
        [](std::size_t known) { return known == crowd; });
    processes.submit(order_json("a"));
    eventually(patience, [&] { return processes.order("a")["status"] == "Processing"; });
    CHECK_LT(peak_kib(api.pid()), before + max_growth_kib_each * static_cast<long>(crowd));
    processes.stop_all();  // which answers the others
    std::vector<std::string> claimed;
    for (RawConnection& connection : waiting) {
        const HttpAnswer answer = answer_of(connection.read_answer(patience));
        REQUIRE_EQ(answer.status, 200);
        for (const std::string& id : ids_of(answer.json()["orders"])) claimed.push_back(id);
    }
    CHECK_EQ(claimed, std::vector<std::string>{"a"});
}

TEST_CASE("hostile_crowd: a thousand clients that connect in the same moment are all served") {
    constexpr std::size_t burst = 1'000;
    if (possible_connections() < burst) return skipped("the limit of open files is too low");
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    // While it stands still nobody is accepted, so all of them wait at the same time.
    api.signal(SIGSTOP);
    eventually(patience, [&] { return is_halted(api); });
    std::deque<FileDescriptor> sockets;
    while (sockets.size() < burst) sockets.push_back(begin_to_connect(processes.port()));
    api.signal(SIGCONT);
    for (const FileDescriptor& socket : sockets) {
        wait_until_possible(socket, POLLOUT);
        REQUIRE_EQ(::send(socket.get(), get_livez.data(), get_livez.size(), MSG_NOSIGNAL),
                   get_livez.size());
    }
    const std::string served = "HTTP/1.1 200 ";
    for (const FileDescriptor& socket : sockets) {
        wait_until_possible(socket, POLLIN);
        std::string answer(served.size(), ' ');
        REQUIRE_EQ(::recv(socket.get(), answer.data(), answer.size(), 0), served.size());
        REQUIRE_EQ(answer, served);
    }
}

TEST_CASE("hostile_crowd: idle clients and clients that do not read keep nobody waiting") {
    OrderProcesses processes;
    processes.start_api();
    std::vector<nlohmann::json> orders;
    for (int i = 0; i < 1'000; ++i) orders.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(orders);
    std::deque<RawConnection> idle;
    for (int i = 0; i < 400; ++i) idle.emplace_back(processes.port());
    HttpClient newcomer = processes.client();
    // The rest of the list is the same whatever comes meanwhile.
    const std::string cursor = newcomer.get("/api/v1/orders?limit=1").json()["next_cursor"];
    const std::string list = "/api/v1/orders?limit=1000&cursor=" + cursor;
    const std::string long_answer = newcomer.get(list).body;
    CHECK_GT(long_answer.size(), 150'000);
    std::deque<FileDescriptor> deaf;  // more than the API has threads
    for (int i = 0; i < 20; ++i) {
        deaf.push_back(
            deaf_client(processes.port(), to_bytes({"GET", list, {{"Connection", "close"}}})));
    }
    for (int i = 0; i < 20; ++i) {
        CHECK_EQ(newcomer.post("/api/v1/orders", order_json("new-" + std::to_string(i))).status,
                 200);
    }
    idle.back().send(get_livez);
    CHECK_EQ(status_of(idle.back().read_answer(patience)), 200);
    // None of these had to be cut off before the newcomer was served: each still gets its answer.
    for (const FileDescriptor& client : deaf) CHECK(read_all(client).ends_with(long_answer));
}

TEST_CASE("hostile_crowd: a body that would unpack to 200 MB is refused, and not unpacked") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    HttpClient http = processes.client();
    CHECK_EQ(http.get("/livez").status, 200);
    const long before = peak_kib(api.pid());
    const std::string bomb = gzip_bomb(200'000'000);
    CHECK_LT(bomb.size(), 1'000'000);  // or its size alone would be reason enough
    for (int i = 0; i < 5; ++i) {
        const HttpAnswer answer =
            http.send({"POST",
                       "/api/v1/orders",
                       {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}},
                       bomb});
        check_problem(answer, 415, "unsupported-media-type");
    }
    // Nor is it unpacked if nothing says that it is packed.
    check_problem(http.post("/api/v1/orders", bomb), 400, "malformed-body");
    CHECK_LT(peak_kib(api.pid()), before + max_growth_kib);
}

TEST_CASE("hostile_crowd: requests without end do not make the API grow") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    CHECK_EQ(processes.client().get("/livez").status, 200);
    const long before = peak_kib(api.pid());
    const std::string chunked = post_head + "Transfer-Encoding: chunked" + end_of_head;
    const std::string megabyte(1'000'000, 'a');
    std::string chunk_extensions;
    std::string trailers;
    std::string headers;
    while (headers.size() < megabyte.size()) {
        chunk_extensions += "1;" + std::string(200, 'x') + "\r\n \r\n";
        trailers += "X-Trailer: " + std::string(1'000, 'x') + "\r\n";
        headers += "X-Header: " + std::string(1'000, 'x') + "\r\n";
    }
    struct Flood {
        std::string start;
        std::string part;
    };
    for (const Flood& flood :
         {Flood{"GET /", megabyte}, Flood{"", megabyte},
          Flood{"GET /livez HTTP/1.1\r\nHost: a\r\nX: ", megabyte},
          Flood{"GET /livez HTTP/1.1\r\nHost: a\r\n", headers}, Flood{chunked, chunk_extensions},
          Flood{chunked + "1;", megabyte}, Flood{chunked + "0\r\n", trailers},
          Flood{chunked + "0\r\nX: ", megabyte}}) {
        const std::string start = flood.start.substr(0, 60);
        CAPTURE(start);
        RawConnection connection(processes.port());
        connection.send(flood.start);
        // A hundred megabytes, unless the server closes the connection before.
        for (int i = 0; i < 100 && connection.send(flood.part); ++i) {
        }
        CHECK_EQ(processes.client().get("/livez").status, 200);
    }
    CHECK_LT(peak_kib(api.pid()), before + max_growth_kib);
}

}  // namespace orders::test
