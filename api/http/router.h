#pragma once

// The HTTP library's server, as far as it turns requests into answers: it finds the route, calls
// the handler, and puts what comes out of it into the form of HTTP. It never listens; connections
// are dealt with elsewhere (connection_driver.h, http_server.cpp).
//
// answer() and refuse() are called from several threads at a time; guard() and route() before that.

#include <httplib.h>

#include <exception>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>

#include "api/http/connection_driver.h"
#include "api/http/exchange.h"
#include "api/http/route.h"
#include "api/http/server.h"

namespace orders {

class HttpRouter : protected httplib::Server, public HttpResponder {
   public:
    explicit HttpRouter(HttpErrorHandler on_error);

    // As HttpServer::guard() and HttpServer::route().
    void guard(HttpGuard guard) { guard_ = std::move(guard); }
    void route(std::string_view pattern,
               std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers);

    std::variant<HttpAnswer, AnswerLater> answer(const FramedRequest& request) override;
    HttpAnswer refuse(int status, std::string_view detail) override;

   protected:
    // While it is, every answer closes its connection.
    [[nodiscard]] virtual bool is_stopping() const noexcept = 0;

   private:
    [[nodiscard]] HttpResponse made_by(const HttpResponseMaker& make) const;
    HttpAnswer put_in_form(HttpResponse response, const AnswerForm& form);
    void run_exchange(HttpExchange& exchange);
    void answer_routed(const HttpRoute& route, const httplib::Request& request,
                       httplib::Response& response);
    void finish_headers(httplib::Response& response) const;
    // The answer to a failure, which is logged.
    [[nodiscard]] HttpResponse failed(const std::exception_ptr& exception) const;
    static void log_failure(const std::exception_ptr& exception);

    // Constant once requests are answered.
    HttpErrorHandler on_error_;
    HttpGuard guard_;  // may be empty
};

}  // namespace orders
