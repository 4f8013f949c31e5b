#include "api/http/server.h"

#include <httplib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <optional>
#include <stdexcept>
#include <thread>

#include "api/http/connection_driver.h"
#include "shared/log/log.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"

namespace orders::http {
namespace {

using std::chrono::steady_clock;

// Those of the server itself: the listening socket, epoll with what it watches, and a connection
// that has been accepted and not yet counted.
constexpr std::size_t own_descriptors = 8;

ConnectionLimits limits_of(const ServerOptions& options) {
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    const std::size_t reserved =
        options.other_descriptors + own_descriptors + ConnectionDriver::max_turned_away;
    if (descriptors.rlim_cur <= reserved) {
        throw std::runtime_error(
            "the limit of open files leaves no connection (ulimit -n raises it)");
    }
    const std::size_t possible = descriptors.rlim_cur - reserved;
    if (possible < options.max_connections) {
        log::warn("fewer connections than configured",
                  {{"connections", possible},
                   {"configured", options.max_connections},
                   {"hint", "raise the limit of open files: ulimit -n"}});
    }
    return {.framing = {.max_header_bytes = options.max_header_bytes,
                        .max_body_bytes = options.max_body_bytes,
                        .other_bodies = options.other_bodies},
            .max_connections = std::min(possible, options.max_connections),
            .max_buffered_bytes = options.max_buffered_bytes,
            .max_stream_bytes = options.max_stream_bytes,
            .is_access_logged = options.is_access_logged,
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
    [[nodiscard]] const Traffic& traffic() const noexcept { return traffic_; }
    Endpoint bind();
    void run(std::chrono::milliseconds drain_limit);
    [[nodiscard]] std::size_t max_connections() const noexcept { return limits_.max_connections; }
    void announce_stop() noexcept;
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
    void set_stop_time(SteadyTime time) noexcept;
    void stop_when_due() noexcept;
    void close_listener();

    static constexpr steady_clock::rep not_stopped = 0;

    // Constant after construction; the router, once run() has been called.
    const ServerOptions options_;
    const ConnectionLimits limits_;  // has views of the options
    Traffic traffic_;                // synchronises itself
    Router router_{traffic_};

    // Synchronise themselves.
    std::atomic<bool> is_running_{false};
    std::atomic<steady_clock::rep> stopped_at_{not_stopped};
    std::atomic<int> ended_listener_{-1};
    ConnectionDriver driver_;

    Mutex mutex_;
    std::condition_variable_any stop_time_changed_;
    std::optional<SteadyTime> stop_time_ GUARDED_BY(mutex_);

    std::vector<std::jthread> handler_threads_;  // last: they use all of the above
};

Server::Listener::Listener(ServerOptions options)
    : options_(std::move(options)),
      limits_(limits_of(options_)),
      driver_(limits_, router_, traffic_) {
    new_task_queue = [] { return new RunAtOnce; };
}

Server::Listener::~Listener() {
    driver_.end();
    handler_threads_.clear();
    close_listener();
}

Endpoint Server::Listener::bind() {
    ListeningSocket listening = listen_on(options_.host, options_.port);
    svr_sock_ = listening.socket.release();  // the library closes it if accepting fails
    return std::move(listening.endpoint);
}

void Server::Listener::run(std::chrono::milliseconds drain_limit) {
    is_running_ = true;  // before the look, so that no stop is announced to nobody
    if (is_stopping()) return close_listener();
    for (std::size_t i = 0; i < options_.handler_threads; ++i) {
        handler_threads_.emplace_back([this] { driver_.carry_on(); });
    }
    // The thread in this function waits for clients, so another one waits for the time.
    std::jthread delayed_stop;
    if (options_.stop_delay.count() > 0) delayed_stop = std::jthread([this] { stop_when_due(); });
    const bool ended_as_asked = listen_after_bind();
    if (!ended_as_asked) svr_sock_ = INVALID_SOCKET;  // the library has closed it
    stop();
    close_listener();

    const SteadyTime stopped_at{steady_clock::duration(stopped_at_.load())};
    if (!driver_.drain(stopped_at + drain_limit)) {
        log::warn("connections cut off",
                  {{"connections", driver_.open_connections()},
                   {"reason", "they had not got their answers when the drain time was over"}});
        driver_.cut_off();
    }
    driver_.end();
    handler_threads_.clear();
    if (!ended_as_asked)
        throw std::runtime_error("no connection can be accepted any more (start the API again)");
}

void Server::Listener::announce_stop() noexcept {
    if (options_.stop_delay.count() == 0 || !is_running_) return stop();
    driver_.announce_stop();
    set_stop_time(steady_clock::now() + options_.stop_delay);
}

// The earliest time counts.
void Server::Listener::set_stop_time(SteadyTime time) noexcept {
    const MutexLock lock(mutex_);
    if (stop_time_ && *stop_time_ <= time) return;
    stop_time_ = time;
    stop_time_changed_.notify_all();
}

void Server::Listener::stop_when_due() noexcept {
    {
        MutexLock lock(mutex_);
        while (!stop_time_) stop_time_changed_.wait(lock);
        while (true) {
            const SteadyTime time = *stop_time_;  // a copy: it may change during the wait
            if (steady_clock::now() >= time) break;
            stop_time_changed_.wait_until(lock, time);
        }
    }
    stop();
}

void Server::Listener::stop() noexcept {
    steady_clock::rep expected = not_stopped;
    const steady_clock::rep now = steady_clock::now().time_since_epoch().count();
    if (!stopped_at_.compare_exchange_strong(expected, now)) return;
    set_stop_time(steady_clock::now());
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

void Server::set_origins(Origins origins) {
    listener_->router().set_origins(std::move(origins));
}

Endpoint Server::bind() {
    return listener_->bind();
}

void Server::run(std::chrono::milliseconds drain_limit) {
    listener_->run(drain_limit);
}

const Traffic& Server::traffic() const noexcept {
    return listener_->traffic();
}

std::size_t Server::max_connections() const noexcept {
    return listener_->max_connections();
}

void Server::announce_stop() noexcept {
    listener_->announce_stop();
}

void Server::stop() noexcept {
    listener_->stop();
}

}  // namespace orders::http
