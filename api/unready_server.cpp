#include "api/unready_server.h"

#include <exception>
#include <memory>
#include <utility>
#include <variant>

#include "api/http/router.h"
#include "api/orders/json_messages.h"
#include "api/orders/order_problems.h"
#include "shared/log/log.h"

namespace orders {
namespace {

// Answers have nothing to wait for.
constexpr std::chrono::milliseconds drain_limit{1'000};

class NothingPasses final : public http::Guard {
   public:
    [[nodiscard]] std::variant<http::Caller, http::Response> look_at(
        const http::Headers& /*headers*/) const override {
        return not_ready("The store cannot be reached.");
    }
};

}  // namespace

UnreadyServer::UnreadyServer(const http::ServerOptions& options,
                             const std::function<void(http::Server&)>& bind)
    : server_(options) {
    server_.add({.method = "GET",
                 .pattern = "/livez",
                 .access = http::Access::open(),
                 .handler = [](const http::Request&, http::Reply reply) {
                     std::move(reply).send(ok(R"({"status":"live"})"));
                 }});
    server_.set_guard(std::make_unique<NothingPasses>());
    bind(server_);
    thread_ = std::jthread([this] {
        try {
            server_.run(drain_limit);
        } catch (const std::exception& error) {  // nobody is answered until the store is there
            log::error("answering failed", {{"detail", error.what()}});
        }
    });
}

UnreadyServer::~UnreadyServer() {
    server_.stop();
    thread_.join();
}

}  // namespace orders
