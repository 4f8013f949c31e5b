#include "api/http/router.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "shared/log/log.h"

namespace orders {
namespace {

using std::chrono::steady_clock;

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
        case 500:
            return "The server failed to answer this request.";
        default:
            return "The request cannot be understood.";
    }
}

// The debug line about a request. It costs nothing while the log leaves it out.
class RequestLine {
   public:
    explicit RequestLine(const FramedRequest& request) {
        if (!log::is_enabled(log::Level::debug)) return;
        line_ = {std::string(request.method), std::string(path_of(request.target)),
                 steady_clock::now()};
    }
    void write(int status) const {
        if (!line_) return;
        const std::chrono::duration<double, std::milli> duration =
            steady_clock::now() - line_->start;
        log::debug("request", {{"method", line_->method},
                               {"path", line_->path},
                               {"status", status},
                               {"duration_ms", duration.count()}});
    }

   private:
    struct Line {
        std::string method;
        std::string path;
        steady_clock::time_point start;
    };
    std::optional<Line> line_;
};

}  // namespace

HttpRouter::HttpRouter(HttpErrorHandler on_error) : on_error_(std::move(on_error)) {
    set_pre_routing_handler([](const httplib::Request&, httplib::Response& response) {
        auto& ready = current_exchange->ready;
        if (!ready) return HandlerResponse::Unhandled;
        fill(response, std::move(*ready));
        return HandlerResponse::Handled;
    });
    set_exception_handler(
        [this](const httplib::Request&, httplib::Response& response, std::exception_ptr exception) {
            response = httplib::Response();
            fill(response, failed(exception));
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

void HttpRouter::route(std::string_view pattern,
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

void HttpRouter::answer_routed(const HttpRoute& route, const httplib::Request& request,
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
    auto result = (*handler)(wanted);
    if (auto* const now = std::get_if<HttpResponse>(&result)) {
        fill(response, std::move(*now));
    } else {
        current_exchange->later = std::get<HttpLater>(std::move(result));
    }
}

void HttpRouter::finish_headers(httplib::Response& response) const {
    HttpExchange& exchange = *current_exchange;
    exchange.status = response.status;
    AnswerForm& form = exchange.form;
    form.closes = form.closes || is_stopping();
    for (const char* const unwanted : {"Keep-Alive", "Accept-Ranges", "Connection"}) {
        response.headers.erase(unwanted);
    }
    if (form.closes) {
        response.set_header("Connection", "close");
    } else if (form.is_http_1_0) {
        response.set_header("Connection", "keep-alive");
    }
    if (!response.has_header("Cache-Control")) response.set_header("Cache-Control", "no-store");
    response.set_header("X-Content-Type-Options", "nosniff");
}

std::variant<HttpAnswer, HttpRouter::AnswerLater> HttpRouter::answer(const FramedRequest& request) {
    const RequestLine line(request);
    // Before the library sees anything of it.
    if (auto refusal = guard_ ? guard_(request.target, request.authorization) : std::nullopt) {
        line.write(refusal->status);
        return put_in_form(std::move(*refusal), form_of_answer_to(request));
    }
    HttpExchange exchange(request);
    run_exchange(exchange);
    if (!exchange.later) {
        line.write(exchange.status);
        return HttpAnswer{std::move(exchange.output), exchange.form.closes};
    }
    return [this, line, form = exchange.form,
            start = std::move(exchange.later->start)](Deliver deliver) {
        const HttpReply reply = [this, line, form,
                                 deliver = std::move(deliver)](HttpResponseMaker make) {
            deliver([this, line, form, make = std::move(make)] {
                HttpResponse response = made_by(make);
                line.write(response.status);
                return put_in_form(std::move(response), form);
            });
        };
        try {
            start(reply);
        } catch (...) {
            reply([response = failed(std::current_exception())] { return response; });
        }
    };
}

HttpResponse HttpRouter::made_by(const HttpResponseMaker& make) const {
    try {
        return make();
    } catch (...) {
        return failed(std::current_exception());
    }
}

HttpResponse HttpRouter::failed(const std::exception_ptr& exception) const {
    log_failure(exception);
    return on_error_(500, default_detail(500));
}

HttpAnswer HttpRouter::refuse(int status, std::string_view detail) {
    log::debug("request refused", {{"status", status}, {"detail", detail}});
    return put_in_form(on_error_(status, detail), AnswerForm{.closes = true});
}

HttpAnswer HttpRouter::put_in_form(HttpResponse response, const AnswerForm& form) {
    HttpExchange exchange(std::move(response), form);
    run_exchange(exchange);
    return {std::move(exchange.output), exchange.form.closes};
}

void HttpRouter::run_exchange(HttpExchange& exchange) {
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
        exchange.form.closes = true;
        exchange.later.reset();
    }
    current_exchange = nullptr;
}

void HttpRouter::log_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        log::error("request failed", {{"error", error.what()}});
    } catch (...) {
        log::error("request failed", {{"error", "unknown"}});
    }
}

}  // namespace orders
