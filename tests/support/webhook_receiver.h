#pragma once

// A receiver of webhooks, well behaved or hostile: what it does with a request is the test's to
// say, down to the bytes. It listens on 127.0.0.1, with a thread for each connection. Any thread
// may ask it what it has seen.

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "tests/support/tls_identity.h"

namespace orders::test {

struct ReceivedRequest {
    std::string head;  // request line and headers
    std::string body;

    // The value of the header, whose name is in lower case; empty if it is not there.
    [[nodiscard]] std::string header(std::string_view name) const;
};

// By default it says nothing, and waits for the client's next move.
struct Reaction {
    std::string bytes = {};
    bool closes = false;                 // when they have been sent
    bool is_endless = false;             // they are sent again and again
    std::chrono::milliseconds pause{0};  // before each byte
};

// A whole answer. `headers` are lines with their ends.
[[nodiscard]] Reaction answer_with(int status, std::string_view body = "",
                                   std::string_view headers = "");

class WebhookReceiver {
   public:
    // Called on the connections' threads.
    using React = std::function<Reaction(const ReceivedRequest&)>;

    // With an identity it speaks TLS. Port 0 is whichever is free.
    explicit WebhookReceiver(React react, const TlsIdentity* identity = nullptr, int port = 0);
    // Cuts all connections.
    ~WebhookReceiver();
    WebhookReceiver(const WebhookReceiver&) = delete;
    WebhookReceiver& operator=(const WebhookReceiver&) = delete;

    [[nodiscard]] int port() const noexcept { return port_; }
    // With the scheme that it speaks; `host` must be a name of this machine.
    [[nodiscard]] std::string url(std::string_view path = "/",
                                  std::string_view host = "127.0.0.1") const;

    [[nodiscard]] std::vector<ReceivedRequest> requests() const;
    // How many connections there have been.
    [[nodiscard]] std::size_t connections() const;

   private:
    void accept_connections();
    void serve(int socket);

    // Constant after construction.
    React react_;
    const TlsIdentity* identity_;
    FileDescriptor listener_;
    int port_ = 0;

    mutable std::mutex mutex_;
    bool is_ending_ = false;
    std::list<FileDescriptor> sockets_;
    std::vector<std::jthread> threads_;
    std::vector<ReceivedRequest> requests_;

    std::jthread acceptor_;  // last: it uses the above
};

}  // namespace orders::test
