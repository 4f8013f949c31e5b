#pragma once

// Answers what an order is, now or once it has ended: a client may wait for that, up to a time.
//
// A waiting client costs no thread: one thread of the desk's own looks after all of them. It looks
// when the store's bell tells that orders have ended, which it has the store do for as long as
// somebody waits, and otherwise every now and then, which is the guarantee. While there is much to
// look at, it rests as long as it looks. A client that has left is let go at the next look.
//
// Any thread may call it.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "api/http/reply.h"
#include "api/intake/awaiting.h"
#include "api/intake/order_acts.h"
#include "api/orders/order_reads.h"
#include "api/orders/waiting_places.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/work_watch.h"

namespace orders {

struct WaitOptions {
    // How long a missed ring may cost.
    std::chrono::milliseconds look_interval{250};
    // For how long the store is asked to tell of ends; it is asked again at half of it.
    std::chrono::milliseconds await_time{10'000};
};

class WaitDesk {
   public:
    // The references must outlive this; `ends` rings when orders have ended (Storage). Once
    // `stopping` is notified, all are answered at once, those that wait and those that come.
    WaitDesk(OrderActs& acts, OrderReads& reads, WaitingPlaces& places,
             std::unique_ptr<WorkWatch> ends, const WakeSignal& stopping,
             const WaitOptions& options = {});
    // Answers all that still wait.
    ~WaitDesk();
    WaitDesk(const WaitDesk&) = delete;
    WaitDesk& operator=(const WaitDesk&) = delete;

    // Answers with the order: as soon as it has ended, or when it is as it is after `wait`. At once
    // if there is no such order.
    void answer(const OrderId& order_id, std::chrono::milliseconds wait, http::Reply reply);

   private:
    struct Waiter {
        OrderId order_id;
        http::Reply reply;
        std::optional<WaitingPlaces::Place> place = {};
    };
    using Waiters = std::multimap<SteadyTime, Waiter>;  // by when they are answered at the latest

    // False, and the waiter as it was, if nobody more may wait.
    [[nodiscard]] bool take_in(SteadyTime deadline, Waiter& waiter);

    // The thread's.
    void work(const std::stop_token& stop);
    [[nodiscard]] bool wait_for_news(bool is_open);
    void take_arrivals(bool is_open);
    void look_at_all(SteadyTime began, bool is_last);
    // Answers those who wait for nothing more, or all of them, and takes them out.
    void look_at(Waiters& waiters, bool is_last);
    [[nodiscard]] std::vector<bool> are_over(const std::vector<OrderId>& order_ids);
    void answer_overdue();
    void answer_all(std::vector<Waiter> waiters);

    // Synchronise themselves.
    OrderReads& reads_;
    WaitingPlaces& places_;
    const WakeSignal& stopping_;
    const WaitOptions options_;

    Mutex mutex_;
    Waiters arrivals_ GUARDED_BY(mutex_);
    bool is_open_ GUARDED_BY(mutex_) = true;

    // Only the thread.
    const std::unique_ptr<WorkWatch> ends_;
    Awaiting awaiting_ends_;
    Waiters waiting_;
    SteadyTime next_look_ = {};
    SteadyTime earliest_look_ = {};  // a ring is not heeded before

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
