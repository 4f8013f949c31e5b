#pragma once

// The HTTP contract, version 1: how a worker in any language claims orders and ends them. The rest
// of it is in order_routes.h and action_routes.h.
//
// Once something that is stored turns out to be damaged, nothing is done any more, as there.
//
// Handlers run on the server's threads, several at a time; answers are made as those of
// OrderRoutes.

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "api/claims/claim_desk.h"
#include "api/claims/claim_parsing.h"
#include "api/http/server.h"
#include "api/intake/order_acts.h"
#include "api/orders/order_reads.h"
#include "shared/domain/claim.h"
#include "shared/storage/lease_actions.h"

namespace orders {

inline constexpr std::string_view lease_batch_path = "/api/v1/leases/batch";

// What holds for claims, whoever makes them.
struct ClaimRules {
    AttemptLimits defaults = {.timeout = std::chrono::seconds(300)};
    std::chrono::seconds normal_max_wait{0};
};

class ClaimRoutes {
   public:
    // The references must outlive the server's run(); `incarnation` is the store's.
    ClaimRoutes(ClaimDesk& desk, OrderActs& acts, OrderReads& reads, std::string incarnation,
                const ClaimRules& rules)
        : desk_(desk),
          acts_(acts),
          reads_(reads),
          incarnation_(std::move(incarnation)),
          rules_(rules) {}

    struct Entry {
        std::string_view method;
        std::string_view pattern;
        http::Access access;
        void (ClaimRoutes::*handler)(const http::Request&, http::Reply);
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

    // This must outlive the server's run() too.
    void add_to(http::Server& server);

   private:
    void claim(const http::Request& request, http::Reply reply);
    void complete(const http::Request& request, http::Reply reply);
    void fail(const http::Request& request, http::Reply reply);
    void release(const http::Request& request, http::Reply reply);
    void renew(const http::Request& request, http::Reply reply);
    void act_on_batch(const http::Request& request, http::Reply reply);

    // Has done to the lease that the path names what the body was parsed to.
    template <typename Parsed>
    void act_on_lease(const http::Request& request, ParsedBody<Parsed> parsed, http::Reply reply);

    ClaimDesk& desk_;
    OrderActs& acts_;
    OrderReads& reads_;
    const std::string incarnation_;
    const ClaimRules rules_;
};

}  // namespace orders
