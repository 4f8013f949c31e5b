#pragma once

// Cancels or retries many orders for a client, in steps between which everybody else gets a turn: a
// reader seeks some that fit, the store changes them by one commit, and so on until none is left or
// the request's limit is reached. Each order is looked at once, in the order of submission.
//
// The service's stop, or a client that has left, ends it after a step; what is done stays done. Any
// thread may call it. All steps are begun by one thread of its own, so a request costs no other.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <stop_token>
#include <thread>

#include "api/http/reply.h"
#include "api/intake/order_acts.h"
#include "api/orders/action_parsing.h"
#include "api/orders/actor.h"
#include "api/orders/order_reads.h"
#include "shared/os/mutex.h"

namespace orders {

class BulkDesk {
   public:
    // How many orders are changed by one commit. A create that comes meanwhile waits for it, and
    // must not wait for long.
    static constexpr std::size_t portion = 250;
    static_assert(portion <= max_bulk_portion);
    // Requests that are carried out at a time; any more are answered with 503.
    static constexpr std::size_t max_requests = 16;

    // All must outlive this.
    BulkDesk(OrderActs& acts, OrderReads& reads, const std::atomic<bool>& is_stopping);
    // Answers what is left, and waits until the store has told the outcomes of its last steps.
    ~BulkDesk();
    BulkDesk(const BulkDesk&) = delete;
    BulkDesk& operator=(const BulkDesk&) = delete;

    // Answers with how many orders were changed, or match, and whether there are more.
    void submit(BulkRequest request, Actor actor, http::Reply reply);

   private:
    // A request on its way.
    struct Run {
        BulkRequest request;
        Actor actor;
        http::Reply reply;
        OrderSequence after = {};  // orders up to this one have been looked at
        bool is_at_end = false;    // there are no more
        std::size_t done = 0;
        std::optional<Refusal> refusal = {};  // of the last step
    };

    void work(const std::stop_token& stop);
    // Takes the run a step further; it is in the queue again afterwards, answered, or at the store.
    void advance(std::unique_ptr<Run> run, bool is_over);
    void change(std::unique_ptr<Run> run, std::vector<OrderSequence> orders);
    static void answer(Run& run, bool has_more);
    static void stop_early(Run& run, http::Response problem);
    void put_in_line(std::unique_ptr<Run> run) noexcept;
    // How many requests there are. False if there are too many already.
    [[nodiscard]] bool come() noexcept;
    void leave() noexcept;

    // Synchronise themselves.
    OrderActs& acts_;
    OrderReads& reads_;
    const std::atomic<bool>& is_stopping_;

    Mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::unique_ptr<Run>> ready_ GUARDED_BY(mutex_);
    std::size_t runs_ GUARDED_BY(mutex_) = 0;  // that are not answered yet

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
