#pragma once

// Sends clients what happens to orders, as it happens (change_log.h).
//
// A client costs no thread: one thread of the desk's own reads the log for all of them, every now
// and then, and has the store keep it for as long as anybody listens. A client that has fallen
// behind is served from the log, too, from where it is; if it takes nothing for a while, it is told
// that it misses something, and let go. Memory is bounded by what each client may leave
// outstanding, and by what the few pages of the log may take that are read in one look
// (event_batch.h).
//
// Any thread may call it.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "api/events/event_batch.h"
#include "api/events/event_client.h"
#include "api/events/event_texts.h"
#include "api/http/reply.h"
#include "api/intake/awaiting.h"
#include "api/orders/waiting_places.h"
#include "shared/log/log_pace.h"
#include "shared/os/mutex.h"
#include "shared/storage/change_log.h"

namespace orders {

struct EventOptions {
    bool is_kept_always = false;  // whether or not anybody listens
    std::size_t max_clients = 1'000;
    std::chrono::milliseconds look_interval{25};
    // A client that is sent nothing else gets a sign of life.
    std::chrono::milliseconds longest_silence{15'000};
    // How long a client may take nothing of what it is to get.
    std::chrono::milliseconds longest_stuck{5'000};
};

class EventDesk {
   public:
    // The references must outlive this. `epoch` is the store's incarnation.
    EventDesk(OrderActs& acts, WaitingPlaces& places, std::unique_ptr<ChangeLog> log,
              std::string epoch, const EventOptions& options = {});
    ~EventDesk();
    EventDesk(const EventDesk&) = delete;
    EventDesk& operator=(const EventDesk&) = delete;

    // Answers with events for as long as the client stays; or that there is no place for it.
    void answer(EventRequest request, http::Reply reply);

    // For metrics.
    struct Figures {
        std::size_t clients = 0;
        std::uint64_t dropped_clients = 0;  // that took nothing, since the start
    };
    [[nodiscard]] Figures figures() const noexcept {
        return {.clients = listeners_.taken(), .dropped_clients = dropped_clients_};
    }

   private:
    void work(const std::stop_token& stop);
    void wait_for_news();
    void take_arrivals();
    void look(SteadyTime began);
    // Whether there is a head to go on from.
    [[nodiscard]] bool find_head();
    void follow(EventBatch& batch, SteadyTime began);
    void catch_up(SteadyTime began);
    // Of the pages that were read for others; empty if no more are to be read now.
    [[nodiscard]] EventBatch* page_behind(std::int64_t position,
                                          std::map<std::int64_t, EventBatch>& pages);
    void take_care(SteadyTime began);
    void note_failure(const std::exception& error);

    // Synchronise themselves.
    WaitingPlaces& places_;
    const EventOptions options_;
    const EventTexts texts_;
    WaitingPlaces listeners_;
    std::atomic<std::uint64_t> dropped_clients_ = 0;

    Mutex mutex_;
    std::vector<std::unique_ptr<EventClient>> arrivals_ GUARDED_BY(mutex_);

    // Only the thread; others wake it by what `awaiting_` is notified with.
    const std::unique_ptr<ChangeLog> log_;
    Awaiting awaiting_;
    std::vector<std::unique_ptr<EventClient>> clients_;
    std::optional<std::int64_t> head_;  // up to which the log was read; empty while nobody listens
    SteadyTime next_look_ = {};
    SteadyTime next_care_ = {};
    log::LogPace failures_;

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
