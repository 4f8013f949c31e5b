#include "api/claims/waiting_claims.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "api/claims/claim_writing.h"
#include "api/orders/json_messages.h"
#include "api/orders/order_problems.h"

namespace orders {
namespace {

const PullOrders& pull_in(const OrderAction& action) {
    return std::get<PullOrders>(action);
}

const std::vector<KindLimit>& kinds_in(const OrderAction& action) {
    return pull_in(action).claim.shares.at(0).kinds;
}

bool takes_any_of(const OrderAction& action, const std::vector<Kind>& kinds) {
    const auto& taken = kinds_in(action);
    return taken.empty() || std::ranges::any_of(kinds, [&](const Kind& kind) {
               return std::ranges::find(taken, kind, &KindLimit::kind) != taken.end();
           });
}

}  // namespace

void note_asking(const PullOrders& claim, std::map<std::string, NotePullers::Puller>& workers) {
    workers.insert_or_assign(claim.worker,
                             NotePullers::Puller{.worker = claim.worker,
                                                 .kinds = claim.claim.shares.at(0).kinds,
                                                 .orders = claim.claim.limit});
}

template <typename ResultOf>
void WaitingClaims::serve(const std::vector<Claims::iterator>& in_group, ResultOf result_of) {
    Claims answered;
    std::vector<ActionResult> answers;
    bool is_more_to_do = false;
    {
        const MutexLock lock(mutex_);
        for (const Claims::iterator claim : in_group) {
            claim->is_in_group = false;
            ActionResult result = result_of(*claim);
            const auto* const outcome = std::get_if<ActionOutcome>(&result);
            const auto* const pulled = outcome != nullptr ? std::get_if<Pulled>(outcome) : nullptr;
            if (pulled != nullptr) is_more_to_do |= pulled->has_more;
            const bool has_got_nothing =
                outcome == nullptr || (pulled != nullptr && pulled->orders.empty());
            if (has_got_nothing && claim->wait && !claim->is_refused) {
                claim->reply.set_aside();
            } else {
                answers.push_back(std::move(result));
                answered.splice(answered.end(), claims_, claim);
            }
        }
        is_more_to_do |= next_in_turn_ != 0;
    }
    auto result = answers.begin();
    for (Claim& claim : answered) answer(claim, std::move(*result++));
    if (is_more_to_do) nudge();
}

// The claims that a group serves.
class WaitingClaims::Service final : public GroupWork {
   public:
    Service(std::shared_ptr<WaitingClaims> waiting, std::vector<Claims::iterator> in_group)
        : waiting_(std::move(waiting)), in_group_(std::move(in_group)) {}

    [[nodiscard]] WorkLoad load() const noexcept override { return {}; }
    [[nodiscard]] std::optional<Refusal> join(GroupDraft& draft) override {
        for (const Claims::iterator claim : in_group_) claim->place = draft.act(claim->action);
        return std::nullopt;
    }
    void finish(const IntakeOutcomes& outcomes) noexcept override {
        waiting_->serve(in_group_, [&](const Claim& claim) {
            return ActionResult(outcomes.acted.at(claim.place));
        });
    }
    void refuse(Refusal refusal) noexcept override {
        waiting_->serve(in_group_, [&](const Claim&) { return ActionResult(refusal); });
    }

   private:
    const std::shared_ptr<WaitingClaims> waiting_;
    const std::vector<Claims::iterator> in_group_;
};

// Makes a group come, for the sake of the claim of that number; 0 for all that wait.
class WaitingClaims::Nudge final : public GroupWork {
   public:
    Nudge(std::shared_ptr<WaitingClaims> waiting, std::uint64_t number)
        : waiting_(std::move(waiting)), number_(number) {}

    [[nodiscard]] WorkLoad load() const noexcept override {
        return {.units = 1, .bytes = sizeof *this};
    }
    [[nodiscard]] std::optional<Refusal> join(GroupDraft&) override { return std::nullopt; }
    void finish(const IntakeOutcomes&) noexcept override { end(); }
    void refuse(Refusal refusal) noexcept override {
        if (number_ != 0) waiting_->refuse(number_, refusal);
        end();
    }

   private:
    void end() noexcept {
        if (number_ == 0) waiting_->is_nudged_ = false;
    }

    const std::shared_ptr<WaitingClaims> waiting_;
    const std::uint64_t number_;
};

void WaitingClaims::add(PullOrders claim, std::optional<Wait> wait, http::Reply reply) {
    std::uint64_t number = 0;
    {
        const MutexLock lock(mutex_);
        number = next_number_++;
        claims_.push_back({.number = number,
                           .action = std::move(claim),
                           .wait = std::move(wait),
                           .reply = std::move(reply)});
    }
    submit_nudge(number);
}

void WaitingClaims::nudge() {
    if (!is_nudged_.exchange(true)) submit_nudge(0);
}

void WaitingClaims::submit_nudge(std::uint64_t number) {
    commits_.submit(std::make_unique<Nudge>(shared_from_this(), number));
}

std::unique_ptr<GroupWork> WaitingClaims::come_along() noexcept {
    Claims left;
    std::vector<Claims::iterator> in_group;
    {
        const MutexLock lock(mutex_);
        const std::uint64_t next_in_turn = next_in_turn_;
        auto claim = std::ranges::find_if(
            claims_, [&](const Claim& one) { return one.number >= next_in_turn; });
        if (claim == claims_.end()) claim = claims_.begin();
        while (claim != claims_.end() && in_group.size() < most_per_group) {
            const auto next = std::next(claim);
            if (claim->reply.has_client_left()) {
                left.splice(left.end(), claims_, claim);
            } else {
                claim->is_in_group = true;
                in_group.push_back(claim);
            }
            claim = next;
        }
        next_in_turn_ = claim != claims_.end() ? claim->number : 0;
    }
    answer_empty(std::move(left));
    if (in_group.empty()) return nullptr;
    return std::make_unique<Service>(shared_from_this(), std::move(in_group));
}

void WaitingClaims::refuse(std::uint64_t number, Refusal refusal) {
    Claims refused;
    {
        const MutexLock lock(mutex_);
        const auto claim = std::ranges::find(claims_, number, &Claim::number);
        if (claim == claims_.end()) return;
        claim->is_refused = true;
        if (!claim->is_in_group) refused.splice(refused.end(), claims_, claim);
    }
    for (Claim& claim : refused) answer(claim, refusal);
}

template <typename IsMeant>
WaitingClaims::Claims WaitingClaims::take_out_if(IsMeant is_meant) {
    Claims out;
    for (auto claim = claims_.begin(); claim != claims_.end();) {
        const auto next = std::next(claim);
        if (!claim->is_in_group && is_meant(*claim)) out.splice(out.end(), claims_, claim);
        claim = next;
    }
    return out;
}

void WaitingClaims::answer_overdue(SteadyTime now) {
    Claims overdue;
    {
        const MutexLock lock(mutex_);
        overdue = take_out_if([&](const Claim& claim) {
            return claim.wait && (claim.wait->until <= now || claim.reply.has_client_left());
        });
    }
    answer_empty(std::move(overdue));
}

void WaitingClaims::answer_all() {
    Claims all;
    {
        const MutexLock lock(mutex_);
        for (Claim& claim : claims_) {
            if (claim.is_in_group) claim.wait.reset();
        }
        all = take_out_if([](const Claim&) { return true; });
    }
    answer_empty(std::move(all));
}

void WaitingClaims::answer_empty(Claims claims) {
    for (Claim& claim : claims) answer(claim, ActionOutcome(Pulled{}));
}

// A client that has left, or has said that it asks nothing more, is answered as one for which there
// was nothing.
void WaitingClaims::answer(Claim& claim, ActionResult result) {
    claim.reply.take_up();
    if (const auto* const refusal = std::get_if<Refusal>(&result)) {
        return std::move(claim.reply).send(not_done(*refusal));
    }
    auto* const pulled = std::get_if<Pulled>(&std::get<ActionOutcome>(result));
    if (pulled == nullptr) return std::move(claim.reply).send(no_room_for_worker());
    if (!pulled->orders.empty() && claim.reply.has_client_left()) {
        release(*pulled);
        pulled->orders.clear();
    }
    std::move(claim.reply).send_made_by([pulled = std::move(*pulled), incarnation = incarnation_] {
        return ok(to_json(pulled, incarnation));
    });
}

void WaitingClaims::release(const Pulled& pulled) {
    LeaseActions actions;
    for (const PulledOrder& order : pulled.orders) {
        actions.actions.push_back({order.lease, ReleaseLease{}});
    }
    // If it is refused, the leases run out by their time.
    acts_.submit(std::move(actions), [](const ActionResult&) noexcept {});
}

bool WaitingClaims::is_anybody_waiting() const {
    const MutexLock lock(mutex_);
    return !claims_.empty();
}

std::optional<SteadyTime> WaitingClaims::next_deadline() const {
    const MutexLock lock(mutex_);
    std::optional<SteadyTime> next;
    for (const Claim& claim : claims_) {
        if (claim.wait) next = std::min(next.value_or(claim.wait->until), claim.wait->until);
    }
    return next;
}

bool WaitingClaims::is_any_for(const std::vector<Kind>& kinds) const {
    if (kinds.empty()) return false;
    const MutexLock lock(mutex_);
    return std::ranges::any_of(
        claims_, [&](const Claim& claim) { return takes_any_of(claim.action, kinds); });
}

std::map<std::string, NotePullers::Puller> WaitingClaims::waiting_workers() const {
    std::map<std::string, NotePullers::Puller> workers;
    const MutexLock lock(mutex_);
    for (const Claim& claim : claims_) {
        if (claim.wait) note_asking(pull_in(claim.action), workers);
    }
    return workers;
}

}  // namespace orders
