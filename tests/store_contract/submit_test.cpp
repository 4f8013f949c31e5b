// Orders are taken in: groups of requests, each stored by one commit.

#include <doctest/doctest.h>

#include <array>
#include <barrier>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

bool is_created(const SubmitOutcome& outcome) {
    return std::holds_alternative<Created>(outcome);
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore, "submit: an order is found as it was given") {
    const auto outcomes = user.submit({an_order("a:1~b.c_d-e").high().taking(86'400)});
    CHECK(std::get<Created>(outcomes.at(0)).created_at == store->wall_clock());

    const Order order = user.find("a:1~b.c_d-e");
    CHECK(order.spec.priority == Priority::high);
    CHECK(order.spec.processing_time.units() == 86'400);
    CHECK(order.status == OrderStatus::pending);
    CHECK(order.attempts == 0);
    CHECK(order.created_at == store->wall_clock());
    CHECK_FALSE(order.started_at);
    CHECK_FALSE(order.finished_at);
    CHECK_FALSE(order.worker);
    CHECK_FALSE(order.failure);
    CHECK_FALSE(user.is_there("another"));
}

TEST_CASE_FIXTURE(
    UsedStore, "submit: an id is accepted once, and the answer tells the standing order's status") {
    const auto first = user.submit({an_order("a"), an_order("b"), an_order("a").high()});
    CHECK(is_created(first.at(0)));
    CHECK(is_created(first.at(1)));
    CHECK(std::get<IdTaken>(first.at(2)).status == OrderStatus::pending);
    CHECK(user.find("a").spec.priority == Priority::normal);

    (void)user.claim(user.enlist("w"), 1);
    CHECK(std::get<IdTaken>(user.submit(std::vector<NewOrder>{an_order("a")}).at(0)).status ==
          OrderStatus::processing);
    CHECK(user.counts().pending == 1);
}

TEST_CASE_FIXTURE(UsedStore, "submit: every order of all requests of a group gets its outcome") {
    (void)user.submit(an_order("standing"));
    const std::vector<NewOrder> one{an_order("a"), an_order("standing"), an_order("b").high()};
    const std::vector<NewOrder> empty;
    const std::vector<NewOrder> other{an_order("b"), an_order("c")};
    const IntakeOutcomes outcomes = user.commit({.creates = {one, empty, other}});
    REQUIRE(outcomes.created.size() == 5);
    CHECK(is_created(outcomes.created[0]));
    CHECK_FALSE(is_created(outcomes.created[1]));
    CHECK(is_created(outcomes.created[2]));
    CHECK_FALSE(is_created(outcomes.created[3]));  // the first request has it
    CHECK(is_created(outcomes.created[4]));
    CHECK(outcomes.standing.empty());
    CHECK(user.find("b").spec.priority == Priority::high);
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) ==
          std::vector<std::string>{"b", "standing", "a", "c"});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "submit: a look-up tells what stands under each id, and creates none") {
    (void)user.submit({an_order("a").high(), an_order("b")});
    (void)user.claim(user.enlist("w"), 1);
    const std::vector<NewOrder> one{an_order("a"), an_order("missing")};
    const std::vector<NewOrder> other{an_order("b")};
    const IntakeOutcomes outcomes = user.commit({.look_ups = {one, other}});
    CHECK(outcomes.created.empty());
    REQUIRE(outcomes.standing.size() == 3);
    CHECK(outcomes.standing[0].value().status == OrderStatus::processing);
    CHECK_FALSE(outcomes.standing[1]);
    CHECK(outcomes.standing[2].value().status == OrderStatus::pending);
    CHECK_FALSE(user.is_there("missing"));
}

TEST_CASE_FIXTURE(UsedStore, "submit: a look-up sees what the same group creates") {
    const std::vector<NewOrder> created{an_order("a")};
    const std::vector<NewOrder> looked_up{an_order("a"), an_order("b")};
    const IntakeOutcomes outcomes = user.commit({.creates = {created}, .look_ups = {looked_up}});
    CHECK(is_created(outcomes.created.at(0)));
    CHECK(outcomes.standing.at(0).value().status == OrderStatus::pending);
    CHECK_FALSE(outcomes.standing.at(1));
}

TEST_CASE_FIXTURE(UsedStore, "submit: a group may hold nothing, or nothing but a probe") {
    CHECK(user.commit({}).created.empty());
    CHECK(user.commit({.is_probe = true}).created.empty());
    user.intake().tidy();
    CHECK(user.counts() == StatusCounts{});
}

TEST_CASE_FIXTURE(UsedStore, "submit: a turn that ends without a commit leaves nothing behind") {
    StoreUser other(*store);
    (void)user.submit(an_order("kept"));
    { CHECK(user.intake().begin()->level().pending == 1); }
    // Nor does it hold anybody up.
    CHECK(other.submit(an_order("a")));
    CHECK(user.submit(an_order("b")));
    CHECK(user.counts().pending == 3);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "submit: a taken id tells whether its content is the same, if both came with a "
                  "fingerprint") {
    const auto standing_for = [&](const NewOrder& order) {
        const auto taken = std::get<IdTaken>(user.submit(std::vector{order}).at(0));
        const std::vector<NewOrder> looked_up{order};
        const auto outcomes = user.commit({.look_ups = {looked_up}});
        CHECK(outcomes.standing.at(0).value().is_same_content == taken.is_same_content);
        return taken.is_same_content;
    };
    (void)user.submit({an_order("marked").fingerprinted(1), an_order("bare")});
    CHECK(standing_for(an_order("marked").fingerprinted(1)) == true);
    CHECK(standing_for(an_order("marked").fingerprinted(2)) == false);
    CHECK_FALSE(standing_for(an_order("marked")));
    CHECK_FALSE(standing_for(an_order("bare").fingerprinted(1)));
    user.settle(user.claim(user.enlist("w"), 2));
    CHECK(standing_for(an_order("marked").fingerprinted(1)) == true);
}

TEST_CASE_FIXTURE(UsedStore, "submit: the same content twice in one group is known by it") {
    const auto outcomes =
        user.submit({an_order("a").fingerprinted(1), an_order("a").fingerprinted(1)});
    CHECK(is_created(outcomes.at(0)));
    CHECK(std::get<IdTaken>(outcomes.at(1)).is_same_content == true);
}

TEST_CASE_FIXTURE(UsedStore, "submit: an order that is due later waits, and is claimed by nobody") {
    const UtcTime noon = store->wall_clock() + 1h;
    const auto outcomes = user.submit({an_order("at").due(noon), an_order("in").due(30s)});
    const auto at = std::get<Created>(outcomes.at(0));
    CHECK(at.due_at == noon);
    CHECK(at.is_waiting_for_time);
    CHECK(std::get<Created>(outcomes.at(1)).due_at == store->wall_clock() + 30s);

    CHECK(user.find("at").status == OrderStatus::pending);
    CHECK(user.find("at").is_waiting_for_time);
    CHECK(user.find("at").due_at == noon);
    CHECK(user.pending_level() == 2);
    CHECK_FALSE(user.worker().has_claimable({ClaimShare{}}));
    CHECK(user.claim(user.enlist("w"), 2).empty());
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "submit: an order whose time is past or now is due at once") {
    const auto outcomes = user.submit({an_order("past").due(store->wall_clock() - 24h),
                                       an_order("now").due(0s), an_order("plain")});
    CHECK(std::get<Created>(outcomes.at(0)).due_at == store->wall_clock());
    CHECK(std::get<Created>(outcomes.at(1)).due_at == store->wall_clock());
    CHECK_FALSE(std::get<Created>(outcomes.at(2)).due_at);
    for (const SubmitOutcome& outcome : outcomes) {
        CHECK_FALSE(std::get<Created>(outcome).is_waiting_for_time);
    }
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) ==
          std::vector<std::string>{"past", "now", "plain"});
}

TEST_CASE("submit: everything committed is there after reopening") {
    const auto store = make_store_under_test();
    {
        StoreUser user(*store);
        (void)user.submit({an_order("a"), an_order("b")});
        (void)user.settle(user.claim(user.enlist("w"), 1).at(0).lease);
    }
    StoreUser user(*store);
    CHECK(user.find("a").status == OrderStatus::processed);
    CHECK(user.find("a").worker == "w");
    CHECK(user.find("b").status == OrderStatus::pending);
}

TEST_CASE_FIXTURE(UsedStore, "submit: what an intake has created is in its level at once") {
    CHECK(user.pending_level() == 0);
    (void)user.submit({an_order("a"), an_order("b").high(), an_order("a")});
    CHECK(user.pending_level() == 2);
    const auto turn = user.intake().begin();
    CHECK(turn->level().free_bytes.value_or(1) > 0);
}

TEST_CASE_FIXTURE(UsedStore, "submit: an exact level counts what others have done, too") {
    if (!store->is_level_exact()) return;
    StoreUser other(*store);
    (void)other.submit({an_order("a"), an_order("b").high(), an_order("c")});
    CHECK(user.pending_level() == 3);
    (void)other.claim(other.enlist("w"), 1);
    CHECK(user.pending_level() == 2);
}

TEST_CASE("submit: of many who submit the same ids, one is told that it created the order") {
    constexpr int orders = 200;
    constexpr std::size_t threads = 8;
    const auto store = make_store_under_test();
    { const StoreUser first(*store); }

    std::array<std::set<std::string>, threads> created;
    std::barrier start(threads);
    {
        std::vector<std::jthread> crew;
        for (std::size_t number = 0; number < threads; ++number) {
            crew.emplace_back([&, number] {
                StoreUser user(*store);
                start.arrive_and_wait();
                for (const NewOrder& order : numbered_orders(orders)) {
                    if (!user.submit(order)) continue;
                    created.at(number).insert(order.spec.order_id.text());
                }
            });
        }
    }
    std::size_t sum = 0;
    std::set<std::string> all;
    for (const auto& mine : created) {
        sum += mine.size();
        all.insert(mine.begin(), mine.end());
    }
    CHECK(sum == orders);
    CHECK(all.size() == orders);
}

}  // namespace orders::test
