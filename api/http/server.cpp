#include "api/http/server.h"

#include <httplib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "api/http/connection_driver.h"
#include "shared/log/log.h"

namespace orders::http {
namespace {

using std::chrono::steady_clock;

constexpr int listen_backlog = 1024;
// Descriptors that are left to the rest of the process: its files, three for each reader of the
// store that a handler uses, and connections that are being turned away.
constexpr std::size_t reserved_descriptors = 256;

ConnectionLimits limits_of(const ServerOptions& options) {
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    const std::size_t possible =
        std::max<std::size_t>(descriptors.rlim_cur, reserved_descriptors + 1) -
        reserved_descriptors;
    if (possible < options.max_connections) {
        log::warn("fewer connections than configured", {{"connections", possible}});
    }
    return {.framing = {.max_header_bytes = options.max_header_bytes,
                        .max_body_bytes = options.max_body_bytes},
            .max_connections = std::min(possible, options.max_connections),
            .max_buffered_bytes = options.max_buffered_bytes,
            .max_stream_bytes = options.max_stream_bytes,
            .transfer_limit = options.transfer_limit,
            .idle_limit = options.idle_limit};
}

}  // namespace

// Has the library accept connections and hands every socket to the driver.
class Server::Listener final : private httplib::Server {
   public:
    explicit Listener(ServerOptions options);
    ~Listener() override;

    Router& router() noexcept { return router_; }
    int bind();
    void run(std::chrono::milliseconds drain_limit);
    void stop() noexcept;

   private:
    // What the library gives its thread pool is our process_and_close_socket(), which never waits.
    struct RunAtOnce final : httplib::TaskQueue {
        void enqueue(std::function<void()> task) override { task(); }
        void shutdown() override {}
    };

    bool process_and_close_socket(socket_t socket) override {
        driver_.admit(FileDescriptor(socket));
        return true;
    }

    [[nodiscard]] bool is_stopping() const noexcept { return stopped_at_.load() != not_stopped; }
    void close_listener();

    static constexpr steady_clock::rep not_stopped = 0;

    // Constant after construction; the router, once run() has been called.
    ServerOptions options_;
    Router router_;

    // Synchronise themselves.
    std::atomic<steady_clock::rep> stopped_at_{not_stopped};
    std::atomic<int> ended_listener_{-1};
    ConnectionDriver driver_;

    std::vector<std::jthread> handler_threads_;  // last: they use all of the above
};

Server::Listener::Listener(ServerOptions options)
    : options_(std::move(options)), driver_(limits_of(options_), router_) {
    new_task_queue = [] { return new RunAtOnce; };
    // Never SO_REUSEPORT, which is the library's default: a second server would bind the port too
    // and take half of the clients.
    set_socket_options([](socket_t socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
}

Server::Listener::~Listener() {
    driver_.end();
    handler_threads_.clear();
    close_listener();
}

int Server::Listener::bind() {
    errno = 0;
    const int port = options_.port == 0                           ? bind_to_any_port(options_.host)
                     : bind_to_port(options_.host, options_.port) ? options_.port
                                                                  : -1;
    // Once more, because the library's own backlog is 5.
    if (port < 0 || ::listen(svr_sock_, listen_backlog) != 0) {
        const int error = errno == 0 ? EADDRNOTAVAIL : errno;
        throw std::system_error(
            error, std::generic_category(),
            "cannot listen on " + options_.host + " port " + std::to_string(options_.port));
    }
    return port;
}

void Server::Listener::run(std::chrono::milliseconds drain_limit) {
    if (is_stopping()) return close_listener();
    for (std::size_t i = 0; i < options_.handler_threads; ++i) {
        handler_threads_.emplace_back([this] { driver_.carry_on(); });
    }
    const bool ended_as_asked = listen_after_bind();
    if (!ended_as_asked) svr_sock_ = INVALID_SOCKET;  // the library has closed it
    stop();
    close_listener();

    const SteadyTime stopped_at{steady_clock::duration(stopped_at_.load())};
    if (!driver_.drain(stopped_at + drain_limit)) {
        log::warn("connections cut off", {{"connections", driver_.open_connections()}});
        driver_.cut_off();
    }
    driver_.end();
    handler_threads_.clear();
    if (!ended_as_asked) throw std::runtime_error("accepting connections failed for good");
}

void Server::Listener::stop() noexcept {
    steady_clock::rep expected = not_stopped;
    const steady_clock::rep now = steady_clock::now().time_since_epoch().count();
    if (!stopped_at_.compare_exchange_strong(expected, now)) return;
    driver_.stop();
    // The library's own stop() does nothing until its loop has begun. Ours ends the loop before its
    // first turn too; the descriptor is closed later, because the loop may just be about to use it.
    const socket_t socket = svr_sock_.exchange(INVALID_SOCKET);
    if (socket == INVALID_SOCKET) return;
    ::shutdown(socket, SHUT_RDWR);
    ended_listener_ = socket;
}

void Server::Listener::close_listener() {
    for (const int socket : {svr_sock_.exchange(INVALID_SOCKET), ended_listener_.exchange(-1)}) {
        if (socket >= 0) ::close(socket);
    }
}

Server::Server(ServerOptions options) : listener_(std::make_unique<Listener>(std::move(options))) {}

Server::~Server() = default;

void Server::add(Route route) {
    listener_->router().add(std::move(route));
}

void Server::set_guard(std::unique_ptr<const Guard> guard) {
    listener_->router().set_guard(std::move(guard));
}

int Server::bind() {
    return listener_->bind();
}

void Server::run(std::chrono::milliseconds drain_limit) {
    listener_->run(drain_limit);
}

void Server::stop() noexcept {
    listener_->stop();
}

}  // namespace orders::http
