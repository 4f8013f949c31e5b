#pragma once

// A port for a program that cannot say which one it has got, because nobody reads its log.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "shared/os/file_descriptor.h"

namespace orders::test {

// On 127.0.0.1. Free when this returns; the kernel gives out all the others before it comes round
// to this one again.
[[nodiscard]] inline int free_port() {
    const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, size) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "no free port");
    }
    return ntohs(address.sin_port);
}

}  // namespace orders::test
