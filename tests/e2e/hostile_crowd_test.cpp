// More than the real order-api can take: more connections than it serves at a time, and requests
// without end. It says so to those that are too many, serves the others, and does not grow.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <fstream>
#include <string>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/hostile_bytes.h"
#include "tests/support/order_processes.h"

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

// The most memory that the process has ever had.
long peak_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
        long kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib;
    }
    FAIL("no VmHWM");
    return 0;
}

constexpr long max_growth_kib = 32L * 1024;

}  // namespace

TEST_CASE("of 5,000 connections those within the limit are served, the others told so") {
    const std::size_t crowd = std::min<std::size_t>(5'000, possible_connections());
    if (crowd < 5'000) MESSAGE("the limit of open files allows only ", crowd, " connections");
    const std::size_t served = crowd - 100;
    OrderProcesses processes;
    processes.start_api({"--max-connections", std::to_string(served)});

    std::deque<RawConnection> connections;
    while (connections.size() < served) {
        REQUIRE(connections.emplace_back(processes.port()).is_open());
        // Served, so that it is certainly one of those that count.
        connections.back().send(get_livez);
        REQUIRE_EQ(status_of(connections.back().read_answer(patience)), 200);
    }
    for (std::size_t i = served; i < crowd; ++i) {
        RawConnection one_too_many(processes.port());
        const HttpAnswer answer = answer_of(one_too_many.read_answer(patience));
        check_problem(answer, 503, "overloaded");
        CHECK(answer.header("retry-after").has_value());
        CHECK(one_too_many.is_closed_by_server(patience));
    }
    for (RawConnection& connection : connections) {
        connection.send(get_livez);
        REQUIRE_EQ(status_of(connection.read_answer(patience)), 200);
    }
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

TEST_CASE("requests without end do not make the API grow") {
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
