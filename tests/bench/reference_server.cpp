// reference_server CONNECTIONS: the HTTP library as it comes, with handlers that do next to
// nothing. What an order costs over HTTP before anything is done with it; order-api is compared
// with it.
//
// Defaults of the library that would slow it down are changed: a thread for each connection,
// a long queue of new ones, no delay, no end of keep-alive. It prints its port to standard error,
// and runs until it is killed.

#include <httplib.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace {

constexpr int waiting_connections = 1'024;

class StockServer : public httplib::Server {
   public:
    // The library's own queue of new connections holds five.
    bool run() { return ::listen(svr_sock_, waiting_connections) == 0 && listen_after_bind(); }
};

void answer_create(const httplib::Request& request, httplib::Response& response) {
    const nlohmann::json order = nlohmann::json::parse(request.body, nullptr, false);
    response.status = order.is_object() && order.contains("order_id") ? 200 : 400;
    response.set_content(R"({"status":"ok"})", "application/json");
}

int serve(std::size_t connections) {
    StockServer server;
    server.new_task_queue = [connections] { return new httplib::ThreadPool(connections + 8); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(std::numeric_limits<std::size_t>::max());
    server.set_keep_alive_timeout(60);
    server.Post("/api/v1/orders", answer_create);
    server.Get("/api/v1/orders/([^/]{1,64})",
               [](const httplib::Request&, httplib::Response& response) {
                   response.set_content(R"({"status":"ok"})", "application/json");
               });

    const int port = server.bind_to_any_port("127.0.0.1");
    if (port <= 0) return EXIT_FAILURE;
    std::fprintf(stderr, "listening port=%d\n", port);
    return server.run() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 2) return serve(std::stoul(argv[1]));
    } catch (const std::exception&) {  // not a number
    }
    std::fprintf(stderr, "usage: reference_server CONNECTIONS\n");
    return 2;
}
