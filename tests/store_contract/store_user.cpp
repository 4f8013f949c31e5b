#include "tests/store_contract/store_user.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace orders::test {

StoreUser::StoreUser(Storage& storage)
    : intake_(storage.open_intake()),
      worker_(storage.open_worker()),
      housekeeping_(storage.open_housekeeping()),
      reader_(storage.open_reader()) {}

IntakeOutcomes StoreUser::commit(const IntakeGroup& group) {
    return intake_->begin()->commit(group);
}

std::vector<SubmitOutcome> StoreUser::submit(const std::vector<NewOrder>& orders) {
    return commit({.creates = {orders}}).created;
}

bool StoreUser::submit(const NewOrder& order) {
    return std::holds_alternative<Created>(submit(std::vector{order}).at(0));
}

std::int64_t StoreUser::pending_level() {
    return intake_->begin()->level().pending;
}

WorkerId StoreUser::enlist(const std::string& name, const std::string& label) {
    return worker_->enlist({.name = name, .host = "host", .threads = 4, .label = label},
                           lease_time);
}

ActionOutcome StoreUser::act(const OrderAction& action) {
    return commit({.actions = {&action}}).acted.at(0);
}

std::vector<ClaimedOrder> StoreUser::claim(WorkerId worker, const ClaimRequest& request) {
    return worker_->take_turn({.worker = worker, .lease_time = lease_time, .claim = request})
        .claimed;
}

SettleOutcome StoreUser::settle(const Lease& lease, ProcessingResult result) {
    return worker_->take_turn({.settlements = {{lease, std::move(result)}}}).settled.at(0);
}

void StoreUser::settle(const std::vector<ClaimedOrder>& orders) {
    WorkerTurn turn;
    for (const ClaimedOrder& order : orders) turn.settlements.push_back({order.lease, Completed{}});
    (void)worker_->take_turn(turn);
}

bool StoreUser::release(const Lease& lease) {
    return worker_->take_turn({.releases = {lease}}).released == 1;
}

bool StoreUser::renew(const Lease& lease) {
    return worker_->take_turn({.lease_time = lease_time, .renewals = {lease}}).lost.empty();
}

void StoreUser::heartbeat(WorkerId worker) {
    (void)worker_->take_turn({.worker = worker, .lease_time = lease_time, .is_heartbeat = true});
}

std::vector<ExpiredOrder> StoreUser::take_back_expired(std::size_t limit) {
    return housekeeping_->take_turn({.take_back_limit = limit}).taken_back;
}

std::size_t StoreUser::promote(std::size_t limit) {
    return housekeeping_->take_turn({.promote_limit = limit}).promoted;
}

std::size_t StoreUser::expire(std::size_t limit) {
    return housekeeping_->take_turn({.expire_limit = limit}).expired;
}

std::size_t StoreUser::sweep(OrderStatus status, std::chrono::milliseconds keep) {
    std::size_t deleted = 0;
    for (bool has_more = true; has_more;) {
        const Swept swept = housekeeping_->sweep(status, keep);
        deleted += swept.deleted;
        has_more = swept.has_more;
    }
    return deleted;
}

std::vector<NewOrder> numbered_orders(int count) {
    std::vector<NewOrder> orders;
    for (int number = 0; number < count; ++number) {
        orders.push_back(an_order("order-" + std::to_string(number)));
    }
    return orders;
}

std::vector<std::string> ids_of(const std::vector<ClaimedOrder>& claimed) {
    std::vector<std::string> ids;
    for (const auto& order : claimed) ids.push_back(order.spec.order_id.text());
    return ids;
}

std::vector<std::string> ids_of(const std::vector<Order>& orders) {
    std::vector<std::string> ids;
    for (const auto& order : orders) ids.push_back(order.spec.order_id.text());
    return ids;
}

std::vector<Order> list_all(OrderReader& reader, OrderQuery query) {
    std::vector<Order> all;
    do {
        OrderPage page = reader.list(query);
        std::ranges::move(page.orders, std::back_inserter(all));
        query.before = page.next_before;
    } while (query.before);
    return all;
}

namespace {

// What is there is what was created, less what was deleted; but for kinds that have given their
// place to others, which happens when there are as many as there may be.
void check_figures(const StoreFigures& figures) {
    StatusCounts all;
    std::int64_t created = 0;
    for (const KindFigures& kind : figures.kinds) {
        for (const LineFigures* const line : {&kind.high, &kind.normal}) {
            all += line->counts;
            created += line->created;
        }
    }
    CHECK(all == figures.report.total());
    const std::int64_t left =
        all.pending + all.processing + all.processed + all.failed + all.cancelled;
    if (figures.kinds.size() <= Kind::max_named) {
        CHECK(created - figures.actions.deleted == left);
    } else {
        CHECK(created - figures.actions.deleted <= left);
    }
}

}  // namespace

void check_counts(OrderReader& reader) {
    std::map<Priority, StatusCounts> by_priority;
    std::map<Kind, StatusCounts> by_kind;
    std::map<Kind, std::int64_t> waiting;
    for (const Order& order : list_all(reader, {.limit = OrderQuery::max_limit})) {
        ++by_priority[order.spec.priority][order.status];
        ++by_kind[order.spec.kind][order.status];
        if (order.is_waiting_for_time) ++waiting[order.spec.kind];
    }
    const OrderReport report = reader.report();
    CHECK(report.high == by_priority[Priority::high]);
    CHECK(report.normal == by_priority[Priority::normal]);
    std::int64_t all_waiting = 0;
    for (const KindReport& known : report.kinds) {
        CAPTURE(known.kind.name());
        CHECK(known.counts == by_kind[known.kind]);
        CHECK(known.waiting_for_time == waiting[known.kind]);
        all_waiting += known.waiting_for_time;
        by_kind.erase(known.kind);
    }
    CHECK(by_kind.empty());
    CHECK(report.waiting_for_time == all_waiting);
    check_figures(reader.figures());
}

}  // namespace orders::test
