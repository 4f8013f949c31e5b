#include "api/http/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace orders::http {
namespace {

constexpr int listen_backlog = 1024;
constexpr const char* every_address = "*";

struct FreeAddresses {
    void operator()(addrinfo* addresses) const noexcept { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses resolve(const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* addresses = nullptr;
    const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses);
    if (error == EAI_SYSTEM) {
        throw std::system_error(errno, std::generic_category(), "cannot look up " + host);
    }
    if (error != 0) {
        throw std::runtime_error("cannot listen on " + host +
                                 ": this name does not resolve to an address (" +
                                 ::gai_strerror(error) + ")");
    }
    return Addresses(addresses);
}

// Broadcast and multicast addresses can be bound and listened on, but nobody can connect to them.
// (The kernel refuses IPv6's by itself.) Which addresses of a network are for broadcast, the kernel
// knows: it asks sockets for their permission. No packet is sent.
bool can_be_connected_to(const addrinfo& address) {
    if (address.ai_family != AF_INET) return true;
    const auto* const inet = reinterpret_cast<const sockaddr_in*>(address.ai_addr);
    if (IN_MULTICAST(ntohl(inet->sin_addr.s_addr))) return false;
    const FileDescriptor probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto connects = [&] {
        return ::connect(probe.get(), address.ai_addr, address.ai_addrlen) == 0;
    };
    if (connects() || errno != EACCES) return true;
    const int yes = 1;
    ::setsockopt(probe.get(), SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    return !connects();
}

// Returns 0, or the reason why it does not listen.
int listen_at(const addrinfo& address, FileDescriptor& listening) {
    FileDescriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return errno;
    // Never SO_REUSEPORT: a second server would bind the port too and take half of the clients.
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (address.ai_family == AF_INET6) {
        // "::" takes IPv4 too, whatever the machine's default is.
        const int no = 0;
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    }
    if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
        ::listen(socket.get(), listen_backlog) != 0) {
        return errno;
    }
    listening = std::move(socket);
    return 0;
}

Endpoint endpoint_of(const FileDescriptor& socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getsockname(socket.get(), generic, &size) != 0 ||
        ::getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        throw std::runtime_error("cannot tell which address is listened on");
    }
    std::string addresses = host.data();
    return {.addresses = addresses == "::" ? "0.0.0.0,::" : addresses,
            .port = std::stoi(port.data())};
}

}  // namespace

ListeningSocket listen_on(const std::string& host, int port) {
    // The second is for machines without IPv6.
    const std::vector<std::string> names = host == every_address
                                               ? std::vector<std::string>{"::", "0.0.0.0"}
                                               : std::vector<std::string>{host};
    int error = EADDRNOTAVAIL;
    for (const std::string& each : names) {
        const Addresses addresses = resolve(each, port);
        // Another address with a port that is taken here would leave half of the clients to whoever
        // has taken it.
        for (const addrinfo* address = addresses.get(); address != nullptr && error != EADDRINUSE;
             address = address->ai_next) {
            if (!can_be_connected_to(*address)) {
                throw std::runtime_error("cannot listen on " + host +
                                         ": it is a broadcast or multicast address, which no "
                                         "client can connect to");
            }
            FileDescriptor socket;
            error = listen_at(*address, socket);
            if (error != 0) continue;
            Endpoint endpoint = endpoint_of(socket);
            return {.socket = std::move(socket), .endpoint = std::move(endpoint)};
        }
    }
    throw std::system_error(error, std::generic_category(),
                            "cannot listen on " + host + " port " + std::to_string(port));
}

std::string local_address_of(const std::string& host) {
    if (host == every_address || host == "0.0.0.0") return "127.0.0.1";
    return host == "::" ? "::1" : host;
}

}  // namespace orders::http
