// The park by itself, with connections whose clients are the test: what is handed out, and when.

#include "api/http/connection_park.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/eventually.h"

namespace orders::http::test {
namespace {

using orders::test::patience;
using Parking = ConnectionPark::Parking;
using Phase = Connection::Phase;

SteadyTime in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

// A connection that is held, and the client's end of it.
struct Pair {
    explicit Pair(ConnectionPark& park) : Pair(park, ends()) {}

    FileDescriptor client;
    Connection& connection;

   private:
    Pair(ConnectionPark& park, std::array<int, 2> ends)
        : client(ends[0]), connection(park.admit(FileDescriptor(ends[1]))) {}

    static std::array<int, 2> ends() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) ==
                0);
        return ends;
    }
};

// Has sent as much of its output as the socket takes.
void block(Connection& connection) {
    connection.queue_output(std::string(8 * 1024 * 1024, 'x'), Connection::AfterOutput::stay_open);
    REQUIRE(connection.send_output() == Connection::Io::would_block);
    connection.enter(Phase::sending, in(patience));
}

void read_all(const FileDescriptor& client) {
    std::array<char, 64 * 1024> bytes;
    while (::recv(client.get(), bytes.data(), bytes.size(), 0) > 0) {
    }
}

TEST_CASE("connection_park: what a client that does not read has sent is no reason to wake") {
    Traffic traffic;
    ConnectionPark park({}, 64 * 1024 * 1024, traffic);
    Pair blocked(park);
    SUBCASE("a pipelined request") {
        REQUIRE(::send(blocked.client.get(), "x", 1, 0) == 1);
    }
    SUBCASE("that it asks nothing more") {
        REQUIRE(::shutdown(blocked.client.get(), SHUT_WR) == 0);
    }
    block(blocked.connection);
    REQUIRE(park.park(blocked.connection) == Parking::parked);
    Pair due(park);
    due.connection.enter(Phase::idle, in(std::chrono::milliseconds(50)));
    REQUIRE(park.park(due.connection) == Parking::parked);

    // Until the other is due, the blocked one may be handed out once: it has not been looked at.
    int times = 0;
    while (park.next() == &blocked.connection) {
        REQUIRE(++times <= 2);
        REQUIRE(blocked.connection.send_output() == Connection::Io::would_block);
        REQUIRE(park.park(blocked.connection) == Parking::parked);
    }

    read_all(blocked.client);
    CHECK(park.next() == &blocked.connection);
}

TEST_CASE("connection_park: one that only gives way to others is handed out again at once") {
    Traffic traffic;
    ConnectionPark park({}, 64 * 1024 * 1024, traffic);
    Pair pair(park);
    for (const std::string output : {"", "unsent"}) {
        CAPTURE(output);
        for (int time = 0; time < 3; ++time) {
            pair.connection.queue_output(output, Connection::AfterOutput::stay_open);
            pair.connection.enter(Phase::sending, in(patience));
            REQUIRE(park.park(pair.connection) == Parking::parked);
            CHECK(park.next() == &pair.connection);
        }
    }
}

TEST_CASE("connection_park: what is passed on again and again does not keep the others waiting") {
    Traffic traffic;
    ConnectionPark park({}, 64 * 1024 * 1024, traffic);
    Pair busy(park);
    Pair other(park);
    other.connection.enter(Phase::idle, in(patience));
    REQUIRE(park.park(other.connection) == Parking::parked);
    REQUIRE(::send(other.client.get(), "x", 1, 0) == 1);
    park.pass_on(busy.connection);
    int times = 0;
    while (park.next() == &busy.connection) {
        REQUIRE(++times < 1'000);
        park.pass_on(busy.connection);
    }
}

TEST_CASE("connection_park: what is passed on together is no one thread's business") {
    Traffic traffic;
    ConnectionPark park({}, 64 * 1024 * 1024, traffic);
    Pair first(park);
    Pair second(park);
    // Each thread takes one and does not come back, as if a handler kept it. If only one were
    // woken, the other would sleep on; it must sleep already for that, so this is tried often.
    for (int time = 0; time < 1'000; ++time) {
        const auto take = [&park] { return park.next() != nullptr; };
        auto one = std::async(std::launch::async, take);
        auto other = std::async(std::launch::async, take);
        std::this_thread::yield();
        park.pass_on(first.connection);
        park.pass_on(second.connection);
        const bool are_both_taken = one.wait_for(patience) == std::future_status::ready &&
                                    other.wait_for(patience) == std::future_status::ready;
        if (!are_both_taken) park.shut();
        REQUIRE(are_both_taken);
    }
}

}  // namespace
}  // namespace orders::http::test
