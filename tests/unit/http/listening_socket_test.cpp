// What a host means to a server: which addresses are bound, and what is refused in which words.

#include "api/http/listening_socket.h"

#include <doctest/doctest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tests/support/http_client.h"

namespace orders::http::test {
namespace {

using orders::test::RawConnection;

bool has_ipv6() {
    const FileDescriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    return socket.is_open() &&
           ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) == 0;
}

// Of this machine's networks.
std::vector<std::string> broadcast_addresses() {
    ifaddrs* interfaces = nullptr;
    REQUIRE(::getifaddrs(&interfaces) == 0);
    std::vector<std::string> addresses;
    for (const ifaddrs* each = interfaces; each != nullptr; each = each->ifa_next) {
        const bool is_ipv4 = each->ifa_addr != nullptr && each->ifa_addr->sa_family == AF_INET;
        if (!is_ipv4 || (each->ifa_flags & IFF_BROADCAST) == 0 || each->ifa_broadaddr == nullptr) {
            continue;
        }
        std::array<char, NI_MAXHOST> text{};
        REQUIRE(::getnameinfo(each->ifa_broadaddr, sizeof(sockaddr_in), text.data(), text.size(),
                              nullptr, 0, NI_NUMERICHOST) == 0);
        // Which an interface has instead if its network knows no broadcast.
        if (std::string_view(text.data()) != "0.0.0.0") addresses.emplace_back(text.data());
    }
    ::freeifaddrs(interfaces);
    return addresses;
}

// The text of the error with which a server on this host is refused.
std::string refusal_of(const std::string& host) {
    try {
        return "listens on " + listen_on(host, 0).endpoint.addresses;
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("listening_socket: an address is bound, and said as it is") {
    const ListeningSocket listening = listen_on("127.0.0.1", 0);
    CHECK(listening.endpoint.addresses == "127.0.0.1");
    CHECK(listening.endpoint.port > 0);
    CHECK(RawConnection(listening.endpoint.port).is_open());
    CHECK(listen_on("0.0.0.0", 0).endpoint.addresses == "0.0.0.0");
    if (!has_ipv6()) return;
    CHECK(listen_on("::1", 0).endpoint.addresses == "::1");
}

TEST_CASE("listening_socket: a star means every address, IPv4 and IPv6") {
    for (const std::string host : {"*", "::"}) {
        if (host != "*" && !has_ipv6()) continue;
        CAPTURE(host);
        const ListeningSocket listening = listen_on(host, 0);
        CHECK(listening.endpoint.addresses == (has_ipv6() ? "0.0.0.0,::" : "0.0.0.0"));
        CHECK(RawConnection(listening.endpoint.port).is_open());  // which goes to 127.0.0.1
    }
}

TEST_CASE("listening_socket: a name stands for the address it resolves to") {
    const std::string addresses = listen_on("localhost", 0).endpoint.addresses;
    CHECK((addresses == "127.0.0.1" || addresses == "::1"));
    for (const std::string host : {"no.such.host.invalid", "300.1.1.1", "", "[", "[]", "[::1]"}) {
        CAPTURE(host);
        CHECK(has(refusal_of(host), "cannot listen on " + host + ": this name does not resolve"));
    }
}

TEST_CASE("listening_socket: addresses that no client could connect to are refused as such") {
    std::vector<std::string> hosts = broadcast_addresses();
    hosts.insert(hosts.end(), {"255.255.255.255", "224.0.0.1"});
    for (const std::string& host : hosts) {
        CAPTURE(host);
        CHECK(has(refusal_of(host), "broadcast or multicast"));
    }
    // An address of some other machine: the kernel says so. (It is one that documents use.)
    CHECK(has(refusal_of("203.0.113.1"), "Cannot assign requested address"));
}

TEST_CASE("listening_socket: a port that is taken is not shared, whichever address takes it") {
    const ListeningSocket first = listen_on("127.0.0.1", 0);
    for (const std::string host : {"127.0.0.1", "0.0.0.0", "*"}) {
        CAPTURE(host);
        try {
            (void)listen_on(host, first.endpoint.port);
            FAIL("it is shared");
        } catch (const std::system_error& error) {
            CHECK(error.code() == std::errc::address_in_use);
            CHECK(has(error.what(),
                      "cannot listen on " + host + " port " + std::to_string(first.endpoint.port)));
        }
    }
}

TEST_CASE("listening_socket: a client on this machine reaches a server that listens everywhere") {
    CHECK(local_address_of("*") == "127.0.0.1");
    CHECK(local_address_of("0.0.0.0") == "127.0.0.1");
    CHECK(local_address_of("::") == "::1");
    CHECK(local_address_of("fe80::2") == "fe80::2");
    CHECK(local_address_of("example.com") == "example.com");
}

}  // namespace
}  // namespace orders::http::test
