#include "api/events/event_desk.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "api/http/problem.h"
#include "shared/log/log.h"
#include "shared/os/poll_until.h"
#include "shared/storage/order_actions.h"
#include "shared/text/reason.h"

namespace orders {
namespace {

using std::chrono::milliseconds;

// How much is read at a time, and for how many clients that have fallen behind in one look.
constexpr std::size_t changes_per_read = 1'000;
constexpr std::size_t reads_behind_per_look = 8;
// What one client may leave outstanding here, and in the system besides, which would otherwise take
// megabytes of it.
constexpr std::size_t max_unsent_bytes = 64 * 1024;
// How long a client is not heard of that has vanished without a word.
constexpr milliseconds longest_unheard{60'000};

constexpr milliseconds between_cares{1'000};
constexpr milliseconds pause_after_failure{1'000};
// For how long the store is asked to keep the log. With nobody there to ask, it goes on for as long
// as can be, so that clients find all of it after a restart.
constexpr milliseconds keep_time{30'000};
constexpr milliseconds keep_again{10'000};

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

http::Response head_of_stream() {
    return {.status = 200,
            .content_type = "text/event-stream; charset=utf-8",
            // A proxy that gathers answers would keep events back.
            .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}};
}

}  // namespace

EventDesk::EventDesk(OrderActs& acts, WaitingPlaces& places, std::unique_ptr<ChangeLog> log,
                     std::string epoch, const EventOptions& options)
    : places_(places),
      options_(options),
      texts_(std::move(epoch)),
      listeners_(options.max_clients),
      log_(std::move(log)),
      awaiting_(acts, AwaitChanges{options.is_kept_always ? longest_awaiting : keep_time},
                {.again = keep_again, .after_refusal = pause_after_failure}),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

EventDesk::~EventDesk() {
    thread_.request_stop();
    awaiting_.changed().notify();
}

void EventDesk::answer(EventRequest request, http::Reply reply) {
    auto place = places_.take();
    auto place_to_listen = listeners_.take();
    if (!place || !place_to_listen) {
        return std::move(reply).send(
            http::problem_for(503, "As many clients listen to events as may."));
    }
    http::Stream stream = std::move(reply).stream(
        head_of_stream(), {.max_unsent_bytes = max_unsent_bytes,
                           .socket_buffer_bytes = static_cast<int>(max_unsent_bytes),
                           .silence_limit = longest_unheard,
                           .farewell = bye_event});
    auto client = std::make_unique<EventClient>(
        std::move(request), std::move(stream),
        EventClient::Places{*std::move(place), *std::move(place_to_listen)}, now());
    {
        const MutexLock lock(mutex_);
        arrivals_.push_back(std::move(client));
    }
    awaiting_.changed().notify();
}

void EventDesk::work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        wait_for_news();
        take_arrivals();
        const SteadyTime began = now();
        const bool is_anybody_there = !clients_.empty();
        if (awaiting_.step(began, is_anybody_there || options_.is_kept_always)) next_look_ = {};
        if (!is_anybody_there) head_.reset();
        if (is_anybody_there && began >= next_look_) look(began);
        if (began >= next_care_) take_care(began);
    }
}

void EventDesk::wait_for_news() {
    SteadyTime until = options_.is_kept_always ? awaiting_.next_step() : SteadyTime::max();
    if (!clients_.empty()) until = std::min({until, next_look_, next_care_});
    std::array watched{pollfd{awaiting_.changed().fd(), POLLIN, 0}};
    poll_until(watched, until);
    if (is_readable(watched[0])) awaiting_.changed().clear();
}

void EventDesk::take_arrivals() {
    std::vector<std::unique_ptr<EventClient>> arrivals;
    {
        const MutexLock lock(mutex_);
        arrivals.swap(arrivals_);
    }
    if (!arrivals.empty()) next_look_ = {};
    std::ranges::move(arrivals, std::back_inserter(clients_));
}

void EventDesk::look(SteadyTime began) {
    next_look_ = began + options_.look_interval;
    try {
        if (!head_ && !find_head()) return;
        EventBatch batch(log_->read(*head_, changes_per_read), texts_);
        follow(batch, began);
        for (const auto& client : clients_) {
            if (!client->has_begun()) client->begin(batch.state(), *head_, texts_, began);
        }
        if (batch.state().newest > *head_) next_look_ = began;
        catch_up(began);
    } catch (const std::exception& error) {
        note_failure(error);
        next_look_ = began + pause_after_failure;
    }
}

// Whoever listens first waits for the store to have begun to keep the log.
bool EventDesk::find_head() {
    const ChangeLogState state = log_->read(std::numeric_limits<std::int64_t>::max(), 0).state;
    if (state.is_kept) head_ = state.newest;
    return head_.has_value();
}

void EventDesk::follow(EventBatch& batch, SteadyTime began) {
    const std::int64_t head = *head_;
    // If this stood still for longer than the log is kept without being asked for, or as long.
    const bool is_broken = !batch.state().is_whole_behind(head);
    head_ = is_broken ? batch.state().newest : batch.end();
    if (batch.end() == head) return;
    for (const auto& client : clients_) {
        const bool is_up_to_date = client->has_begun() && client->position() >= head;
        if (is_up_to_date && !is_broken) (void)client->deliver(batch, began);
    }
}

// Clients that come back, that are slow, or that a break has left behind.
void EventDesk::catch_up(SteadyTime began) {
    std::map<std::int64_t, EventBatch> pages;
    for (const auto& client : clients_) {
        if (!client->has_begun() || client->position() >= *head_) continue;
        if (!client->has_room(began)) continue;
        EventBatch* const page = page_behind(client->position(), pages);
        if (page == nullptr) break;
        const bool has_taken_all = page->state().is_whole_behind(client->position())
                                       ? client->deliver(*page, began)
                                       : client->skip_to(*head_, texts_, began);
        if (has_taken_all && client->position() < *head_) next_look_ = began;
    }
    // So that those behind get their turn.
    const auto served = static_cast<std::ptrdiff_t>(std::min(pages.size(), clients_.size()));
    std::rotate(clients_.begin(), clients_.begin() + served, clients_.end());
}

EventBatch* EventDesk::page_behind(std::int64_t position,
                                   std::map<std::int64_t, EventBatch>& pages) {
    const auto known = pages.find(position);
    if (known != pages.end()) return &known->second;
    if (pages.size() == reads_behind_per_look) return nullptr;
    return &pages.try_emplace(position, log_->read(position, changes_per_read), texts_)
                .first->second;
}

void EventDesk::take_care(SteadyTime began) {
    next_care_ = began + between_cares;
    const auto leaves = [&](const std::unique_ptr<EventClient>& client) {
        client->show_life(options_.longest_silence, texts_, began);
        if (client->is_over()) return true;
        const auto since = client->stuck_since();
        if (!since || began - *since < options_.longest_stuck) return false;
        ++dropped_clients_;
        std::move(*client).drop(head_.value_or(0), texts_);
        return true;
    };
    std::erase_if(clients_, leaves);
}

void EventDesk::note_failure(const std::exception& error) {
    failures_.count();
    if (const auto times = failures_.take_due()) {
        log::error("reading what has changed failed",
                   {{"detail", reason_of(error)},
                    {"times", *times},
                    {"consequence", "clients that listen to events get them later"}});
    }
}

}  // namespace orders
