#pragma once

// The claims of workers that pull, first come first served, from when they are asked until they are
// answered. All that wait come along with each group that is committed (GroupCompanion): so what a
// group creates is handed out by the same commit, and what else there is to claim by the next
// group, which nudge() makes come. If more wait than one group takes, the next groups go on with
// those behind, until all have been asked: nobody is kept from what only he takes.
//
// A claim is answered when it gets orders; when it has been in a group and got none, unless it may
// wait; when its time is over; or when the service stops. A client that has left gets nothing: its
// claim is taken out before the group, and what it was given in the meantime is released again, not
// charged.
//
// Any thread may call it. Hand it out as a shared pointer: works that are on their way hold it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http/reply.h"
#include "api/intake/group_commit.h"
#include "api/intake/group_work.h"
#include "api/intake/order_acts.h"
#include "api/intake/refusal.h"
#include "api/orders/waiting_places.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/storage/lease_actions.h"
#include "shared/storage/order_actions.h"

namespace orders {

// Puts down that the claim's worker asks for work.
void note_asking(const PullOrders& claim, std::map<std::string, NotePullers::Puller>& workers);

class WaitingClaims final : public GroupCompanion,
                            public std::enable_shared_from_this<WaitingClaims> {
   public:
    // `commits` must outlive all replies; `incarnation` is the store's.
    WaitingClaims(GroupCommit& commits, std::string incarnation)
        : commits_(commits), acts_(commits), incarnation_(std::move(incarnation)) {}

    // How many claims one group takes, at most.
    static constexpr std::size_t most_per_group = 1'000;

    // How a claim may wait.
    struct Wait {
        SteadyTime until;
        WaitingPlaces::Place place;
    };
    // Takes a claim in, and has it served.
    void add(PullOrders claim, std::optional<Wait> wait, http::Reply reply);

    // A group comes soon, even if there is nothing else to commit.
    void nudge();

    // Answers those whose time is over, or all of them, and lets go of those whose clients have
    // left. Those that are in a group now are answered when that is committed.
    void answer_overdue(SteadyTime now);
    void answer_all();

    [[nodiscard]] bool is_anybody_waiting() const;
    // By when the first of them is to be answered; empty if nobody waits.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;
    // Whether one of them takes a kind of these.
    [[nodiscard]] bool is_any_for(const std::vector<Kind>& kinds) const;
    // Who waits, by name.
    [[nodiscard]] std::map<std::string, NotePullers::Puller> waiting_workers() const;

    [[nodiscard]] std::unique_ptr<GroupWork> come_along() noexcept override;

   private:
    struct Claim {
        std::uint64_t number = 0;
        OrderAction action;  // a PullOrders
        std::optional<Wait> wait;
        http::Reply reply;
        std::size_t place = 0;  // in the group
        bool is_in_group = false;
        bool is_refused = false;  // while it was in a group: it is not to wait any more
    };
    using Claims = std::list<Claim>;

    class Service;
    class Nudge;

    void submit_nudge(std::uint64_t number);
    // The claim of that number is not served, and not to wait either.
    void refuse(std::uint64_t number, Refusal refusal);
    // What a group has come to for these, which are in it: an ActionResult for each.
    template <typename ResultOf>
    void serve(const std::vector<Claims::iterator>& in_group, ResultOf result_of);

    // Those that are in no group.
    template <typename IsMeant>
    [[nodiscard]] Claims take_out_if(IsMeant is_meant) REQUIRES(mutex_);
    void answer(Claim& claim, ActionResult result);
    void answer_empty(Claims claims);
    void release(const Pulled& pulled);

    GroupCommit& commits_;
    OrderActs acts_;
    const std::string incarnation_;

    mutable Mutex mutex_;
    Claims claims_ GUARDED_BY(mutex_);  // first come first
    std::uint64_t next_number_ GUARDED_BY(mutex_) = 1;
    // The number with which the next group goes on; 0: with the first one.
    std::uint64_t next_in_turn_ GUARDED_BY(mutex_) = 0;
    std::atomic<bool> is_nudged_ = false;
};

}  // namespace orders
