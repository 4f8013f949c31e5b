#pragma once

// The HTTP contract, version 1: which request does what. api/HTTP.md describes it for clients, and
// a test compares that document with table().
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

#include "api/http/server.h"
#include "api/intake/order_intake.h"
#include "api/orders/order_readers.h"
#include "shared/storage/store_error.h"

namespace orders {

class OrderRoutes {
   public:
    // All arguments must outlive the server's run(). While `is_stopping`, /readyz answers 503, so
    // that nobody sends new work.
    OrderRoutes(OrderIntake& intake, OrderReaders& readers, const std::atomic<bool>& is_stopping);

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        void (OrderRoutes::*handler)(const http::Request&, http::Reply);
        bool is_open = false;  // to clients without a token
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // This must outlive the server's run() too.
    void add_to(http::Server& server);

   private:
    void create_order(const http::Request& request, http::Reply reply);
    void create_batch(const http::Request& request, http::Reply reply);
    void get_order(const http::Request& request, http::Reply reply);
    void list_orders(const http::Request& request, http::Reply reply);
    void get_report(const http::Request& request, http::Reply reply);
    void get_liveness(const http::Request& request, http::Reply reply);
    void get_readiness(const http::Request& request, http::Reply reply);

    // What `use` makes of a reader, or the problem if the store cannot be read.
    template <typename Use>
    [[nodiscard]] http::Response read(Use use);
    void note_damage(const StoreError& error);

    OrderIntake& intake_;
    OrderReaders& readers_;
    const std::atomic<bool>& is_stopping_;
    std::atomic<bool> is_damaged_ = false;  // the store, and it stays so
};

}  // namespace orders
