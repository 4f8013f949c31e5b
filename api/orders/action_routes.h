#pragma once

// The HTTP contract, version 1: which request acts on orders that stand, and on kinds. The rest of
// it is in order_routes.h.
//
// Once something that is stored turns out to be damaged, nothing is done any more: it would be lost
// with the rest when a backup is restored.
//
// Handlers run on the server's threads, several at a time; answers are made as those of
// OrderRoutes.

#include <span>
#include <string_view>

#include "api/http/problem.h"
#include "api/http/server.h"
#include "api/intake/order_acts.h"
#include "api/orders/bulk_desk.h"
#include "api/orders/order_reads.h"

namespace orders {

// Why an order in a status cannot be cancelled, retried or changed.
using ConflictOf = const http::ProblemType& (*)(OrderStatus);

class ActionRoutes {
   public:
    // All arguments must outlive the server's run().
    ActionRoutes(OrderActs& acts, BulkDesk& bulk, OrderReads& reads) noexcept
        : acts_(acts), bulk_(bulk), reads_(reads) {}

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        http::Access access;
        void (ActionRoutes::*handler)(const http::Request&, http::Reply);
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // This must outlive the server's run() too.
    void add_to(http::Server& server);

   private:
    // Cancels or retries the order that the path names; `done` is what the log says then.
    template <typename Action>
    void act_on_order(const http::Request& request, http::Reply reply, std::string_view done,
                      ConflictOf conflict_of);
    void cancel_order(const http::Request& request, http::Reply reply);
    void retry_order(const http::Request& request, http::Reply reply);
    void change_order(const http::Request& request, http::Reply reply);
    void cancel_orders(const http::Request& request, http::Reply reply);
    void retry_orders(const http::Request& request, http::Reply reply);
    void pause_kind(const http::Request& request, http::Reply reply);
    void resume_kind(const http::Request& request, http::Reply reply);

    void submit_bulk(BulkAction::What what, const http::Request& request, http::Reply reply);
    void set_paused(bool is_paused, const http::Request& request, http::Reply reply);

    OrderActs& acts_;
    BulkDesk& bulk_;
    OrderReads& reads_;
};

}  // namespace orders
