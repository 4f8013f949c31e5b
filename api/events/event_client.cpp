#include "api/events/event_client.h"

#include <algorithm>
#include <utility>

namespace orders {
namespace {

// So much room, or the log is not read for a client that has fallen behind.
constexpr std::size_t worth_a_read = 16 * 1024;

}  // namespace

EventClient::EventClient(EventRequest request, http::Stream stream, Places places, SteadyTime now)
    : filter_(std::move(request.filter)),
      filter_key_(filter_.key()),
      after_(std::move(request.after)),
      stream_(std::move(stream)),
      places_(std::move(places)),
      last_sent_(now) {}

bool EventClient::send(std::string_view text, SteadyTime now) {
    const auto room = stream_.room();
    if (!room || *room < text.size()) {
        if (!stuck_since_) stuck_since_ = now;
        return false;
    }
    if (!stream_.write(text)) return false;
    stuck_since_.reset();
    last_sent_ = now;
    return true;
}

void EventClient::begin(const ChangeLogState& log, std::int64_t head, const EventTexts& texts,
                        SteadyTime now) {
    position_ = head;
    const auto after = std::exchange(after_, std::nullopt);
    const auto number = after ? texts.number_of(*after) : std::nullopt;
    const bool can_go_on = number && log.is_whole_behind(*number);
    if (can_go_on) position_ = *number;
    std::string text = texts.hello(*position_, after && !can_go_on);
    if (after && !can_go_on) text += texts.gap(*after, head);
    (void)send(text, now);
}

bool EventClient::deliver(EventBatch& batch, SteadyTime now) {
    const ChosenEvents& chosen = batch.choose(filter_, filter_key_);
    const auto portion = chosen.behind(position(), stream_.room().value_or(0));
    if (!portion.text.empty() && !send(portion.text, now)) return false;
    if (portion.is_whole) {
        position_ = std::max(position(), batch.end());
        return true;
    }
    position_ = portion.last;
    if (portion.text.empty() && !stuck_since_) stuck_since_ = now;
    return false;
}

bool EventClient::has_room(SteadyTime now) {
    // It reads, even if nothing of what follows is for it, so that nothing is sent.
    if (stream_.room().value_or(0) >= worth_a_read) {
        stuck_since_.reset();
        return true;
    }
    if (!stuck_since_) stuck_since_ = now;
    return false;
}

bool EventClient::skip_to(std::int64_t head, const EventTexts& texts, SteadyTime now) {
    if (!send(texts.gap(texts.id_of(position()), head), now)) return false;
    position_ = head;
    return true;
}

void EventClient::show_life(std::chrono::milliseconds silence, const EventTexts& texts,
                            SteadyTime now) {
    if (now - last_sent_ >= silence) (void)send(texts.sign_of_life(position_), now);
}

void EventClient::drop(std::int64_t head, const EventTexts& texts) && {
    std::move(stream_).end(texts.last_gap(position_.value_or(head), head));
}

}  // namespace orders
