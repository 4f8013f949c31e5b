#pragma once

// A page of the change log on its way to clients: each event is written down once, whatever the
// number of clients, and each choice of events is made once for all clients that want the same; or
// anew once all choices together have become too large to keep.
//
// Belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/events/event_filter.h"
#include "api/events/event_texts.h"
#include "shared/storage/change_log.h"

namespace orders {

// The events that one kind of client gets, one behind the other.
class ChosenEvents {
   public:
    void add(std::int64_t number, std::string_view text);

    // As many of those behind the number as fit into so many bytes.
    struct Portion {
        std::string_view text;
        std::int64_t last = 0;  // the number of its last event
        bool is_whole = true;   // there are no more
    };
    [[nodiscard]] Portion behind(std::int64_t number, std::size_t most_bytes) const;

    [[nodiscard]] std::size_t bytes() const noexcept {
        return text_.size() + ends_.size() * sizeof(End);
    }

   private:
    struct End {
        std::int64_t number = 0;
        std::size_t offset = 0;
    };
    std::string text_;
    std::vector<End> ends_;
};

class EventBatch {
   public:
    // The texts must outlive it.
    EventBatch(ChangePage page, const EventTexts& texts);

    [[nodiscard]] const ChangeLogState& state() const noexcept { return page_.state; }
    // Whoever has all of it goes on behind this number.
    [[nodiscard]] std::int64_t end() const noexcept { return page_.next_after; }
    [[nodiscard]] bool is_empty() const noexcept { return page_.changes.empty(); }

    // Those that fit; equal filters have equal keys. Valid until the next call.
    [[nodiscard]] const ChosenEvents& choose(const EventFilter& filter, const std::string& key);

   private:
    [[nodiscard]] const std::string& text_of(std::size_t change);
    // In order.
    [[nodiscard]] std::vector<std::size_t> candidates(const EventFilter& filter);

    const EventTexts& texts_;
    const ChangePage page_;
    std::vector<std::string> written_;  // of each change, or empty
    std::unordered_map<std::string, std::vector<std::size_t>> by_order_;
    std::map<std::string, ChosenEvents> chosen_;  // by the filter's key
    std::size_t chosen_bytes_ = 0;
};

}  // namespace orders
