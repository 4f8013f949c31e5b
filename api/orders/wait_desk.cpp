#include "api/orders/wait_desk.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "api/http/problem.h"
#include "api/orders/json_messages.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_writing.h"
#include "shared/os/poll_until.h"

namespace orders {
namespace {

// So that a store in which orders end all the time is not looked at all the time.
constexpr std::chrono::milliseconds shortest_rest{2};
// How many orders one read looks at: a millisecond or two.
constexpr std::size_t orders_per_read = 1'000;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

// The answer to who waits for the order, if there is nothing more to wait for, or in any case.
std::optional<http::Response> look(OrderReads& reads, const OrderId& order_id, bool in_any_case) {
    auto found = reads.read([&](OrderReader& reader) { return reader.find(order_id); });
    if (auto* problem = std::get_if<http::Response>(&found)) return std::move(*problem);
    const auto& order = std::get<std::optional<Order>>(found);
    if (!order) return order_not_found();
    if (!in_any_case && !is_end(order->status)) return std::nullopt;
    return ok(to_json_in_full(*order));
}

}  // namespace

WaitDesk::WaitDesk(OrderActs& acts, OrderReads& reads, WaitingPlaces& places,
                   std::unique_ptr<WorkWatch> ends, const WakeSignal& stopping,
                   const WaitOptions& options)
    : reads_(reads),
      places_(places),
      stopping_(stopping),
      options_(options),
      ends_(std::move(ends)),
      awaiting_ends_(acts, AwaitEnds{options.await_time},
                     {.again = options.await_time / 2, .after_refusal = options.look_interval}),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

WaitDesk::~WaitDesk() {
    thread_.request_stop();
    awaiting_ends_.changed().notify();
}

void WaitDesk::answer(const OrderId& order_id, std::chrono::milliseconds wait, http::Reply reply) {
    const bool is_waiting = wait > wait.zero();
    auto answer = look(reads_, order_id, !is_waiting);
    Waiter waiter{order_id, std::move(reply)};
    if (!answer) {
        if (take_in(now() + wait, waiter)) return;
        answer = look(reads_, order_id, true);
    }
    std::move(waiter.reply).send(*std::move(answer));
}

bool WaitDesk::take_in(SteadyTime deadline, Waiter& waiter) {
    auto place = places_.take();
    if (!place) return false;
    {
        const MutexLock lock(mutex_);
        if (!is_open_) return false;
        waiter.place.emplace(*std::move(place));
        waiter.reply.set_aside();
        arrivals_.emplace(deadline, std::move(waiter));
    }
    awaiting_ends_.changed().notify();
    return true;
}

void WaitDesk::work(const std::stop_token& stop) {
    bool is_open = true;
    while (!stop.stop_requested()) {
        if (wait_for_news(is_open)) is_open = false;
        take_arrivals(is_open);
        const SteadyTime began = now();
        if (!is_open) {
            look_at_all(began, true);
            continue;
        }
        // Whoever came before the store began to tell is looked at once more.
        if (awaiting_ends_.step(began, !waiting_.empty())) next_look_ = {};
        if (began >= next_look_) look_at_all(began, false);
        answer_overdue();
    }
    take_arrivals(false);
    look_at_all(now(), true);
}

// Returns after a ring, a change, or at a time at which something is to be done. True if the
// service stops.
bool WaitDesk::wait_for_news(bool is_open) {
    const bool is_anybody_waiting = !waiting_.empty();
    const int ends = is_anybody_waiting ? ends_->fd() : -1;
    std::array watched{pollfd{awaiting_ends_.changed().fd(), POLLIN, 0},
                       pollfd{is_open ? stopping_.fd() : -1, POLLIN, 0}, pollfd{ends, POLLIN, 0}};
    poll_until(watched, is_anybody_waiting ? std::min(next_look_, waiting_.begin()->first)
                                           : SteadyTime::max());
    if (is_readable(watched[0])) awaiting_ends_.changed().clear();
    if (is_readable(watched[2])) next_look_ = std::min(next_look_, earliest_look_);
    // A bell that cannot be heard may be mended by it.
    if (is_anybody_waiting && (ends < 0 || is_readable(watched[2]))) ends_->clear();
    return is_readable(watched[1]);
}

void WaitDesk::take_arrivals(bool is_open) {
    Waiters arrivals;
    {
        const MutexLock lock(mutex_);
        is_open_ = is_open;
        arrivals.swap(arrivals_);
    }
    // An order may have ended between the look that its waiter came from and now.
    look_at(arrivals, !is_open);
    waiting_.merge(arrivals);
}

void WaitDesk::look_at_all(SteadyTime began, bool is_last) {
    look_at(waiting_, is_last);
    const SteadyTime ended = now();
    earliest_look_ = ended + std::max<SteadyTime::duration>(shortest_rest, ended - began);
    next_look_ = ended + options_.look_interval;
}

void WaitDesk::look_at(Waiters& waiters, bool is_last) {
    std::vector<OrderId> order_ids;
    for (auto at = waiters.begin(); at != waiters.end();) {
        order_ids.clear();
        for (auto next = at; next != waiters.end() && order_ids.size() < orders_per_read; ++next) {
            order_ids.push_back(next->second.order_id);
        }
        std::vector<Waiter> done;
        for (const bool is_over : are_over(order_ids)) {
            if (is_over || is_last || at->second.reply.has_client_left()) {
                done.push_back(std::move(at->second));
                at = waiters.erase(at);
            } else {
                ++at;
            }
        }
        answer_all(std::move(done));
    }
}

// If they cannot be read just now, none is; if they never can be, all are, and are told so.
std::vector<bool> WaitDesk::are_over(const std::vector<OrderId>& order_ids) {
    const auto found =
        reads_.read([&](OrderReader& reader) { return reader.statuses_of(order_ids); });
    std::vector<bool> over(order_ids.size(), reads_.is_damaged());
    if (const auto* const statuses = std::get_if<0>(&found)) {
        std::transform(statuses->begin(), statuses->end(), over.begin(),
                       [](const auto& status) { return !status || is_end(*status); });
    }
    return over;
}

void WaitDesk::answer_overdue() {
    std::vector<Waiter> done;
    const auto end = waiting_.upper_bound(now());
    for (auto at = waiting_.begin(); at != end; at = waiting_.erase(at)) {
        done.push_back(std::move(at->second));
    }
    answer_all(std::move(done));
}

// Each answer is made where it is sent, so that no more of them are in memory than are being sent.
void WaitDesk::answer_all(std::vector<Waiter> waiters) {
    if (waiters.empty()) return;
    for (Waiter& waiter : waiters) waiter.reply.take_up();
    for (auto& [order_id, reply, place] : waiters) {
        std::move(reply).send_made_by([&reads = reads_, order_id = std::move(order_id)] {
            return look(reads, order_id, true).value();
        });
    }
}

}  // namespace orders
