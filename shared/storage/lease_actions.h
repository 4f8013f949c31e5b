#pragma once

// What workers ask of the store that pull their orders, by a client's requests: to claim some, and
// to end, give back or renew what they hold. An IntakeGroup carries these values among its actions
// (order_actions.h).
//
// Such a worker is known by its name alone, and live while it claims or renews. Its leases run out
// by their time, whatever becomes of it. Each lease ends with the order's time (its timeout) at the
// latest; whoever looks after the house then ends the order as Failed with `timeout`.
//
// Every step but the claim may be repeated: what was done is told again, and not done twice.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/worker_store.h"

namespace orders {

// How many workers that pull a store may know at a time: those that are live, and those that orders
// name.
inline constexpr std::size_t most_pullers = 10'000;
// What the store calls a worker that pulls is this and its name. No worker of ours is called so.
inline constexpr char puller_prefix[] = "api:";

struct PullOrders {
    std::string worker;  // its name: 1 to 64 characters
    std::chrono::milliseconds lease_time{0};
    ClaimRequest claim;
};

struct PulledOrder {
    Order order;  // as in a list, with its payload and its trace
    Lease lease;
    std::chrono::milliseconds lease_left{0};
    std::chrono::milliseconds time_left{0};  // until its deadline
};

struct Pulled {
    std::vector<PulledOrder> orders;  // in the order in which they are to be done
    std::size_t expired = 0;          // found too late to begin, and Failed now
    bool has_more = false;            // another claim may return more at once
};

// The name is a new one, and there are most_pullers already.
struct TooManyPullers {};

struct ReleaseLease {};
struct RenewLease {
    std::chrono::milliseconds lease_time{0};
};

struct LeaseAction {
    Lease lease;
    std::variant<ProcessingResult, ReleaseLease, RenewLease> what;
};

// Each is done, or not, by itself.
struct LeaseActions {
    std::vector<LeaseAction> actions;
    bool are_orders_wanted = false;  // in the outcomes
};

struct LeaseOutcome {
    enum class State {
        settled,
        already_settled,  // by the same request, which came before; or released by it
        released,
        renewed,
        lost,
    };
    State state = State::lost;
    // Of a lost one: what the order has come to; empty if it is gone.
    std::optional<OrderStatus> order_status = {};
    // Of one that is settled now: of which kind, and how long it was in work.
    std::optional<std::pair<Kind, std::chrono::milliseconds>> was_in_work = {};
    // If it is wanted, unless the lease is renewed or lost: as in a list, with its result.
    std::optional<Order> order = {};
    // If it is renewed.
    std::chrono::milliseconds lease_left{0};
    std::chrono::milliseconds time_left{0};
};

using LeaseOutcomes = std::vector<LeaseOutcome>;  // one for each action, in order

// A sign of life of workers that ask for work and get none.
struct NotePullers {
    struct Puller {
        std::string worker;
        std::vector<KindLimit> kinds = {};  // that it asks for; empty: all
        std::size_t orders = 1;             // as many at a time
    };
    std::vector<Puller> pullers;
};

}  // namespace orders
