#pragma once

// Answers claims of workers that pull: at once if there is work, else when some comes, up to a
// time. A waiting worker costs no thread: one thread of the desk's own has the claims that wait
// served (waiting_claims.h) when the store's bell tells of work that others have made claimable,
// and looks every now and then, which is the guarantee. It also tells the store which workers wait,
// so that they count as live.
//
// Any thread may call it.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/claims/waiting_claims.h"
#include "api/http/reply.h"
#include "api/intake/group_commit.h"
#include "api/intake/order_acts.h"
#include "api/orders/order_reads.h"
#include "api/orders/waiting_places.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/lease_actions.h"
#include "shared/storage/work_watch.h"

namespace orders {

struct ClaimDeskOptions {
    // How long a missed ring may cost.
    std::chrono::milliseconds look_interval{250};
    // How often the store is told who waits: less than half of a worker's longest silence.
    std::chrono::milliseconds note_interval{4'000};
};

class ClaimDesk {
   public:
    // The references must outlive this; `work` rings when orders may be claimed (Storage). When
    // `stopping` is notified, the thread sees to it that nothing more is claimed, and that all that
    // wait are answered; a claim that comes before it has woken may still get orders.
    ClaimDesk(GroupCommit& commits, OrderReads& reads, WaitingPlaces& places,
              std::unique_ptr<WorkWatch> work, const WakeSignal& stopping, std::string incarnation,
              const ClaimDeskOptions& options = {});
    // Answers all that still wait.
    ~ClaimDesk();
    ClaimDesk(const ClaimDesk&) = delete;
    ClaimDesk& operator=(const ClaimDesk&) = delete;

    void claim(PullOrders claim, std::chrono::milliseconds wait, http::Reply reply);

   private:
    // The thread's.
    void work(const std::stop_token& stop);
    [[nodiscard]] bool wait_for_news();
    void look(SteadyTime began);
    void note_workers(SteadyTime now);

    // Synchronise themselves.
    OrderActs acts_;
    OrderReads& reads_;
    WaitingPlaces& places_;
    const WakeSignal& stopping_;
    const ClaimDeskOptions options_;
    const std::shared_ptr<WaitingClaims> claims_;
    WakeSignal changed_;
    std::atomic<bool> is_open_ = true;

    Mutex mutex_;
    // Workers that have asked since the store was told, and do not wait.
    std::map<std::string, NotePullers::Puller> asked_ GUARDED_BY(mutex_);

    // Only the thread.
    const std::unique_ptr<WorkWatch> work_;
    SteadyTime next_look_ = {};
    SteadyTime earliest_look_ = {};  // a ring is not heeded before
    SteadyTime next_note_ = {};

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
