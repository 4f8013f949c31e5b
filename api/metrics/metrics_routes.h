#pragma once

// GET /metrics: what this API and its store have counted and measured, for Prometheus
// (shared/metrics/catalogue.h lists it).
//
// What is of the store is read when it is asked for, and costs the same however many orders there
// are. If the store cannot be read now, the answer has all but that.
//
// Handlers run on the server's threads, several at a time.

#include <span>
#include <string_view>

#include "api/events/event_desk.h"
#include "api/http/server.h"
#include "api/intake/group_commit.h"
#include "api/intake/order_intake.h"
#include "api/metrics/exposition.h"
#include "api/orders/order_reads.h"
#include "api/orders/refused_orders.h"

namespace orders {

// All of it must outlive the server's run().
struct MetricsSources {
    OrderReads& reads;
    const GroupCommit& commits;
    OrderIntake& intake;
    const RefusedOrders& refused;
    const EventDesk* events = nullptr;  // if there is one
    std::string_view version;           // of this program
};

class MetricsRoutes {
   public:
    explicit MetricsRoutes(const MetricsSources& sources) : sources_(sources) {}

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        http::Access access;  // unless they are open
        void (MetricsRoutes::*handler)(const http::Request&, http::Reply);
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // If they `are_open`, to clients without a token, too. This must outlive the server's run().
    void add_to(http::Server& server, bool are_open);

   private:
    void get_metrics(const http::Request& request, http::Reply reply);
    void add_store(Exposition& exposition) const;
    void add_intake(Exposition& exposition) const;
    void add_events(Exposition& exposition) const;

    const MetricsSources sources_;
    const http::Server* server_ = nullptr;  // once they have been added
};

}  // namespace orders
