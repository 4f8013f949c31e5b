#pragma once

// Has requests answered: sees to it that no foreign web page sends them, asks the guard, finds the
// route, sees to it that the client may use it, calls its handler. It also answers the requests
// that no route takes, OPTIONS among them, and refuses bodies that are compressed.
//
// Routes and the guard are set at the start by one thread; from then on answer() may be called by
// several at a time.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/access.h"
#include "api/http/connection_driver.h"
#include "api/http/message.h"
#include "api/http/origins.h"
#include "api/http/reply.h"
#include "api/http/request_scanner.h"
#include "api/http/route_matcher.h"
#include "api/http/traffic.h"

namespace orders::http {

// Answers a request, now or later. Runs on a handler thread, several at a time. An exception
// becomes a 500, unless the reply has been given, and a log line.
using Handler = std::function<void(const Request&, Reply)>;

struct Route {
    std::string_view method;   // GET (HEAD goes there too), POST, PUT, PATCH or DELETE
    std::string_view pattern;  // a path in which each `{name}` stands for one segment
    // The guard is not asked about an open route, nor about other methods on its path, provided
    // that the path is spelled exactly as in the pattern.
    Access access;
    Handler handler;
    // Under which route it is counted (traffic.h), if not under this one: routes that are many, or
    // whose patterns change from version to version, are counted as one.
    std::string_view counted_as = {};
};

// Decides which requests may pass. It is asked by several threads at a time, about every well
// framed request whose route is not open, before anything else is done with it.
class Guard {
   public:
    virtual ~Guard() = default;
    // Who sends a request that may pass; the answer to one that may not.
    [[nodiscard]] virtual std::variant<Caller, Response> look_at(const Headers& headers) const = 0;
};

class Router final : public Responder {
   public:
    // Which counts the requests of each route; it must outlive this.
    explicit Router(Traffic& traffic) : traffic_(traffic) {}

    // Paths match in the order in which they were first added. Throws std::invalid_argument for a
    // method that routes cannot have.
    void add(Route route);
    void set_guard(std::unique_ptr<const Guard> guard) { guard_ = std::move(guard); }
    // The web pages that may use the API, besides its own.
    void set_origins(Origins origins) { origins_ = std::move(origins); }

    void answer(const FramedRequest& request, Reply reply) const override;

   private:
    struct Method {
        std::string name;
        Access access;
        Handler handler;
        RouteTraffic* traffic;
    };
    struct Path {
        std::string pattern;
        std::vector<Method> methods;
        std::string allow;  // the names of its methods, for the header Allow
    };

    [[nodiscard]] bool is_open(std::string_view target) const;
    // The names of the methods of all paths together.
    [[nodiscard]] std::string allow_of_all_paths() const;
    // A request, and what is known of it by now.
    struct Asked {
        const FramedRequest& framed;
        RequestId id;
        Caller caller = {};
    };

    // Whether the request is answered by what is said of the page that sends it.
    [[nodiscard]] bool answer_to_page(const FramedRequest& request, Reply& reply) const;
    void find_answer(Asked asked, Reply reply) const;
    void answer_on(const Path& path, RouteMatch match, const Asked& asked, Reply reply) const;

    Traffic& traffic_;

    // Constant once requests are answered.
    RouteMatcher matcher_;
    std::vector<Path> paths_;  // as the matcher numbers them
    std::vector<std::string> open_paths_;
    std::unique_ptr<const Guard> guard_;  // may be null
    Origins origins_;
};

}  // namespace orders::http
