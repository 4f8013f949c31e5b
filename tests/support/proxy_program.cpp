#include "tests/support/proxy_program.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>

#include "shared/os/file_descriptor.h"

namespace orders::test {

std::optional<std::string> proxy_program(std::string_view name) {
    const std::string unpacked = std::string(ORDERS_SOURCE_DIR) + "/build/proxies";
    for (const std::string& root : {std::string(), unpacked}) {
        for (const std::string directory : {"/usr/sbin/", "/usr/bin/"}) {
            std::string path = root + directory + std::string(name);
            if (::access(path.c_str(), X_OK) == 0) return path;
        }
    }
    return std::nullopt;
}

int port_to_keep() {
    std::random_device random;
    std::uniform_int_distribution<int> below_the_kernels_own(10'000, 30'000);
    while (true) {
        const int port = below_the_kernels_own(random);
        const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0) {
            return port;
        }
    }
}

}  // namespace orders::test
