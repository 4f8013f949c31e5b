#include "shared/os/loopback.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "shared/text/ascii.h"

namespace orders {
namespace {

bool is_loopback(const sockaddr& address) {
    constexpr in_addr_t loopback_network = 127;
    if (address.sa_family == AF_INET) {
        const in_addr ip = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
        return ntohl(ip.s_addr) >> 24U == loopback_network;
    }
    if (address.sa_family != AF_INET6) return false;
    const in6_addr& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&ip) ||
           (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == loopback_network);
}

}  // namespace

bool is_loopback(const std::string& host) {
    if (ascii::equals_ignoring_case(host, "localhost")) return true;
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    return is_loopback(*found->ai_addr);
}

}  // namespace orders
