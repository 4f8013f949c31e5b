#pragma once

// The HTTP contract, version 1: which request creates orders, and which asks about them; those that
// act on them are in action_routes.h. api/HTTP.md describes it all for clients, and a test compares
// that document with table().
//
// Once something that is stored turns out to be damaged, no new order is taken and /readyz answers
// 503: what is accepted then would be lost with the rest when a backup is restored. What can still
// be read is.
//
// Handlers run on the server's threads, several at a time. An answer that waits for the store is
// made on a handler thread too, or on a thread of the intake, which others wait for meanwhile.

#include <atomic>
#include <span>
#include <string_view>
#include <vector>

#include "api/http/server.h"
#include "api/intake/order_intake.h"
#include "api/orders/order_parsing.h"
#include "api/orders/order_reads.h"
#include "api/orders/refused_orders.h"
#include "api/orders/wait_desk.h"

namespace orders {

struct OrderRouteOptions {
    std::size_t max_payload_bytes = default_max_payload_bytes;
};

// Its requests may have larger bodies than others.
inline constexpr std::string_view batch_path = "/api/v1/orders/batch";

class OrderRoutes {
   public:
    // All references must outlive the server's run(). While `is_stopping`, /readyz answers 503, so
    // that nobody sends new work.
    OrderRoutes(OrderIntake& intake, OrderReads& reads, WaitDesk& waits,
                const std::atomic<bool>& is_stopping, const OrderRouteOptions& options = {});

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        http::Access access;
        void (OrderRoutes::*handler)(const http::Request&, http::Reply);
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // This must outlive the server's run() too.
    void add_to(http::Server& server);

    // What it has refused so far, for any thread.
    [[nodiscard]] const RefusedOrders& refused() const noexcept { return refused_; }

   private:
    void create_order(const http::Request& request, http::Reply reply);
    void create_batch(const http::Request& request, http::Reply reply);
    void get_order(const http::Request& request, http::Reply reply);
    void list_orders(const http::Request& request, http::Reply reply);
    void get_report(const http::Request& request, http::Reply reply);
    void get_history(const http::Request& request, http::Reply reply);
    void get_liveness(const http::Request& request, http::Reply reply);
    void get_readiness(const http::Request& request, http::Reply reply);

    using Why = RefusedOrders::Reason;
    // An answer to one order that was refused for that.
    [[nodiscard]] http::Response refused_for(Why why, http::Response response);
    [[nodiscard]] http::Response not_stored(Refusal refusal);
    [[nodiscard]] http::Response answer_to(const NewOrder& order, const IntakeResult& result);
    [[nodiscard]] http::Response answer_to(const std::vector<ParsedOrder>& orders,
                                           const IntakeResult& result);
    [[nodiscard]] http::Response answer_to_duplicate(const NewOrder& order, const IdTaken& taken);

    OrderIntake& intake_;
    OrderReads& reads_;
    WaitDesk& waits_;
    const std::atomic<bool>& is_stopping_;
    const OrderRouteOptions options_;
    RefusedOrders refused_;
};

}  // namespace orders
