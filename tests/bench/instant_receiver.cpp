// instant_receiver [DELAY_MS]: answers whatever is posted to it with 200 and an empty body, on one
// thread, at once or after a delay. With a delay of -1 it never answers. What a webhook costs
// without a receiver's own work.
//
// It takes a request for what comes in one piece or in several, by its Content-Length. It prints
// its port to standard error, and runs until it is killed.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <unordered_map>

#include "shared/os/descriptor_limit.h"
#include "shared/os/file_descriptor.h"
#include "worker/processors/event_loop.h"

namespace {

using namespace orders;

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
constexpr std::string_view length_name = "\r\nContent-Length: ";

struct Client {
    FileDescriptor socket;
    std::string received = {};
};

// On the loop's thread.
class Receiver {
   public:
    Receiver(EventLoop& loop, std::chrono::milliseconds delay) : loop_(loop), delay_(delay) {
        listener_ = FileDescriptor::opened(
            ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 8'192) != 0 ||
            ::getsockname(listener_.get(), generic, &size) != 0) {
            throw std::runtime_error("cannot listen");
        }
        std::fprintf(stderr, "listening port=%d\n", ntohs(address.sin_port));
        loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
    }

   private:
    void accept() {
        while (true) {
            FileDescriptor socket(
                ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!socket.is_open()) return;
            const int yes = 1;
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            const int fd = socket.get();
            clients_[fd] = {std::move(socket)};
            loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t) { receive(fd); });
        }
    }

    void receive(int fd) {
        Client& client = clients_.at(fd);
        std::array<char, 16 * 1024> bytes{};
        const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            if (count < 0 && errno == EAGAIN) return;
            loop_.unwatch(fd);
            clients_.erase(fd);
            return;
        }
        client.received.append(bytes.data(), static_cast<std::size_t>(count));
        const std::size_t head = client.received.find("\r\n\r\n");
        const std::size_t length = client.received.find(length_name);
        if (head == std::string::npos || length == std::string::npos) return;
        const std::size_t end =
            head + 4 +
            std::strtoul(client.received.c_str() + length + length_name.size(), nullptr, 10);
        if (client.received.size() < end) return;
        client.received.erase(0, end);
        if (delay_ == delay_.zero()) {
            send(fd);
        } else if (delay_ > delay_.zero()) {
            loop_.call_at(std::chrono::steady_clock::now() + delay_, [fd] { send(fd); });
        }
    }

    // If the client has left meanwhile, another may have its number, and will not mind.
    static void send(int fd) { ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL); }

    EventLoop& loop_;
    std::chrono::milliseconds delay_;
    FileDescriptor listener_;
    std::unordered_map<int, Client> clients_;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        orders::raise_descriptor_limit(64);
        const std::chrono::milliseconds delay(argc > 1 ? std::atoi(argv[1]) : 0);
        std::unique_ptr<Receiver> receiver;
        EventLoop loop;
        loop.post([&] { receiver = std::make_unique<Receiver>(loop, delay); });
        std::promise<void>().get_future().wait();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return EXIT_FAILURE;
}
