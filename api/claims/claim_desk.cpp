#include "api/claims/claim_desk.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "api/claims/claim_writing.h"
#include "api/orders/json_messages.h"
#include "shared/os/poll_until.h"

namespace orders {
namespace {

// So that a store to which orders come all the time is not looked at all the time.
constexpr std::chrono::milliseconds shortest_rest{2};
// How many workers the store is told of at a time: a millisecond or two.
constexpr std::size_t workers_per_note = 500;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

ClaimDesk::ClaimDesk(GroupCommit& commits, OrderReads& reads, WaitingPlaces& places,
                     std::unique_ptr<WorkWatch> work, const WakeSignal& stopping,
                     std::string incarnation, const ClaimDeskOptions& options)
    : acts_(commits),
      reads_(reads),
      places_(places),
      stopping_(stopping),
      options_(options),
      claims_(std::make_shared<WaitingClaims>(commits, std::move(incarnation))),
      work_(std::move(work)),
      thread_([this](const std::stop_token& stop) { this->work(stop); }) {
    commits.set_companion(claims_);
}

ClaimDesk::~ClaimDesk() {
    is_open_ = false;
    thread_.request_stop();
    changed_.notify();
    thread_.join();
    claims_->answer_all();
}

void ClaimDesk::claim(PullOrders claim, std::chrono::milliseconds wait, http::Reply reply) {
    if (!is_open_) return std::move(reply).send(ok(to_json(Pulled{}, {})));
    std::optional<WaitingClaims::Wait> waiting;
    if (wait > wait.zero()) {
        if (auto place = places_.take()) {
            waiting.emplace(WaitingClaims::Wait{.until = now() + wait, .place = *std::move(place)});
        }
    }
    if (!waiting) {
        const MutexLock lock(mutex_);
        if (asked_.size() < most_pullers) note_asking(claim, asked_);
    }
    claims_->add(std::move(claim), std::move(waiting), std::move(reply));
    changed_.notify();
}

void ClaimDesk::work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (wait_for_news()) is_open_ = false;
        // Again each time, for those that came in just then.
        if (!is_open_) claims_->answer_all();
        const SteadyTime at = now();
        if (at >= next_look_) look(at);
        if (at >= next_note_) note_workers(at);
    }
}

// Returns after a ring, a change, or at a time at which something is to be done. True if the
// service stops.
bool ClaimDesk::wait_for_news() {
    const auto next_deadline = claims_->next_deadline();
    const int work = next_deadline ? work_->fd() : -1;
    std::array watched{pollfd{changed_.fd(), POLLIN, 0},
                       pollfd{is_open_ ? stopping_.fd() : -1, POLLIN, 0}, pollfd{work, POLLIN, 0}};
    poll_until(watched,
               next_deadline ? std::min({next_look_, next_note_, *next_deadline}) : next_note_);
    if (is_readable(watched[0])) changed_.clear();
    if (is_readable(watched[2])) next_look_ = std::min(next_look_, earliest_look_);
    // A bell that cannot be heard may be mended by it.
    if (next_deadline && (work < 0 || is_readable(watched[2]))) work_->clear();
    if (next_deadline && *next_deadline <= now()) next_look_ = {};
    return is_readable(watched[1]);
}

void ClaimDesk::look(SteadyTime began) {
    claims_->answer_overdue(began);
    if (claims_->is_anybody_waiting()) {
        const auto found =
            reads_.read([](OrderReader& reader) { return reader.claimable_kinds(); });
        const auto* const kinds = std::get_if<std::vector<Kind>>(&found);
        if (kinds != nullptr && claims_->is_any_for(*kinds)) claims_->nudge();
    }
    const SteadyTime ended = now();
    earliest_look_ = ended + std::max<SteadyTime::duration>(shortest_rest, ended - began);
    next_look_ = ended + options_.look_interval;
}

void ClaimDesk::note_workers(SteadyTime now) {
    next_note_ = now + options_.note_interval;
    auto workers = claims_->waiting_workers();
    {
        const MutexLock lock(mutex_);
        workers.merge(std::exchange(asked_, {}));
    }
    NotePullers note;
    const auto submit = [&] {
        if (note.pullers.empty()) return;
        // If it is refused, they count as gone until the next time.
        acts_.submit(std::exchange(note, {}), [](const ActionResult&) noexcept {});
    };
    for (auto& [name, worker] : workers) {
        note.pullers.push_back(std::move(worker));
        if (note.pullers.size() == workers_per_note) submit();
    }
    submit();
}

}  // namespace orders
