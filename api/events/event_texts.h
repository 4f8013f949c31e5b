#pragma once

// Events as Server-Sent Events write them, and their ids: EPOCH-NUMBER, where the epoch is the
// store's incarnation, so that an id of before a restore fits nothing after it.
//
// Pure functions of the epoch, for any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/storage/change_log.h"

namespace orders {

class EventTexts {
   public:
    explicit EventTexts(std::string epoch) : epoch_(std::move(epoch)) {}

    // The number of an id of this epoch; empty for any other text.
    [[nodiscard]] std::optional<std::int64_t> number_of(std::string_view id) const;
    [[nodiscard]] std::string id_of(std::int64_t number) const;

    // From which event on the client gets them all. If it has missed some, its last id is not
    // replaced by this: gap() is to follow.
    [[nodiscard]] std::string hello(std::int64_t number, bool has_missed_some) const;
    [[nodiscard]] std::string order(const Change& change) const;
    // Behind `from`, as the client knows it, up to `to` the client gets no event.
    [[nodiscard]] std::string gap(std::string_view from, std::int64_t to) const;
    // The same as a last word. The client's last id stays, so it gets them if it comes back soon.
    [[nodiscard]] std::string last_gap(std::int64_t from, std::int64_t to) const;
    // Nothing has happened, and nothing is missing up to there: a comment, and an id by itself, so
    // that a client whose events are rare does not come back with one that is long gone.
    [[nodiscard]] std::string sign_of_life(std::optional<std::int64_t> number) const;

   private:
    const std::string epoch_;
};

// When the server stops.
inline constexpr std::string_view bye_event = "event: bye\ndata: {}\n\n";

}  // namespace orders
