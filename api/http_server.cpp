#include "api/http_server.h"

#include <httplib.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "api/http_conversation.h"
#include "api/http_framing.h"
#include "shared/log/log.h"

namespace orders {
namespace {

using std::chrono::steady_clock;

constexpr int listen_backlog = 1024;
// Descriptors that are left to the rest of the process.
constexpr std::size_t reserved_descriptors = 64;

// As the client wrote it. A target may be a whole URL (RFC 9112, section 3.2.2).
std::string_view path_of(std::string_view target) {
    constexpr std::string_view scheme = "http://";
    target = target.substr(0, target.find_first_of("?#"));
    if (!target.starts_with(scheme)) return target;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
}

// One request on its way through the library, and the answer that comes out of it.
//
// The library is shown method and path and nothing else: framing, content, query and the few
// headers that matter are dealt with outside of it, and what it does not see it cannot decompress,
// parse as a form, cut into ranges or trip over.
class Exchange final : public httplib::Stream {
   public:
    explicit Exchange(const FramedRequest& framed)
        : request(framed), closes(!framed.is_keep_alive) {
        // A method that the library cannot route takes the place of one that no route has.
        library_input_.append(is_routable(framed.method) ? framed.method : "OPTIONS");
        library_input_.append(" ").append(path_of(framed.target)).append(" HTTP/1.1\r\n\r\n");
    }
    // For an answer to what is not a request.
    explicit Exchange(const FramingError& error)
        : refusal(error), closes(true), library_input_("GET / HTTP/1.1\r\n\r\n") {}

    static bool is_routable(std::string_view method) {
        constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
        return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
    }

    ssize_t read(char* bytes, std::size_t size) override {
        const std::size_t count = std::min(size, library_input_.size() - position_);
        std::memcpy(bytes, library_input_.data() + position_, count);
        position_ += count;
        return static_cast<ssize_t>(count);
    }
    using Stream::write;
    ssize_t write(const char* bytes, std::size_t size) override {
        output.append(bytes, size);
        return static_cast<ssize_t>(size);
    }
    bool is_readable() const override { return true; }
    bool is_writable() const override { return true; }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return INVALID_SOCKET; }

    FramedRequest request;
    std::optional<FramingError> refusal;
    bool closes;  // the connection, after this answer
    bool is_answered = false;
    int status = 0;
    std::string output;

   private:
    std::string library_input_;
    std::size_t position_ = 0;
};

// The library gives its handlers no way back to whoever called it.
thread_local Exchange* current_exchange = nullptr;

struct Route {
    std::map<std::string, HttpHandler, std::less<>> handlers;
    std::string allow;
};

std::string to_regex(std::string_view pattern) {
    std::string regex;
    while (!pattern.empty()) {
        if (pattern.starts_with("{}")) {
            regex += "([^/]{1,128})";
            pattern.remove_prefix(2);
        } else {
            if (std::isalnum(static_cast<unsigned char>(pattern.front())) == 0) regex += '\\';
            regex += pattern.front();
            pattern.remove_prefix(1);
        }
    }
    return regex;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view target) {
    std::vector<std::pair<std::string, std::string>> query;
    target = target.substr(0, target.find('#'));
    const std::size_t mark = target.find('?');
    if (mark == std::string_view::npos) return query;
    std::string_view rest = target.substr(mark + 1);
    const auto decoded = [](std::string_view text) {
        return httplib::detail::decode_url(std::string(text), true);
    };
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        query.emplace_back(decoded(pair.substr(0, equals)), equals == std::string_view::npos
                                                                ? ""
                                                                : decoded(pair.substr(equals + 1)));
    }
    return query;
}

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
    void run_exchange(Exchange& exchange);
    void answer_routed(const Route& route, const httplib::Request& request,
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
    const auto route = std::make_shared<Route>();
    for (const auto& [method, handler] : handlers) {
        if (!Exchange::is_routable(method) || method == "HEAD") {
            throw std::invalid_argument("no routes for " + std::string(method));
        }
        route->handlers.emplace(method, handler);
        for (const std::string_view allowed : {method, std::string_view("HEAD")}) {
            if (allowed != method && method != "GET") continue;
            route->allow.append(route->allow.empty() ? "" : ", ").append(allowed);
        }
    }
    // With the library every path knows every method, so that it is never in doubt about one.
    const Handler plain = [this, route](const httplib::Request& request,
                                        httplib::Response& response) {
        answer_routed(*route, request, response);
    };
    // The kind of handler that is called before the library does anything with a body.
    const HandlerWithContentReader before_body =
        [plain](const httplib::Request& request, httplib::Response& response,
                const httplib::ContentReader&) { plain(request, response); };
    const std::string regex = to_regex(pattern);
    Get(regex, plain);
    Options(regex, plain);
    Post(regex, before_body);
    Put(regex, before_body);
    Patch(regex, before_body);
    Delete(regex, before_body);
}

void HttpServer::Implementation::answer_routed(const Route& route, const httplib::Request& request,
                                               httplib::Response& response) {
    const FramedRequest& framed = current_exchange->request;
    const std::string_view method = framed.method == "HEAD" ? "GET" : framed.method;
    const auto found = route.handlers.find(method);
    if (found == route.handlers.end()) {
        HttpResponse refusal = on_error_(405, "This path does not know that method.");
        refusal.headers.emplace_back("Allow", route.allow);
        return fill(response, std::move(refusal));
    }
    HttpRequest wanted{.method = std::string(method),
                       .path = request.path,
                       .path_parameters = {},
                       .query = parse_query(framed.target),
                       .content_type = std::string(framed.content_type),
                       .body = content_of(framed)};
    for (std::size_t i = 1; i < request.matches.size(); ++i) {
        wanted.path_parameters.push_back(request.matches[i].str());
    }
    fill(response, found->second(wanted));
}

void HttpServer::Implementation::finish_headers(httplib::Response& response) const {
    Exchange& exchange = *current_exchange;
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
    Exchange exchange(request);
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
    Exchange exchange(FramingError{status, detail});
    run_exchange(exchange);
    log::debug("request refused", {{"status", status}, {"detail", detail}});
    return {std::move(exchange.output), true};
}

void HttpServer::Implementation::run_exchange(Exchange& exchange) {
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
    const bool is_drained = conversations_.drain(stopped_at + drain_limit);
    conversations_.end();
    if (is_drained) {
        handler_threads_.clear();
    } else {
        log::warn("connections cut off", {{"connections", conversations_.open_connections()}});
    }
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

std::optional<int> http_get_status(const std::string& host, int port, const std::string& path,
                                   std::chrono::milliseconds limit) {
    httplib::Client client(host, port);
    client.set_connection_timeout(limit);
    client.set_read_timeout(limit);
    client.set_write_timeout(limit);
    const httplib::Result result = client.Get(path);
    if (!result) return std::nullopt;
    return result->status;
}

}  // namespace orders
