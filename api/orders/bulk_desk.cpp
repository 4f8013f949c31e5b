#include "api/orders/bulk_desk.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/orders/json_messages.h"
#include "api/orders/order_problems.h"

namespace orders {
namespace {

std::string_view name_of_count(const BulkRequest& request) {
    if (request.is_dry_run) return "matching";
    return request.what == BulkAction::What::cancel ? "cancelled" : "retried";
}

}  // namespace

BulkDesk::BulkDesk(OrderActs& acts, OrderReads& reads, const std::atomic<bool>& is_stopping)
    : acts_(acts),
      reads_(reads),
      is_stopping_(is_stopping),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

BulkDesk::~BulkDesk() {
    thread_.request_stop();
    thread_.join();
}

void BulkDesk::submit(BulkRequest request, Actor actor, http::Reply reply) {
    auto run = std::make_unique<Run>(Run{std::move(request), std::move(actor), std::move(reply)});
    if (!come()) return std::move(run->reply).send(not_done(Refusal::overloaded));
    put_in_line(std::move(run));
}

bool BulkDesk::come() noexcept {
    const MutexLock lock(mutex_);
    if (runs_ == max_requests) return false;
    ++runs_;
    return true;
}

void BulkDesk::work(const std::stop_token& stop) {
    const std::stop_callback stopping(stop, [this] {
        { const MutexLock lock(mutex_); }
        changed_.notify_one();
    });
    while (true) {
        std::unique_ptr<Run> run;
        {
            MutexLock lock(mutex_);
            while (ready_.empty() && !(stop.stop_requested() && runs_ == 0)) changed_.wait(lock);
            if (ready_.empty()) return;
            run = std::move(ready_.front());
            ready_.pop_front();
        }
        advance(std::move(run), stop.stop_requested() || is_stopping_);
    }
}

void BulkDesk::advance(std::unique_ptr<Run> run, bool is_over) {
    if (run->refusal == Refusal::outcome_unknown) {
        std::move(run->reply).send(not_done(*run->refusal));
        return leave();
    }
    if (run->refusal) {
        stop_early(*run, not_done(*run->refusal));
        return leave();
    }
    const bool is_left = run->after != OrderSequence{} && run->reply.has_client_left();
    if (run->is_at_end || is_over || is_left) {
        answer(*run, !run->is_at_end);
        return leave();
    }
    // One more than there is room for tells whether there are more.
    const std::size_t room = run->request.limit - run->done;
    auto found = reads_.read([&](OrderReader& reader) {
        return reader.find_matching(run->request.filter, run->after, std::min(portion, room + 1));
    });
    if (auto* problem = std::get_if<http::Response>(&found)) {
        stop_early(*run, std::move(*problem));
        return leave();
    }
    auto& [orders, next_after] = std::get<MatchingOrders>(found);
    if (room == 0 && !orders.empty()) {
        answer(*run, true);
        return leave();
    }
    if (orders.size() > room) {
        orders.pop_back();
        next_after = orders.back();
    }
    run->is_at_end = !next_after;
    if (next_after) run->after = *next_after;
    if (!orders.empty() && !run->request.is_dry_run)
        return change(std::move(run), std::move(orders));
    run->done += orders.size();
    put_in_line(std::move(run));
}

void BulkDesk::change(std::unique_ptr<Run> run, std::vector<OrderSequence> orders) {
    BulkAction action{run->request.what, run->request.filter, std::move(orders), run->actor.name};
    acts_.submit(std::move(action),
                 [this, run = std::move(run)](const ActionResult& result) mutable noexcept {
                     if (const auto* const refusal = std::get_if<Refusal>(&result)) {
                         run->refusal = *refusal;
                     } else {
                         const auto& outcome = std::get<ActionOutcome>(result);
                         run->done += std::get<BulkDone>(outcome).changed;
                     }
                     put_in_line(std::move(run));
                 });
}

// What was done before is told, so that the client can go on from there.
void BulkDesk::stop_early(Run& run, http::Response problem) {
    if (run.done > 0) return answer(run, true);
    std::move(run.reply).send(std::move(problem));
}

void BulkDesk::answer(Run& run, bool has_more) {
    if (!run.request.is_dry_run) {
        const bool is_cancel = run.request.what == BulkAction::What::cancel;
        log_action(is_cancel ? "orders cancelled" : "orders retried", {"orders", run.done},
                   run.actor);
    }
    std::string json = "{\"";
    json.append(name_of_count(run.request)).append("\":").append(std::to_string(run.done));
    json.append(R"(,"more":)").append(has_more ? "true}" : "false}");
    std::move(run.reply).send(ok(std::move(json)));
}

void BulkDesk::put_in_line(std::unique_ptr<Run> run) noexcept {
    // Told with the lock: once it is released, the desk may be gone.
    const MutexLock lock(mutex_);
    ready_.push_back(std::move(run));
    changed_.notify_one();
}

void BulkDesk::leave() noexcept {
    const MutexLock lock(mutex_);
    --runs_;
}

}  // namespace orders
