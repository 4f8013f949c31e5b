#include "api/http_server.h"

#include <httplib.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "api/http_conversation.h"
#include "api/http_exchange.h"
#include "api/http_framing.h"
#include "api/http_route.h"
#include "shared/log/log.h"

namespace orders {
namespace {

using std::chrono::steady_clock;

constexpr int listen_backlog = 1024;
// Descriptors that are left to the rest of the process: its files, two for each reader of the store
// that a handler uses, and connections that are being turned away.
constexpr std::size_t reserved_descriptors = 256;

// The library gives its handlers no way back to whoever called it.
thread_local HttpExchange* current_exchange = nullptr;

void fill(httplib::Response& to, HttpResponse&& from) {
    to.status = from.status;
    to.body = std::move(from.body);
    if (!to.body.empty()) to.set_header("Content-Type", from.content_type);
    for (const auto& [name, value] : from.headers) to.set_header(name, value);
    if (to.status == 503 && !to.has_header("Retry-After")) to.set_header("Retry-After", "1");
    current_exchange->is_answered = true;
}

std::string_view default_detail(int status) {
    switch (status) {
        case 404:
            return "There is nothing at this path.";
        case 414:
            return "The request's target is too long.";
        case 500:
            return "The server failed to answer this request.";
        default:
            return "The request cannot be understood.";
    }
}

ConversationLimits limits_of(const HttpServerOptions& options) {
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
            .transfer_limit = options.transfer_limit,
            .idle_limit = options.idle_limit};
}

}  // namespace

// The library's server, apart from its handling of connections: it accepts, hands every socket to
// the conversations, and turns their requests into responses.
class HttpServer::Implementation final : private httplib::Server, private HttpResponder {
   public:
    Implementation(HttpServerOptions options, HttpErrorHandler on_error);
    ~Implementation() override;

    void route(std::string_view pattern,
               std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers);
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
        conversations_.admit(FileDescriptor(socket));
        return true;
    }

    Answer answer(const FramedRequest& request) override;
    Answer refuse(int status, std::string_view detail) override;
    void run_exchange(HttpExchange& exchange);
    void answer_routed(const HttpRoute& route, const httplib::Request& request,
                       httplib::Response& response);
    void finish_headers(httplib::Response& response) const;
    static void log_failure(const std::exception_ptr& exception);

    [[nodiscard]] bool is_stopping() const noexcept { return stopped_at_.load() != not_stopped; }
    void close_listener();

    static constexpr steady_clock::rep not_stopped = 0;

    // Constant after construction.
    HttpServerOptions options_;
    HttpErrorHandler on_error_;

    // Synchronise themselves.
    std::atomic<steady_clock::rep> stopped_at_{not_stopped};
    std::atomic<int> ended_listener_{-1};
    HttpConversations conversations_;

    std::vector<std::jthread> handler_threads_;  // last: they use all of the above
};

HttpServer::Implementation::Implementation(HttpServerOptions options, HttpErrorHandler on_error)
    : options_(std::move(options)),
      on_error_(std::move(on_error)),
      conversations_(limits_of(options_), *this) {
    new_task_queue = [] { return new RunAtOnce; };
    // Never SO_REUSEPORT, which is the library's default: a second server would bind the port too
    // and take half of the clients.
    set_socket_options([](socket_t socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
        const auto& refusal = current_exchange->refusal;
        if (!refusal) return HandlerResponse::Unhandled;
        fill(response, on_error_(refusal->status, refusal->detail));
        return HandlerResponse::Handled;
    });
    set_exception_handler(
        [this](const httplib::Request&, httplib::Response& response, std::exception_ptr exception) {
            log_failure(exception);
            response = httplib::Response();
            fill(response, on_error_(500, default_detail(500)));
        });
    // For every status from 400 up, also where a handler has chosen it.
    set_error_handler(
        HandlerWithResponse([this](const httplib::Request&, httplib::Response& response) {
            if (current_exchange->is_answered) return HandlerResponse::Unhandled;
            fill(response, on_error_(response.status, default_detail(response.status)));
            return HandlerResponse::Handled;
        }));
    set_post_routing_handler(
        [this](const httplib::Request&, httplib::Response& response) { finish_headers(response); });
}

HttpServer::Implementation::~Implementation() {
    conversations_.end();
    handler_threads_.clear();
    close_listener();
}

void HttpServer::Implementation::route(
    std::string_view pattern,
    std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers) {
    const auto route = std::make_shared<const HttpRoute>(pattern, handlers);
    // With the library every path knows every method, so that it is never in doubt about one.
    const Handler plain = [this, route](const httplib::Request& request,
                                        httplib::Response& response) {
        answer_routed(*route, request, response);
    };
    // The kind of handler that is called before the library does anything with a body.
    const HandlerWithContentReader before_body =
        [plain](const httplib::Request& request, httplib::Response& response,
                const httplib::ContentReader&) { plain(request, response); };
    const std::string& regex = route->regex();
    Get(regex, plain);
    Options(regex, plain);
    Post(regex, before_body);
    Put(regex, before_body);
    Patch(regex, before_body);
    Delete(regex, before_body);
}

void HttpServer::Implementation::answer_routed(const HttpRoute& route,
                                               const httplib::Request& request,
                                               httplib::Response& response) {
    const FramedRequest& framed = current_exchange->request;
    const std::string_view method = framed.method == "HEAD" ? "GET" : framed.method;
    const HttpHandler* const handler = route.handler(method);
    if (handler == nullptr) {
        HttpResponse refusal = on_error_(405, "This path does not know that method.");
        refusal.headers.emplace_back("Allow", route.allow());
        return fill(response, std::move(refusal));
    }
    HttpRequest wanted{.method = std::string(method),
                       .path = request.path,
                       .path_parameters = {},
                       .query = query_of(framed.target),
                       .content_type = std::string(framed.content_type),
                       .body = content_of(framed)};
    for (std::size_t i = 1; i < request.matches.size(); ++i) {
        wanted.path_parameters.push_back(request.matches[i].str());
    }
    fill(response, (*handler)(wanted));
}

void HttpServer::Implementation::finish_headers(httplib::Response& response) const {
    HttpExchange& exchange = *current_exchange;
    exchange.status = response.status;
    exchange.closes = exchange.closes || is_stopping();
    for (const char* const unwanted : {"Keep-Alive", "Accept-Ranges", "Connection"}) {
        response.headers.erase(unwanted);
    }
    if (exchange.closes) {
        response.set_header("Connection", "close");
    } else if (exchange.request.is_http_1_0) {
        response.set_header("Connection", "keep-alive");
    }
    if (!response.has_header("Cache-Control")) response.set_header("Cache-Control", "no-store");
    response.set_header("X-Content-Type-Options", "nosniff");
}

HttpResponder::Answer HttpServer::Implementation::answer(const FramedRequest& request) {
    const auto start = steady_clock::now();
    HttpExchange exchange(request);
    run_exchange(exchange);
    if (log::is_enabled(log::Level::debug)) {
        const std::chrono::duration<double, std::milli> duration = steady_clock::now() - start;
        log::debug("request", {{"method", request.method},
                               {"path", path_of(request.target)},
                               {"status", exchange.status},
                               {"duration_ms", duration.count()}});
    }
    return {std::move(exchange.output), exchange.closes};
}

HttpResponder::Answer HttpServer::Implementation::refuse(int status, std::string_view detail) {
    HttpExchange exchange(FramingError{status, detail});
    run_exchange(exchange);
    log::debug("request refused", {{"status", status}, {"detail", detail}});
    return {std::move(exchange.output), true};
}

void HttpServer::Implementation::run_exchange(HttpExchange& exchange) {
    current_exchange = &exchange;
    try {
        bool is_closed = false;  // finish_headers() decides
        process_request(exchange, false, is_closed, nullptr);
    } catch (...) {
        log_failure(std::current_exception());
        exchange.output =
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n";
        exchange.status = 500;
        exchange.closes = true;
    }
    current_exchange = nullptr;
}

void HttpServer::Implementation::log_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        log::error("request failed", {{"error", error.what()}});
    } catch (...) {
        log::error("request failed", {{"error", "unknown"}});
    }
}

int HttpServer::Implementation::bind() {
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

void HttpServer::Implementation::run(std::chrono::milliseconds drain_limit) {
    if (is_stopping()) return close_listener();
    for (std::size_t i = 0; i < options_.handler_threads; ++i) {
        handler_threads_.emplace_back([this] { conversations_.carry_on(); });
    }
    const bool ended_as_asked = listen_after_bind();
    if (!ended_as_asked) svr_sock_ = INVALID_SOCKET;  // the library has closed it
    stop();
    close_listener();

    const SteadyTime stopped_at{steady_clock::duration(stopped_at_.load())};
    if (!conversations_.drain(stopped_at + drain_limit)) {
        log::warn("connections cut off", {{"connections", conversations_.open_connections()}});
    }
    conversations_.end();
    handler_threads_.clear();
    if (!ended_as_asked) throw std::runtime_error("accepting connections failed for good");
}

void HttpServer::Implementation::stop() noexcept {
    steady_clock::rep expected = not_stopped;
    const steady_clock::rep now = steady_clock::now().time_since_epoch().count();
    if (!stopped_at_.compare_exchange_strong(expected, now)) return;
    // The library's own stop() does nothing until its loop has begun. Ours ends the loop before its
    // first turn too; the descriptor is closed later, because the loop may just be about to use it.
    const socket_t socket = svr_sock_.exchange(INVALID_SOCKET);
    if (socket == INVALID_SOCKET) return;
    ::shutdown(socket, SHUT_RDWR);
    ended_listener_ = socket;
}

void HttpServer::Implementation::close_listener() {
    for (const int socket : {svr_sock_.exchange(INVALID_SOCKET), ended_listener_.exchange(-1)}) {
        if (socket >= 0) ::close(socket);
    }
}

HttpServer::HttpServer(HttpServerOptions options, HttpErrorHandler on_error)
    : implementation_(std::make_unique<Implementation>(std::move(options), std::move(on_error))) {}

HttpServer::~HttpServer() = default;

void HttpServer::route(std::string_view pattern,
                       std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers) {
    implementation_->route(pattern, handlers);
}

int HttpServer::bind() {
    return implementation_->bind();
}

void HttpServer::run(std::chrono::milliseconds drain_limit) {
    implementation_->run(drain_limit);
}

void HttpServer::stop() noexcept {
    implementation_->stop();
}

}  // namespace orders
