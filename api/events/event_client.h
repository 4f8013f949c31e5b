#pragma once

// One client's stream of events: what it wants, and how far it has come. What it cannot take now
// stays in the store's log until it can: nothing waits for it in memory but a stream's buffer.
//
// Belongs to one thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "api/events/event_batch.h"
#include "api/events/event_filter.h"
#include "api/events/event_texts.h"
#include "api/http/reply.h"
#include "api/orders/waiting_places.h"
#include "shared/os/steady_time.h"

namespace orders {

class EventClient {
   public:
    // Which it takes up for as long as it is there.
    struct Places {
        WaitingPlaces::Place among_waiting;
        WaitingPlaces::Place among_listeners;
    };
    EventClient(EventRequest request, http::Stream stream, Places places, SteadyTime now);

    // Whether it has learned from where on it gets events.
    [[nodiscard]] bool has_begun() const noexcept { return position_.has_value(); }
    // Of the last event that it has, or that is not for it.
    [[nodiscard]] std::int64_t position() const noexcept { return position_.value(); }

    // From where it left off, if that is possible; else from `head` on.
    void begin(const ChangeLogState& log, std::int64_t head, const EventTexts& texts,
               SteadyTime now);
    // As much of a batch as it has room for. Whether that was all.
    bool deliver(EventBatch& batch, SteadyTime now);
    // Whether it has room for more than a few events.
    bool has_room(SteadyTime now);
    // It gets nothing up to `head`, and is told so. Whether there was room for that.
    bool skip_to(std::int64_t head, const EventTexts& texts, SteadyTime now);
    // If it has been sent nothing for so long.
    void show_life(std::chrono::milliseconds silence, const EventTexts& texts, SteadyTime now);

    // Its client has left, or was cut off: it gets nothing any more.
    [[nodiscard]] bool is_over() const { return !stream_.room().has_value(); }
    // Since when there is no room for what it is to get.
    [[nodiscard]] std::optional<SteadyTime> stuck_since() const noexcept { return stuck_since_; }
    // Its last event is that it has missed others.
    void drop(std::int64_t head, const EventTexts& texts) &&;

   private:
    // Whether there was room.
    bool send(std::string_view text, SteadyTime now);

    const EventFilter filter_;
    const std::string filter_key_;
    std::optional<std::string> after_;  // until it begins
    http::Stream stream_;
    const Places places_;
    std::optional<std::int64_t> position_;
    SteadyTime last_sent_;
    std::optional<SteadyTime> stuck_since_;
};

}  // namespace orders
