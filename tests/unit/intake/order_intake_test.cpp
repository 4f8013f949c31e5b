#include "api/intake/order_intake.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "shared/storage/open_store.h"
#include "tests/support/intake_under_test.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;
using Sizes = std::vector<std::size_t>;
using Counts = std::map<std::string, int>;

// `count` requests of `each` orders, all with different ids.
std::vector<std::vector<NewOrder>> requests_of(int count, int each = 1) {
    std::vector<std::vector<NewOrder>> requests(static_cast<std::size_t>(count));
    int number = 0;
    for (auto& orders : requests) {
        for (int i = 0; i < each; ++i) {
            orders.push_back(an_order("waiting-" + std::to_string(number++)));
        }
    }
    return requests;
}

Sizes sizes_of(const std::vector<Ids>& commits) {
    Sizes sizes;
    for (const Ids& ids : commits) sizes.push_back(ids.size());
    return sizes;
}

}  // namespace

TEST_CASE("an order that was answered is in the store, with the time of the clock") {
    const TempDir directory;
    const std::string location = directory.file("orders.db");
    IntakeUnderTest intake({.max_wait = no_limit}, open_order_store(location));
    const std::vector<NewOrder> orders{an_order("a").high().taking(7), an_order("b"),
                                       an_order("a")};

    const IntakeResult result = intake.submit_meanwhile(orders).get();

    CHECK_EQ(told(result), "created created taken");
    const auto& first = std::get<std::vector<SubmitOutcome>>(result).at(0);
    CHECK_EQ(std::get<Created>(first).created_at, intake.clock.now().utc);
    const auto stored = open_order_reader(location)->find(order_id("a"));
    REQUIRE(stored.has_value());
    CHECK_EQ(stored->priority, Priority::high);
    CHECK_EQ(stored->processing_time.units(), 7);
    CHECK_EQ(stored->created_at, intake.clock.now().utc);
    CHECK_EQ(intake.submit("a"), "taken");
}

TEST_CASE("each of many threads is told the outcome of its own orders") {
    const TempDir directory;
    const std::string location = directory.file("orders.db");
    constexpr int rounds = 25;
    constexpr int thread_count = 8;
    std::atomic<int> own_created = 0;
    std::array<std::atomic<int>, rounds> shared_created{};
    {
        IntakeUnderTest intake({.max_wait = no_limit}, open_order_store(location));
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < thread_count; ++thread) {
            threads.emplace_back([&, thread] {
                for (int round = 0; round < rounds; ++round) {
                    const std::string number = std::to_string(round);
                    const std::string own = "own-" + std::to_string(thread) + "-" + number;
                    const std::string answer =
                        intake.submit({an_order("shared-" + number), an_order(own)});
                    own_created += answer.ends_with(" created") ? 1 : 0;
                    shared_created.at(static_cast<std::size_t>(round)) +=
                        answer.starts_with("created ") ? 1 : 0;
                }
            });
        }
    }
    CHECK_EQ(own_created, rounds * thread_count);
    for (const std::atomic<int>& created : shared_created) CHECK_EQ(created, 1);
    const OrderReport report = open_order_reader(location)->report(ManualClock().now());
    CHECK_EQ(report.total().pending, rounds * thread_count + rounds);
}

TEST_CASE("requests that gather while a commit is in progress are stored in one group") {
    IntakeUnderTest intake({.max_wait = no_limit});
    intake.script.hold(StoreStep::commit);
    Answer first = intake.submit_until_held("first", StoreStep::commit);
    auto gathered = intake.submit_waiting(requests_of(5));

    intake.script.release(StoreStep::commit);

    CHECK_EQ(told(first.get()), "created");
    CHECK_EQ(count_told(gathered), Counts{{"created", 5}});
    CHECK_EQ(sizes_of(intake.script.commits()), Sizes{1, 5});
}

TEST_CASE("of requests in one group that ask for the same id, one is told created") {
    IntakeUnderTest intake({.max_wait = no_limit});
    intake.script.hold(StoreStep::commit);
    Answer first = intake.submit_until_held("first", StoreStep::commit);
    auto gathered =
        intake.submit_waiting(std::vector<std::vector<NewOrder>>(5, {an_order("same")}));

    intake.script.release(StoreStep::commit);

    CHECK_EQ(count_told(gathered), Counts{{"created", 1}, {"taken", 4}});
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{"first"}, {"same"}});
}

TEST_CASE("a group is no larger than its limit, and splits no request") {
    IntakeUnderTest intake({.max_wait = no_limit, .max_group_orders = 7});
    intake.script.hold(StoreStep::commit);
    Answer first = intake.submit_until_held("first", StoreStep::commit);
    auto gathered = intake.submit_waiting(requests_of(4, 3));

    intake.script.release(StoreStep::commit);

    CHECK_EQ(count_told(gathered), Counts{{"created created created", 4}});
    CHECK_EQ(sizes_of(intake.script.commits()), Sizes{1, 6, 6});
}

TEST_CASE("a request that is larger than a group may be is stored whole, by itself") {
    IntakeUnderTest intake({.max_wait = no_limit, .max_group_orders = 7});
    intake.script.hold(StoreStep::commit);
    Answer first = intake.submit_until_held("first", StoreStep::commit);
    auto gathered = intake.submit_waiting(requests_of(2, 20));

    intake.script.release(StoreStep::commit);

    for (Answer& answer : gathered) {
        CHECK_EQ(std::get<std::vector<SubmitOutcome>>(answer.get()).size(), 20);
    }
    CHECK_EQ(sizes_of(intake.script.commits()), Sizes{1, 20, 20});
}

TEST_CASE("a request whose time is up before the writer has its turn is not stored") {
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.hold(StoreStep::begin);
    CHECK_EQ(intake.submit("late"), "overloaded");

    intake.script.release(StoreStep::begin);
    eventually(patience, [&] { return intake.script.rollbacks() == 1; });

    CHECK_EQ(intake.script.commits().size(), 0);
    CHECK_EQ(intake.submit_until_taken("late"), "created");
}

TEST_CASE("a request whose time is up while another group is stored is not stored") {
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.hold(StoreStep::commit);
    Answer first = intake.submit_until_held("first", StoreStep::commit);
    CHECK_EQ(intake.submit("late"), "overloaded");

    intake.script.release(StoreStep::commit);

    CHECK_EQ(told(first.get()), "created");
    CHECK_EQ(intake.submit_until_taken("late"), "created");
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{"first"}, {"late"}});
}

TEST_CASE("a request that was taken waits for the commit, however long it takes") {
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.hold(StoreStep::commit);
    Answer taken = intake.submit_until_held("taken", StoreStep::commit);
    // Whoever came later and was refused proves that the time of the first is up as well.
    CHECK_EQ(intake.submit("late"), "overloaded");
    CHECK_FALSE(is_answered(taken));

    intake.script.release(StoreStep::commit);
    CHECK_EQ(told(taken.get()), "created");
}

TEST_CASE("while too many orders wait, more are refused at once and those that wait are not") {
    IntakeUnderTest intake({.max_wait = no_limit, .max_waiting_orders = 4});
    intake.script.hold(StoreStep::begin);
    auto gathered = intake.submit_waiting(requests_of(4));
    CHECK_EQ(intake.submit("more"), "overloaded");
    intake.script.release(StoreStep::begin);
    CHECK_EQ(count_told(gathered), Counts{{"created", 4}});
    CHECK_EQ(intake.submit("more"), "created");
}

TEST_CASE("a request counts for what it keeps in memory where that is more than its orders") {
    IntakeUnderTest intake({.max_wait = no_limit, .max_waiting_orders = 7, .max_group_orders = 5});
    intake.script.hold(StoreStep::begin);
    std::vector<Answer> waiting;
    waiting.push_back(intake.submit_meanwhile({an_order("a")}, 4));
    CHECK_EQ(told(intake.submit_meanwhile({an_order("more")}, 4).get()), "overloaded");
    waiting.push_back(intake.submit_meanwhile({an_order("b"), an_order("c")}));
    waiting.push_back(intake.submit_meanwhile({}));
    CHECK_EQ(intake.submit("more"), "overloaded");

    intake.script.release(StoreStep::begin);
    CHECK_EQ(count_told(waiting), Counts{{"created", 1}, {"created created", 1}, {"", 1}});
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{"a"}, {"b", "c"}});
}

TEST_CASE("while the turn is out of reach, new orders are refused at once") {
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.hold(StoreStep::begin);
    CHECK_EQ(intake.submit("first"), "overloaded");
    // If each of them waited for its time to be up, this would outlast the limit of any test.
    for (int i = 0; i < 10'000; ++i) REQUIRE_EQ(intake.submit("refused"), "overloaded");

    intake.script.release(StoreStep::begin);
    CHECK_EQ(intake.submit_until_taken("next"), "created");
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{"next"}});
}

TEST_CASE("while housekeeping waits for its turn, new orders are refused at once") {
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.hold(StoreStep::tidy);
    CHECK_EQ(intake.submit("a"), "created");
    CHECK_EQ(intake.submit("first"), "overloaded");
    for (int i = 0; i < 10'000; ++i) REQUIRE_EQ(intake.submit("refused"), "overloaded");

    intake.script.release(StoreStep::tidy);
    CHECK_EQ(intake.submit_until_taken("next"), "created");
}

TEST_CASE("housekeeping comes after the answer") {
    IntakeUnderTest intake({.max_wait = no_limit});
    intake.script.hold(StoreStep::tidy);
    CHECK_EQ(intake.submit("a"), "created");
    eventually(patience, [&] { return intake.script.is_anybody_held(StoreStep::tidy); });
    intake.script.release(StoreStep::tidy);
}

TEST_CASE("the doorbell is rung once orders are stored, before they are answered") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK_FALSE(intake.has_bell_rung());
    CHECK_EQ(intake.submit("a"), "created");
    CHECK(intake.has_bell_rung());
    CHECK_EQ(intake.submit({an_order("a"), an_order("b")}), "taken created");
    CHECK(intake.has_bell_rung());
}

TEST_CASE("the doorbell is not rung where nothing new was stored") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK(intake.is_writable());
    CHECK_FALSE(intake.has_bell_rung());
    CHECK_EQ(intake.submit("a"), "created");
    CHECK(intake.has_bell_rung());
    CHECK_EQ(intake.submit("a"), "taken");
    CHECK_FALSE(intake.has_bell_rung());
    intake.script.fail(StoreStep::commit, StoreError::Kind::full);
    CHECK_EQ(intake.submit("b"), "disk_full");
    CHECK_FALSE(intake.has_bell_rung());
}

TEST_CASE("an intake that nobody used ends when it is destroyed") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK_EQ(intake.script.calls(StoreStep::begin), 0);
}

}  // namespace orders::test
