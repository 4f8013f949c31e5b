#include "tests/bench/slow_clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "tests/bench/figures.h"

namespace orders::bench {
namespace {

// Longer than any client gets.
constexpr std::string_view request =
    "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: a client on a very slow line, "
    "with a lot to say about itself\r\nContent-Type: application/json\r\nContent-Length: 60\r\n";

struct SlowClient {
    FileDescriptor socket;
    std::size_t sent = 0;
    SteadyClock::time_point next_byte;
};

FileDescriptor connect_to(int port) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};
    }
    return socket;
}

// What the server has said, if it has said anything; it closes the connection then.
enum class Said { nothing, timeout, other };
Said listen_to(const FileDescriptor& socket) {
    std::array<char, 1'024> bytes{};
    const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    // A byte that crossed the answer resets the connection, and the answer is lost.
    if (size < 0) return errno == EAGAIN ? Said::nothing : Said::timeout;
    const std::string_view answer(bytes.data(), static_cast<std::size_t>(size));
    return answer.starts_with("HTTP/1.1 408") ? Said::timeout : Said::other;
}

}  // namespace

SlowClients::SlowClients(int port, std::size_t clients)
    : thread_([this, port, clients](const std::stop_token& stop) { run(stop, port, clients); }) {
    while (connected_ < clients && surprises_ == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void SlowClients::run(const std::stop_token& stop, int port, std::size_t clients) {
    std::vector<SlowClient> all(clients);
    // Spread, as clients that know nothing of each other are.
    const auto begin = SteadyClock::now();
    for (std::size_t i = 0; i < clients; ++i) all[i].next_byte = begin + pause * i / clients;

    while (!stop.stop_requested()) {
        const auto now = SteadyClock::now();
        for (SlowClient& client : all) {
            if (client.next_byte > now) continue;
            client.next_byte += pause;
            if (client.socket.is_open()) {
                const Said said = listen_to(client.socket);
                if (said == Said::other) ++surprises_;
                if (said != Said::nothing) client.socket = FileDescriptor();
            }
            if (!client.socket.is_open()) {
                client.socket = connect_to(port);
                client.sent = 0;
                if (client.socket.is_open()) {
                    ++connected_;
                } else {
                    ++surprises_;
                }
            }
            ::send(client.socket.get(), &request[client.sent % request.size()], 1, MSG_NOSIGNAL);
            ++client.sent;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

}  // namespace orders::bench
