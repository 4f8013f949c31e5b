#include "tests/faults/faulty_link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <utility>

namespace orders::test {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;

FileDescriptor listen_anywhere(int& port) {
    auto socket =
        FileDescriptor::opened(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), 128) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "listen");
    }
    port = ntohs(address.sin_port);
    return socket;
}

FileDescriptor connect_to(const std::string& path) {
    auto socket =
        FileDescriptor::opened(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(&address.sun_path[0], path.c_str(), sizeof address.sun_path - 1);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return FileDescriptor();
    }
    return socket;
}

// Whether they end a request of libpq's pipeline: with a Sync.
bool is_whole_request(std::string_view bytes) {
    return bytes.ends_with(std::string_view("S\0\0\0\4", 5));
}

// Empty at the end.
std::string_view receive(const FileDescriptor& socket, std::string& buffer) {
    buffer.resize(buffer_size);
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

// A request may come in pieces: as many of them as come without a pause.
std::string receive_request(const FileDescriptor& socket, std::string& buffer) {
    std::string request(receive(socket, buffer));
    constexpr int pause_ms = 20;
    pollfd source{.fd = socket.get(), .events = POLLIN, .revents = 0};
    while (!request.empty() && !is_whole_request(request) && ::poll(&source, 1, pause_ms) == 1) {
        const std::string_view more = receive(socket, buffer);
        if (more.empty()) break;
        request += more;
    }
    return request;
}

bool send_all(const FileDescriptor& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// Where the last statement of these messages of libpq's begins: with its Bind.
std::size_t begin_of_last_statement(std::string_view messages) {
    std::size_t last = 0;
    for (std::size_t at = 0; at + 5 <= messages.size();) {
        if (messages[at] == 'B') last = at;
        std::uint32_t length = 0;
        std::memcpy(&length, &messages[at + 1], sizeof length);
        at += 1 + ntohl(length);
    }
    return last;
}

}  // namespace

struct FaultyLink::Pair {
    FileDescriptor client;
    FileDescriptor server;
    // Of the answer; what is beyond is lost.
    std::atomic<std::size_t> bytes_to_pass = LinkFault::last_statement;
    std::atomic<int> running = 2;
    std::jthread answers;
    std::jthread requests;

    void cut_client() const noexcept { ::shutdown(client.get(), SHUT_RDWR); }
    void cut() const noexcept {
        cut_client();
        ::shutdown(server.get(), SHUT_RDWR);
    }
};

FaultyLink::FaultyLink(std::string server)
    : server_(std::move(server)),
      listener_(listen_anywhere(port_)),
      acceptor_([this] { accept_connections(); }) {}

FaultyLink::~FaultyLink() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    changed_.notify_all();
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    cut_all();
    pairs_.clear();
}

std::string FaultyLink::url_of(const std::string& database) const {
    return "postgresql://orders@127.0.0.1:" + std::to_string(port_) + "/" + database +
           "?sslmode=disable&gssencmode=disable";
}

void FaultyLink::set_delay(std::chrono::milliseconds delay) {
    const std::lock_guard lock(mutex_);
    delay_ = delay;
}

void FaultyLink::arm(LinkFault fault) {
    const std::lock_guard lock(mutex_);
    armed_.push_back(std::move(fault));
}

void FaultyLink::cut_all() {
    const std::lock_guard lock(mutex_);
    for (const Pair& pair : pairs_) pair.cut();
}

void FaultyLink::release() {
    std::unique_lock lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return held_ == 0; });
    is_released_ = false;
}

int FaultyLink::happened(LinkFault::Kind kind) const {
    const std::lock_guard lock(mutex_);
    switch (kind) {
        case LinkFault::Kind::cut:
            return cuts_;
        case LinkFault::Kind::swallow:
            return swallowed_;
        case LinkFault::Kind::hold:
            return late_;
    }
    return 0;
}

int FaultyLink::held() const {
    const std::lock_guard lock(mutex_);
    return held_;
}

void FaultyLink::accept_connections() {
    for (;;) {
        FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::lock_guard lock(mutex_);
        if (is_ending_) return;
        std::erase_if(pairs_, [](const Pair& pair) { return pair.running == 0; });
        FileDescriptor server = connect_to(server_);
        if (!client.is_open() || !server.is_open()) continue;
        const int on = 1;
        ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Pair& pair = pairs_.emplace_back();
        pair.client = std::move(client);
        pair.server = std::move(server);
        // In this order: the second of them may wait for the first.
        pair.answers = std::jthread([this, &pair] { carry_answers(pair); });
        pair.requests = std::jthread([this, &pair] { carry_requests(pair); });
    }
}

void FaultyLink::carry_requests(Pair& pair) {
    std::string buffer;
    for (;;) {
        const std::string request = receive_request(pair.client, buffer);
        const std::string_view bytes = request;
        if (bytes.empty()) break;
        delay();
        const auto fault = take_fault(bytes);
        if (fault && fault->kind == LinkFault::Kind::swallow) pair.bytes_to_pass = fault->after;
        const bool is_whole = !fault || fault->kind == LinkFault::Kind::swallow;
        const std::size_t passing = is_whole ? bytes.size()
                                    : fault->after == LinkFault::last_statement
                                        ? begin_of_last_statement(bytes)
                                        : fault->after;
        if (!send_all(pair.server, bytes.substr(0, passing))) break;
        if (is_whole) continue;
        if (fault->kind == LinkFault::Kind::hold) {
            deliver_late(pair, bytes.substr(std::min(passing, bytes.size())), fault->held);
        }
        break;
    }
    pair.cut();
    --pair.running;
}

void FaultyLink::carry_answers(Pair& pair) {
    std::string buffer;
    for (;;) {
        const std::string_view bytes = receive(pair.server, buffer);
        if (bytes.empty()) break;
        delay();
        const std::size_t passing = std::min(pair.bytes_to_pass.load(), bytes.size());
        // Of what is held nobody awaits the answer.
        (void)send_all(pair.client, bytes.substr(0, passing));
        if (passing < bytes.size()) break;
        if (pair.bytes_to_pass != LinkFault::last_statement) pair.bytes_to_pass -= passing;
    }
    pair.cut();
    --pair.running;
}

void FaultyLink::deliver_late(Pair& pair, std::string_view rest, std::chrono::milliseconds held) {
    pair.cut_client();
    {
        std::unique_lock lock(mutex_);
        ++held_;
        const auto is_over = [this] { return is_ending_ || is_released_; };
        if (held == held.zero()) {
            changed_.wait(lock, is_over);
        } else {
            changed_.wait_for(lock, held, is_over);
        }
    }
    (void)send_all(pair.server, rest);
    ::shutdown(pair.server.get(), SHUT_WR);  // the server reads all of it before it sees the end
    pair.answers.join();                     // which is when the server has closed
    const std::lock_guard lock(mutex_);
    --held_;
    changed_.notify_all();
}

void FaultyLink::delay() const {
    const auto time = [this] {
        const std::lock_guard lock(mutex_);
        return delay_;
    }();
    if (time > time.zero()) std::this_thread::sleep_for(time);
}

std::optional<LinkFault> FaultyLink::take_fault(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (armed_.empty() || bytes.find(armed_.front().only_with) == bytes.npos) return std::nullopt;
    LinkFault fault = std::move(armed_.front());
    armed_.pop_front();
    ++(fault.kind == LinkFault::Kind::cut       ? cuts_
       : fault.kind == LinkFault::Kind::swallow ? swallowed_
                                                : late_);
    return fault;
}

}  // namespace orders::test
