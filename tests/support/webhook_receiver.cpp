#include "tests/support/webhook_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>

#include "shared/text/ascii.h"

namespace orders::test {
namespace {

// Blocks until it has done what it is asked for, or the connection is lost.
class Stream {
   public:
    Stream(int socket, const TlsIdentity* identity) : socket_(socket), tls_(nullptr, &::SSL_free) {
        if (identity == nullptr) return;
        tls_.reset(::SSL_new(identity->server_context()));
        ::SSL_set_fd(tls_.get(), socket);
        is_open_ = ::SSL_accept(tls_.get()) == 1;
    }

    [[nodiscard]] bool is_open() const { return is_open_; }

    // Adds to the text what comes next; false at the end.
    bool read(std::string& text) {
        std::array<char, 16 * 1024> bytes{};
        const auto count =
            tls_ ? ::SSL_read(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                 : ::recv(socket_, bytes.data(), bytes.size(), 0);
        is_open_ = count > 0;
        if (is_open_) text.append(bytes.data(), static_cast<std::size_t>(count));
        return is_open_;
    }
    void write(std::string_view bytes) {
        while (is_open_ && !bytes.empty()) {
            const auto count =
                tls_ ? ::SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                     : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            is_open_ = count > 0;
            if (is_open_) bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

   private:
    int socket_;
    std::unique_ptr<SSL, decltype(&::SSL_free)> tls_;
    bool is_open_ = true;
};

// Takes the next request out of `text`, which has what was read and not used yet.
std::optional<ReceivedRequest> read_request(Stream& stream, std::string& text) {
    std::size_t head_end = 0;
    while ((head_end = text.find("\r\n\r\n")) == std::string::npos) {
        if (!stream.read(text)) return std::nullopt;
    }
    ReceivedRequest request{.head = text.substr(0, head_end + 2), .body = {}};
    const std::size_t length = std::strtoul(request.header("content-length").c_str(), nullptr, 10);
    const std::size_t end = head_end + 4 + length;
    while (text.size() < end) {
        if (!stream.read(text)) return std::nullopt;
    }
    request.body = text.substr(head_end + 4, length);
    text.erase(0, end);
    return request;
}

void carry_out(const Reaction& reaction, Stream& stream) {
    do {
        if (reaction.pause == reaction.pause.zero()) {
            stream.write(reaction.bytes);
            continue;
        }
        for (const char byte : reaction.bytes) {
            if (!stream.is_open()) break;
            std::this_thread::sleep_for(reaction.pause);
            stream.write({&byte, 1});
        }
    } while (reaction.is_endless && stream.is_open());
}

}  // namespace

std::string ReceivedRequest::header(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find("\r\n"), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 2, rest.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos &&
            ascii::equals_ignoring_case(line.substr(0, colon), name)) {
            return std::string(ascii::trimmed(line.substr(colon + 1)));
        }
    }
    return {};
}

Reaction answer_with(int status, std::string_view body, std::string_view headers) {
    return {.bytes = "HTTP/1.1 " + std::to_string(status) +
                     " Whatever\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
                     std::string(headers) + "\r\n" + std::string(body)};
}

WebhookReceiver::WebhookReceiver(React react, const TlsIdentity* identity, int port)
    : react_(std::move(react)),
      identity_(identity),
      listener_(
          FileDescriptor::opened(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<in_port_t>(port));
    const int yes = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 1'024) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
        throw std::runtime_error("the receiver cannot listen");
    }
    port_ = ntohs(address.sin_port);
    ::signal(SIGPIPE,
             SIG_IGN);  // as the worker does: OpenSSL's writes may raise it, on either side
    acceptor_ = std::jthread([this] { accept_connections(); });
}

WebhookReceiver::~WebhookReceiver() {
    std::vector<std::jthread> threads;
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
        ::shutdown(listener_.get(), SHUT_RDWR);
        for (const FileDescriptor& socket : sockets_) ::shutdown(socket.get(), SHUT_RDWR);
        threads.swap(threads_);
    }
    acceptor_.join();
}

std::string WebhookReceiver::url(std::string_view path, std::string_view host) const {
    return std::string(identity_ == nullptr ? "http://" : "https://")
        .append(host)
        .append(":")
        .append(std::to_string(port_))
        .append(path);
}

std::vector<ReceivedRequest> WebhookReceiver::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t WebhookReceiver::connections() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
}

void WebhookReceiver::accept_connections() {
    while (true) {
        FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::lock_guard lock(mutex_);
        if (is_ending_ || !socket.is_open()) return;
        // They stay open until the end, so that no number comes twice.
        const int number = sockets_.emplace_back(std::move(socket)).get();
        threads_.emplace_back([this, number] { serve(number); });
    }
}

void WebhookReceiver::serve(int socket) {
    Stream stream(socket, identity_);
    std::string text;
    while (stream.is_open()) {
        const auto request = read_request(stream, text);
        if (!request) break;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(*request);
        }
        const Reaction reaction = react_(*request);
        carry_out(reaction, stream);
        if (reaction.closes) break;
    }
    ::shutdown(socket, SHUT_RDWR);
}

}  // namespace orders::test
