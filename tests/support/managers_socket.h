#pragma once

// The socket on which a service manager is told how its programs go, read as systemd would read it.

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "shared/os/file_descriptor.h"

namespace orders::test {

class ManagersSocket {
   public:
    // Its name is a path, or abstract if it begins with an @.
    explicit ManagersSocket(std::string name) : name_(std::move(name)) {
        std::string bytes = name_;
        if (bytes.front() == '@') bytes.front() = '\0';
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        bytes.copy(address.sun_path, sizeof address.sun_path);
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes.size());
        REQUIRE_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    }

    // For NOTIFY_SOCKET.
    [[nodiscard]] const std::string& name() const { return name_; }

    // What has been told since the last call.
    [[nodiscard]] std::vector<std::string> told() const {
        std::vector<std::string> messages;
        std::array<char, 256> message{};
        while (true) {
            const ssize_t size =
                ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
            if (size < 0) return messages;
            messages.emplace_back(message.data(), static_cast<std::size_t>(size));
        }
    }

   private:
    const std::string name_;
    FileDescriptor socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

[[nodiscard]] inline std::string abstract_name() {
    return "@orders-test-" + std::to_string(::getpid());
}

}  // namespace orders::test
