#include "shared/housekeeping/housekeeping.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/faulty_stores.h"
#include "tests/support/world.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

struct House {
    explicit House(HousekeepingOptions options = {.renewal_grace = 0ms})
        : housekeeping(store, std::move(options)) {}

    // Steps as long as a step is due now.
    void step() {
        while (housekeeping.next_step() <= now) housekeeping.step(now);
    }
    // Lets the time of this process and of the store go by.
    void pass(std::chrono::milliseconds time) {
        now += time;
        world.clock.advance(time);
    }
    NewOrder due_in(const std::string& id, std::chrono::seconds delay) {
        NewOrder order = an_order(id);
        order.due = delay;
        return order;
    }

    World world;
    Faults faults;
    FaultyHousekeepingStore store{world.storage->open_housekeeping(), faults};
    Housekeeping housekeeping;
    SteadyTime now{1h};
};

}  // namespace

TEST_CASE("housekeeping: an order gets its place when its time has come, and not before") {
    House house;
    house.world.submit(house.due_in("later", 10s));
    CHECK(house.world.find("later").is_waiting_for_time);
    house.pass(9'999ms);
    house.step();
    CHECK(house.world.find("later").is_waiting_for_time);
    house.pass(1ms);
    house.step();
    CHECK_FALSE(house.world.find("later").is_waiting_for_time);
    CHECK(house.world.find("later").status == OrderStatus::pending);
}

TEST_CASE("housekeeping: the next step is when the next order is due, or when it is time to look") {
    House house({.look_interval = 250ms, .renewal_grace = 0ms});
    house.step();
    CHECK(house.housekeeping.next_step() == house.now + 250ms);
    house.world.submit(house.due_in("soon", 1s));
    house.pass(900ms);
    house.step();
    CHECK(house.housekeeping.next_step() == house.now + 100ms);
}

TEST_CASE(
    "housekeeping: many orders that are due at once are promoted in portions, one after the "
    "other") {
    House house;
    std::vector<NewOrder> orders;
    for (int number = 0; number < 2'500; ++number) {
        orders.push_back(house.due_in("o" + std::to_string(number), 1s));
    }
    house.world.submit(orders);
    house.pass(1s);
    house.housekeeping.step(house.now);
    CHECK(house.world.report().waiting_for_time == 1'500);
    CHECK(house.housekeeping.next_step() <= house.now);
    house.step();
    CHECK(house.world.report().waiting_for_time == 0);
}

TEST_CASE("housekeeping: an order that has not begun by its start_before has Failed") {
    House house;
    NewOrder order = an_order("a");
    order.spec.start_before = house.world.clock.now().utc + 5s;
    house.world.submit(order);
    house.pass(6s);
    house.step();
    CHECK(house.world.find("a").status == OrderStatus::failed);
    CHECK(house.world.find("a").failure == failure_reason::expired);
    CHECK_FALSE(house.world.find("a").worker);
}

TEST_CASE("housekeeping: what a dead worker held is taken back") {
    House house;
    house.world.submit(an_order("a"));
    (void)house.world.claim_and_die("dead", 1);
    house.step();
    CHECK(house.world.find("a").status == OrderStatus::pending);
    CHECK(house.world.find("a").attempts == 1);
}

TEST_CASE("housekeeping: its owner renews its own leases before anything is taken back") {
    int renewals = 0;
    House house({.renewal_grace = 0ms, .renew_own = [&] { ++renewals; }});
    house.step();
    CHECK(renewals == 0);
    house.world.submit(an_order("a"));
    (void)house.world.claim_and_die("dead", 1);
    house.pass(250ms);
    house.step();
    CHECK(renewals == 1);
}

TEST_CASE("housekeeping: after a failure of the store nothing is taken back for a while") {
    House house({.renewal_grace = 1h});
    house.housekeeping.note_failure();
    house.world.submit(an_order("a"));
    (void)house.world.claim_and_die("dead", 1);
    house.pass(10s);
    house.step();
    CHECK(house.world.find("a").status == OrderStatus::processing);
}

TEST_CASE("housekeeping: workers have time to renew from the first write after a failure on") {
    House house({.renewal_grace = 1h});
    const auto is_taken_back = [&] {
        house.pass(250ms);
        house.step();
        return house.world.find("a").status == OrderStatus::pending;
    };
    house.world.submit(an_order("a"));
    (void)house.world.claim_and_die("dead", 1);
    house.faults.house_turns_to_fail = 2;  // the one that was to take it back, and the proof
    CHECK_FALSE(is_taken_back());
    CHECK_FALSE(is_taken_back());
    CHECK(house.faults.house_turns_to_fail == 0);
    CHECK_FALSE(is_taken_back());
}

TEST_CASE("housekeeping: a look that fails is done again after a pause") {
    House house;
    house.world.submit(house.due_in("later", 1s));
    house.pass(1s);
    for (std::atomic<int>* const fault :
         {&house.faults.chores_to_fail, &house.faults.house_turns_to_fail}) {
        *fault = 1;
        house.step();
        CHECK(house.world.report().waiting_for_time == 1);
        CHECK(house.housekeeping.next_step() > house.now);
        house.pass(250ms);
    }
    house.step();
    CHECK(house.world.report().waiting_for_time == 0);
}

TEST_CASE("housekeeping: a time that is thousands of years ahead is waited for in steps") {
    const UtcTime end_of_times = parse_rfc3339("9999-12-31T23:59:59.999Z").value();
    for (const NewOrder& order : {an_order("a").due(end_of_times).build(),
                                  an_order("a").to_begin_before(end_of_times).build()}) {
        House house({.look_interval = 250ms});
        house.world.submit(order);
        house.step();
        CHECK(house.housekeeping.next_step() == house.now + 250ms);
    }
}

TEST_CASE("housekeeping: a store that only a new process can use is its owner's to know") {
    House house;
    house.faults.kind = StoreError::Kind::unusable;
    house.faults.cure = StoreError::Cure::restart;
    house.faults.chores_to_fail = 1;
    CHECK_THROWS_AS(house.housekeeping.step(house.now), StoreError);
}

TEST_CASE("housekeeping: a sample is taken in each interval, by one of those that keep house") {
    House house;
    const auto taken = [&] {
        return house.world.storage->open_reader()->samples(kept_samples).samples.size();
    };
    house.step();
    CHECK(taken() == 1);
    Housekeeping other(house.store, {.renewal_grace = 0ms});
    other.step(house.now);
    house.pass(sample_interval);
    other.step(house.now);
    house.step();
    CHECK(taken() == 2);
}

TEST_CASE("housekeeping: a sample that cannot be taken holds up nothing else") {
    House house;
    house.world.submit(house.due_in("later", 1s));
    house.faults.samples_to_fail = 1;
    SUBCASE("now") {}
    SUBCASE("because a total is damaged") {
        house.faults.kind = StoreError::Kind::damaged;
        house.faults.cure = StoreError::Cure::restart;
    }
    house.pass(1s);
    house.step();
    CHECK(house.faults.samples_to_fail == 0);
    CHECK_FALSE(house.world.find("later").is_waiting_for_time);
    house.pass(sample_interval);
    house.step();
    CHECK(house.world.storage->open_reader()->samples(kept_samples).samples.size() == 1);
}

}  // namespace orders::test
