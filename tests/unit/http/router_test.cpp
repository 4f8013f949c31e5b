#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>

#include "tests/unit/http/running_server.h"

namespace orders::http::test {
namespace {

TEST_CASE("router: a handler sees the request, and the client its answer") {
    RunningServer server;
    HttpClient client(server.start());

    const HttpAnswer posted = client.send({"POST",
                                           "/orders?b=%26&a=x+y&b=2&flag&=empty",
                                           {{"Content-Type", "application/json"}},
                                           "{}"});
    CHECK(posted.status == 200);
    CHECK(posted.body ==
          "POST /orders\nquery b=&\nquery a=x y\nquery b=2\nquery flag=\n"
          "query =empty\napplication/json\n{}");
    CHECK(posted.header("content-type") == "application/json; charset=utf-8");
    CHECK(posted.header("content-length") == std::to_string(posted.body.size()));
    CHECK(posted.header("cache-control") == "no-store");
    CHECK(posted.header("x-content-type-options") == "nosniff");
    CHECK_FALSE(posted.header("connection"));

    CHECK(client.get("/orders/a%20b").body == "GET /orders/a b\nparameter a b\n\n");
    CHECK(client.get("/orders/7/items.json").body == "GET /orders/7/items.json\nparameter 7\n\n");
    CHECK(client.get("http://a/orders").body == "GET /orders\n\n");
    CHECK(client.get("HTTP://a:80/orders?b=c").body == "GET /orders\nquery b=c\n\n");
    CHECK(client.send({"DELETE", "/orders/7", {}, "body"}).body ==
          "DELETE /orders/7\nparameter 7\n\nbody");
}

TEST_CASE("router: an unknown path is 404, and so is one that only looks like a route") {
    RunningServer server;
    HttpClient client(server.start());
    for (const std::string target : {"/", "/order", "/orders/", "/orders/1/2",
                                     "/orders/7/itemsXjson", "/*", "http://a", "/ORDERS"}) {
        CAPTURE(target);
        CHECK(client.get(target).status == 404);
        CHECK(
            client.send({"POST", target, {{"Content-Type", "multipart/form-data"}}, "x"}).status ==
            404);
    }
    CHECK(client.get("/orders/" + std::string(128, 'a')).status == 200);
    CHECK(client.get("/orders/" + std::string(129, 'a')).status == 404);
    const HttpAnswer answer = client.get("/nothing");
    CHECK(answer.header("content-type") == "application/problem+json");
    CHECK_FALSE(answer.body.empty());
}

TEST_CASE("router: a method that a known path does not have is 405, which names those it has") {
    RunningServer server;
    HttpClient client(server.start());
    for (const std::string method : {"PUT", "PATCH", "DELETE"}) {
        CAPTURE(method);
        const HttpAnswer answer = client.send({method, "/orders", {}, "body"});
        CHECK(answer.status == 405);
        CHECK(answer.header("allow") == "GET, HEAD, POST, OPTIONS");
    }
    CHECK(client.send({"POST", "/orders/1"}).header("allow") == "GET, HEAD, DELETE, OPTIONS");
    CHECK_THROWS_AS(server->add({"OPTIONS", "/x", Scope::read, answering(describe)}),
                    std::invalid_argument);
}

TEST_CASE("router: OPTIONS is answered with the methods of a path, or of all paths") {
    RunningServer server;
    server->add({"PUT", "/other", Scope::read, answering(describe)});
    HttpClient client(server.start());
    struct Row {
        std::string target;
        std::string allow;
    };
    for (const Row& row :
         {Row{"/orders", "GET, HEAD, POST, OPTIONS"},
          Row{"/orders?a=b", "GET, HEAD, POST, OPTIONS"},
          Row{"http://a/orders/7", "GET, HEAD, DELETE, OPTIONS"}, Row{"/other", "PUT, OPTIONS"},
          Row{"*", "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
          Row{"http://a", "GET, HEAD, POST, PUT, DELETE, OPTIONS"}}) {
        CAPTURE(row.target);
        const HttpAnswer answer = client.send({"OPTIONS", row.target, {}, "body"});
        CHECK(answer.status == 204);
        CHECK(answer.header("allow") == row.allow);
        CHECK_FALSE(answer.header("content-length"));
    }
    CHECK(client.send({"OPTIONS", "/nothing"}).status == 404);
    CHECK(client.send({"OPTIONS", "http://a/"}).status == 404);
    CHECK(client.send({"GET", "http://a"}).status == 404);
}

TEST_CASE("router: a method that no path can have is 501") {
    RunningServer server;
    HttpClient client(server.start());
    for (const std::string method :
         {"TRACE", "PRI", "BREW", "PROPFIND", "M-SEARCH", "get", "Get", "options"}) {
        CAPTURE(method);
        CHECK(client.send({method, "/orders", {}, "body"}).status == 501);
        CHECK(client.send({method, "/nothing", {}, "body"}).status == 501);
    }
    CHECK(client.send({"CONNECT", "a:80"}).status == 501);
}

TEST_CASE("router: a body in a coding is refused, and the connection goes on") {
    RunningServer server;
    HttpClient client(server.start());
    const auto post_coded = [&](const std::string& coding) {
        return client.send({"POST", "/orders", {{"Content-Encoding", coding}}, "body"});
    };
    for (const std::string coding : {"gzip", "BR", "identity, gzip", "x-unknown"}) {
        CAPTURE(coding);
        const HttpAnswer answer = post_coded(coding);
        CHECK(answer.status == 415);
        CHECK(answer.header("accept-encoding") == "identity");
        CHECK_FALSE(answer.header("connection"));
    }
    for (const std::string coding : {"", "identity", "Identity, identity"}) {
        CAPTURE(coding);
        CHECK(post_coded(coding).body == "POST /orders\n\nbody");
    }
}

TEST_CASE("router: HEAD is GET without the body") {
    RunningServer server;
    HttpClient client(server.start());
    const HttpAnswer answer = client.send({"HEAD", "/orders"});
    CHECK(answer.status == 200);
    CHECK(answer.header("content-length") == std::to_string(client.get("/orders").body.size()));
    CHECK_FALSE(answer.header("accept-ranges"));
}

TEST_CASE("router: headers that the library would act on do nothing") {
    RunningServer server;
    HttpClient client(server.start());
    HttpAnswer plain = client.get("/orders");
    HttpAnswer answer = client.send({"GET",
                                     "/orders",
                                     {{"Range", "bytes=0-1"},
                                      {"Accept-Encoding", "br, gzip"},
                                      {"REMOTE_ADDR", "1.2.3.4"},
                                      {"X-Value", "a%0d%0aSet-Cookie: b"}}});
    CHECK(answer.status == 200);
    CHECK(answer.body == plain.body);
    for (HttpAnswer* const dated : {&answer, &plain}) {
        std::erase_if(dated->headers, [](const auto& header) {
            return header.first == "date" || header.first == "x-request-id";
        });
    }
    CHECK(answer.headers == plain.headers);
}

TEST_CASE("router: forms and multipart bodies reach the handler as they are") {
    RunningServer server;
    HttpClient client(server.start());
    const std::string body(20'000, 'a');
    for (const std::string type : {"application/x-www-form-urlencoded", "multipart/form-data",
                                   "multipart/form-data; boundary=x"}) {
        CAPTURE(type);
        const HttpAnswer answer = client.send({"POST", "/orders", {{"Content-Type", type}}, body});
        CHECK(answer.status == 200);
        CHECK(answer.body == "POST /orders\n" + type + "\n" + body);
    }
}

TEST_CASE("router: what a handler throws is logged and never sent") {
    RunningServer server;
    server->add({"GET", "/broken", Scope::read, answering([](const Request&) -> Response {
                     throw std::runtime_error("secret");
                 })});
    server->add(
        {"POST", "/broken", Scope::read, answering([](const Request&) -> Response { throw 1; })});
    HttpClient client(server.start());
    for (const std::string method : {"GET", "POST"}) {
        const HttpAnswer answer = client.send({method, "/broken"});
        CHECK(answer.status == 500);
        CHECK(answer.body.find("secret") == std::string::npos);
        for (const auto& header : answer.headers) CHECK(header.second != "secret");
    }
    CHECK(client.get("/orders").status == 200);
}

TEST_CASE("router: a handler's own error answer stays as it is, an empty one too") {
    RunningServer server;
    server->add({"GET", "/own", Scope::read, answering([](const Request&) {
                     return Response{.status = 409, .headers = {{"X-A", "b"}}};
                 })});
    HttpClient client(server.start());
    const HttpAnswer answer = client.get("/own");
    CHECK(answer.status == 409);
    CHECK(answer.body.empty());
    CHECK(answer.header("content-length") == "0");
    CHECK(answer.header("x-a") == "b");
}

TEST_CASE("router: the guard is asked first, except for open routes that are spelled exactly") {
    class Nobody final : public Guard {
       public:
        std::variant<Caller, Response> look_at(const Headers& headers) const override {
            if (headers.value("AUTHORIZATION") == "let me in") return Caller{};
            return Response{.status = 401};
        }
    };
    RunningServer server;
    server->add({"GET", "/open", Access::open(), answering(describe)});
    server->set_guard(std::make_unique<Nobody>());
    HttpClient client(server.start());
    CHECK(client.get("/open").status == 200);
    CHECK(client.get("/open?x=y").status == 200);
    for (const std::string target :
         {"/orders", "/nothing", "/%6fpen", "/open/", "//open", "/OPEN"}) {
        CAPTURE(target);
        CHECK(client.get(target).status == 401);
        CHECK(client.send({"BREW", target}).status == 401);
    }
    CHECK(client.send({"GET", "/orders", {{"authorization", "let me in"}}}).status == 200);
}

// Lets everybody in, with the scopes that a header names.
class ScopesAsSent final : public Guard {
   public:
    std::variant<Caller, Response> look_at(const Headers& headers) const override {
        Scopes scopes;
        for (const NamedScope& known : named_scopes) {
            if (headers.value("X-Scopes").find(known.name) != std::string::npos) {
                scopes |= known.scope;
            }
        }
        return Caller{scopes, "ann"};
    }
};

TEST_CASE("router: a client may use the routes that one of its scopes opens, and no other") {
    RunningServer server;
    const auto who = answering([](const Request& request) {
        return Response{.body = "for " + std::string(request.caller)};
    });
    server->add({"GET", "/both", Scope::submit | Scope::read, who});
    server->add({"POST", "/both", Scope::operate, who});
    server->set_guard(std::make_unique<ScopesAsSent>());
    HttpClient client(server.start());
    const auto send = [&](const std::string& method, const std::string& scopes) {
        return client.send({method, "/both", {{"X-Scopes", scopes}}});
    };
    for (const std::string scopes : {"read", "submit", "read,work", "submit,read,work,operate"}) {
        CAPTURE(scopes);
        CHECK(send("GET", scopes).body == "for ann");
        CHECK(send("HEAD", scopes).status == 200);
    }
    CHECK(send("POST", "operate").body == "for ann");
    for (const std::string scopes : {"", "work", "operate", "work,operate"}) {
        CAPTURE(scopes);
        const HttpAnswer answer = send("GET", scopes);
        CHECK(answer.status == 403);
        CHECK(answer.json()["type"] == "urn:order-management:problem:insufficient-scope");
        CHECK(answer.header("www-authenticate") ==
              R"(Bearer realm="orders", error="insufficient_scope", scope="read")");
        CHECK(send("HEAD", scopes).status == 403);
    }
    CHECK(send("POST", "read,submit,work").header("www-authenticate") ==
          R"(Bearer realm="orders", error="insufficient_scope", scope="operate")");
    // What a path knows is no secret from those that have a token.
    CHECK(send("DELETE", "").status == 405);
    CHECK(send("OPTIONS", "").status == 204);
}

TEST_CASE("router: what a page of another origin asks for is not done") {
    RunningServer server;
    server->set_guard(std::make_unique<ScopesAsSent>());
    HttpClient client(server.start());
    const std::string everything = "read,submit,work,operate";
    const auto send = [&](const std::string& method, const std::string& origin) {
        return client.send(
            {method,
             "/orders",
             {{"Origin", origin}, {"X-Scopes", everything}, {"Content-Type", "text/plain"}},
             "x=y"});
    };
    for (const std::string method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"}) {
        CAPTURE(method);
        for (const std::string origin : {"http://evil.test", "null"}) {
            const HttpAnswer answer = send(method, origin);
            CHECK(answer.status == 403);
            CHECK(answer.json()["type"] == "urn:order-management:problem:foreign-origin");
            CHECK_FALSE(answer.header("access-control-allow-origin"));
        }
    }
    for (const std::string method : {"GET", "HEAD"}) {
        const HttpAnswer answer = send(method, "http://evil.test");
        CHECK(answer.status == 200);
        CHECK_FALSE(answer.header("access-control-allow-origin"));
    }
    CHECK(send("POST", "http://127.0.0.1").status == 200);
}

TEST_CASE("router: a page of an origin that is named may ask, send and read") {
    RunningServer server;
    server->set_guard(std::make_unique<ScopesAsSent>());
    server->set_origins(Origins({"https://shop.test"}));
    HttpClient client(server.start());
    const auto with_origin = [&](const std::string& method, HeaderList headers) {
        headers.emplace_back("Origin", "https://shop.test");
        return client.send({method, "/orders", headers});
    };
    const HttpAnswer asked =
        with_origin("OPTIONS", {{"Access-Control-Request-Method", "POST"},
                                {"Access-Control-Request-Headers", "authorization"}});
    CHECK(asked.status == 204);
    CHECK(asked.header("access-control-allow-origin") == "https://shop.test");
    CHECK(asked.header("access-control-allow-methods") == "GET, HEAD, POST, DELETE");
    CHECK(asked.header("access-control-allow-headers") ==
          "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, traceparent, "
          "tracestate");
    CHECK(asked.header("access-control-max-age") == "600");
    CHECK(asked.header("vary") == "Origin");

    for (const HttpAnswer& answer :
         {with_origin("POST", {{"X-Scopes", "read"}}), with_origin("POST", {{"X-Scopes", ""}}),
          with_origin("GET", {{"X-Scopes", "read"}})}) {
        CHECK(answer.header("access-control-allow-origin") == "https://shop.test");
        CHECK(answer.header("access-control-expose-headers") ==
              "Location, Retry-After, X-Request-Id");
        CHECK_FALSE(answer.header("access-control-allow-credentials"));
    }
    // Without the request's method it is an OPTIONS like any other.
    CHECK(with_origin("OPTIONS", {}).header("allow") == "GET, HEAD, POST, OPTIONS");
    const HttpAnswer other = client.send(
        {"OPTIONS",
         "/orders",
         {{"Origin", "https://other.test"}, {"Access-Control-Request-Method", "POST"}}});
    CHECK(other.status == 403);
    CHECK_FALSE(other.header("access-control-allow-origin"));
}

TEST_CASE(
    "router: an answer says what its request is called, and so does a problem of the server") {
    RunningServer server;
    server->add({"GET", "/who", Scope::read, answering([](const Request& request) {
                     return Response{.body = std::string(request.id)};
                 })});
    server->add({"GET", "/broken", Scope::read, answering([](const Request&) -> Response {
                     throw std::runtime_error("secret");
                 })});
    const int port = server.start();
    HttpClient client(port);
    const HttpAnswer own = client.send({"GET", "/who", {{"X-Request-Id", "my-id.1"}}});
    CHECK(own.header("x-request-id") == "my-id.1");
    CHECK(own.body == "my-id.1");
    const HttpAnswer made = client.get("/who");
    CHECK(made.header("x-request-id") == made.body);
    CHECK(made.body.size() == 16);
    CHECK(client.get("/who").body != made.body);

    const HttpAnswer broken = client.send({"GET", "/broken", {{"X-Request-Id", "my-id.2"}}});
    CHECK(broken.json()["request_id"] == "my-id.2");
    CHECK(broken.body.ends_with("\"}\n"));
    CHECK(broken.header("content-length") == std::to_string(broken.body.size()));
    CHECK_FALSE(client.get("/nothing").json().contains("request_id"));

    const HttpAnswer refused = last_answer(port, "GET / HTTP/3.0\r\n\r\n");
    CHECK(refused.status == 505);
    CHECK(refused.header("x-request-id") == refused.json()["request_id"]);
}

TEST_CASE("router: an open route opens no other method on its path") {
    RunningServer server;
    server->add({"GET", "/open", Access::open(), answering(describe)});
    server->add({"POST", "/open", Scope::operate, answering(describe)});
    server->set_guard(std::make_unique<ScopesAsSent>());
    HttpClient client(server.start());
    CHECK(client.get("/open").status == 200);
    CHECK(client.send({"POST", "/open"}).status == 403);
    CHECK(client.send({"POST", "/open", {{"X-Scopes", "operate"}}}).status == 403);
}

// Nobody forgets it: such a route does not compile.
static_assert(!std::is_default_constructible_v<Access>);
static_assert(!std::is_default_constructible_v<Route>);

TEST_CASE("router: a handler can ask for any header, whatever its case") {
    RunningServer server;
    server->add({"GET", "/headers", Scope::read, answering([](const Request& request) {
                     return Response{.body = std::string(request.headers.value("x-first")) + "|" +
                                             std::string(request.headers.value("X-SECOND")) + "|" +
                                             std::string(request.headers.value("x-third")) + "|" +
                                             std::string(request.headers.value("x-fir"))};
                 })});
    HttpClient client(server.start());
    const HttpAnswer answer = client.send(
        {"GET",
         "/headers",
         {{"X-First", "a: b"}, {"x-second", " \t"}, {"X-First", "another"}, {"X-Thirds", "no"}}});
    CHECK(answer.body == "a: b|||");
}

}  // namespace
}  // namespace orders::http::test
