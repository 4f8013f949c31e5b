#pragma once

// The HTTP contract, version 1: which request does what, and every answer it can get. The README's
// table describes it for clients. Handlers run on the server's threads, several at a time.

#include <atomic>

#include "api/http/server.h"
#include "api/intake/order_intake.h"
#include "api/orders/order_readers.h"
#include "shared/domain/moment.h"

namespace orders {

class OrderRoutes {
   public:
    // All of them must outlive the server's run(). While `is_stopping`, /readyz answers 503, so
    // that nobody sends new work.
    OrderRoutes(OrderIntake& intake, OrderReaders& readers, const Clock& clock,
                const std::atomic<bool>& is_stopping);

    // This must outlive the server's run() too.
    void add_to(HttpServer& server);

   private:
    HttpResult create_order(const HttpRequest& request);
    HttpResult create_batch(const HttpRequest& request);
    HttpResponse get_order(std::string_view order_id);
    HttpResponse list_orders(const HttpRequest& request);
    HttpResponse get_report();
    HttpResult get_readiness();

    OrderIntake& intake_;
    OrderReaders& readers_;
    const Clock& clock_;
    const std::atomic<bool>& is_stopping_;
};

}  // namespace orders
