// What happens to orders is kept while somebody asks for it, in the order of the commits, and what
// is missing is told.

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/store_contract/store_user.h"
#include "tests/support/eventually.h"

namespace orders::test {
namespace {

using S = OrderStatus;

struct KeptChanges : UsedStore {
    void keep(std::chrono::milliseconds duration = 30s) {
        CHECK(std::holds_alternative<Done>(user.act(AwaitChanges{duration})));
    }
    ChangePage read(std::int64_t after, std::size_t limit = 1'000) {
        return log->read(after, limit);
    }
    // Of the changes since the last call, in words: ID STATUS.
    std::vector<std::string> news() {
        const ChangePage page = read(last);
        last = page.next_after;
        std::vector<std::string> texts;
        for (const Change& change : page.changes) {
            texts.push_back(change.order_id.text() + " " + std::string(to_string(change.status)));
        }
        return texts;
    }
    // Until housekeeping has looked at what is kept, which it does now and then.
    void tidy() {
        StoreUser other(*store);  // one that has never looked
        other.housekeeping().tidy();
    }

    std::unique_ptr<ChangeLog> log = store->storage().open_change_log();
    std::int64_t last = 0;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(KeptChanges, "change_log: nothing is kept while nobody asks for it") {
    (void)user.submit(numbered_orders(3));
    user.settle(user.claim(user.enlist("w"), 3));
    const ChangePage page = read(0);
    CHECK(page.changes.empty());
    CHECK(page.state.newest == 0);
    CHECK_FALSE(page.state.is_kept);
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: it has each change that clients can see, in order") {
    keep();
    const WorkerId worker = user.enlist("w");
    NewOrder order = an_order("a").high();
    (void)user.submit(order);
    CHECK(news() == Texts{"a Pending"});
    auto held = user.claim(worker, 1);
    CHECK(news() == Texts{"a Processing"});
    CHECK(user.settle(held.at(0).lease, Retry{"no_answer"}) == SettleOutcome::settled);
    CHECK(news() == Texts{"a Pending"});
    store->pass_time(1h);
    CHECK(user.promote() == 1);
    CHECK(news().empty());  // Pending before and after
    held = user.claim(worker, 1);
    CHECK(user.release(held.at(0).lease));
    CHECK(news() == Texts{"a Processing", "a Pending"});
    held = user.claim(worker, 1);
    CHECK(user.settle(held.at(0).lease, Failure{"broken"}) == SettleOutcome::settled);
    const ChangePage page = read(last);
    REQUIRE(page.changes.size() == 2);
    CHECK(page.changes[0].attempt == 2);
    const Change& failed = page.changes[1];
    CHECK(failed.order_id.text() == "a");
    CHECK(failed.kind == Kind());
    CHECK(failed.priority == Priority::high);
    CHECK(failed.status == S::failed);
    CHECK(failed.attempt == 2);
    CHECK(failed.reason == "broken");
    CHECK(failed.at == store->wall_clock());
    CHECK(failed.id == page.next_after);
    last = page.next_after;
    (void)user.retry("a");
    (void)user.change("a", {.priority = Priority::normal});
    (void)user.change("a", {.timeout = 5s});
    (void)user.cancel("a");
    CHECK(news() == Texts{"a Pending", "a Pending", "a Cancelled"});
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: orders that are taken back or expire are in it") {
    keep(60s);
    const WorkerId worker = user.enlist("w");
    NewOrder late = an_order("late");
    late.spec.start_before = store->wall_clock() + 1s;
    (void)user.submit(an_order("held"));
    (void)user.claim(worker, 1);
    (void)user.submit(late);
    (void)news();
    store->pass_time(lease_time + 1h);
    CHECK(user.take_back_expired().size() == 1);
    CHECK(user.expire() == 1);
    CHECK(news() == Texts{"held Pending", "late Failed"});
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: orders of other kinds, and many of them, are in it") {
    keep();
    NewOrder order = an_order("mail-1");
    order.spec.kind = a_kind("mail");
    (void)user.submit(order);
    CHECK(read(0).changes.at(0).kind == a_kind("mail"));
    (void)news();
    (void)user.submit(numbered_orders(10));
    CHECK(read(last, 4).changes.size() == 4);
    CHECK(read(read(last, 4).next_after, 10).changes.size() == 6);
    const std::vector<OrderSequence> all =
        user.reader().find_matching({}, OrderSequence{}, 100).orders;
    (void)user.act(BulkAction{BulkAction::What::cancel, {}, all});
    CHECK(read(last).changes.size() == 10 + 11);
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: an order that is not created is not in it") {
    keep();
    (void)user.submit(an_order("a"));
    (void)user.submit(an_order("a"));
    CHECK(news() == Texts{"a Pending"});
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: from when it is asked for, it is whole") {
    (void)user.submit(an_order("before"));
    keep();
    // On a server that others use, too, their transactions may have to be over first.
    eventually(patience, [&] { return read(0).state.is_kept; });
    const ChangeLogState begun = read(0).state;
    CHECK(begun.newest >= 1);
    CHECK(begun.is_whole_behind(begun.newest));
    CHECK_FALSE(begun.is_whole_behind(begun.newest - 1));
    CHECK_FALSE(begun.is_whole_behind(begun.newest + 1));
    keep();  // goes on
    (void)user.submit(an_order("a"));
    CHECK(read(0).state.is_whole_behind(begun.newest));
    CHECK(read(begun.newest).changes.size() == 1);
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: it ends when nobody asks again, and tells the break") {
    keep(10s);
    keep(1s);  // shortens nothing
    store->pass_time(9'999ms);
    tidy();
    (void)user.submit(an_order("a"));
    CHECK(news() == Texts{"a Pending"});
    store->pass_time(2ms);
    tidy();
    CHECK_FALSE(read(last).state.is_kept);
    CHECK(read(last).state.is_whole_behind(last));  // nothing has happened since
    (void)user.submit(an_order("b"));
    CHECK(news().empty());
    const std::int64_t before = last;
    keep();
    CHECK_FALSE(read(before).state.is_whole_behind(before));
    (void)user.submit(an_order("c"));
    CHECK(news() == Texts{"c Pending"});
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: what an action of the same commit does is in it") {
    (void)user.submit(an_order("a"));
    IntakeGroup group;
    const OrderAction keep_it = AwaitChanges{10s};
    const OrderAction cancel_it = CancelOrder{order_id("a")};
    group.actions = {&keep_it, &cancel_it};
    (void)user.commit(group);
    CHECK(news() == Texts{"a Cancelled"});
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: one who asks again in a commit hides nothing of it") {
    keep(10s);
    (void)user.submit(an_order("a"));
    IntakeGroup group;
    const OrderAction cancel_it = CancelOrder{order_id("a")};
    const OrderAction keep_it = AwaitChanges{20s};
    group.actions = {&cancel_it, &keep_it};
    (void)user.commit(group);
    CHECK(news() == Texts{"a Pending", "a Cancelled"});
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: of a large commit a reader takes as much as it wants") {
    keep();
    const std::int64_t first = read(0).state.newest;
    (void)user.submit(numbered_orders(1'700));
    std::int64_t after = first;
    for (const std::size_t size : {600U, 600U, 500U, 0U}) {
        const ChangePage page = read(after, 600);
        CHECK(page.changes.size() == size);
        if (size > 0) CHECK(page.changes.front().id == after + 1);
        after = page.next_after;
    }
    CHECK(after == first + 1'700);
    // From the middle of what was written together.
    const ChangePage page = read(first + 250, 3);
    REQUIRE(page.changes.size() == 3);
    CHECK(page.changes[0].order_id.text() == "order-250");
    CHECK(page.changes[2].id == first + 253);
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: with many committing, who has seen an id missed none") {
    keep(60s);
    constexpr int writers = 4;
    constexpr int groups_of_each = 40;
    constexpr std::size_t in_all = writers * groups_of_each * std::size_t{3};
    std::atomic<int> writing = writers;
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            StoreUser mine(*store);
            for (int group = 0; group < groups_of_each; ++group) {
                std::vector<NewOrder> orders;
                for (int order = 0; order < 3; ++order) {
                    orders.push_back(an_order("o-" + std::to_string(writer) + "-" +
                                              std::to_string(group) + "-" + std::to_string(order)));
                }
                (void)mine.submit(orders);
            }
            --writing;
        });
    }
    std::map<std::string, int> seen;
    std::int64_t newest = 0;
    bool is_last = false;
    while (!is_last) {
        is_last = writing == 0;
        for (;;) {
            const ChangePage page = read(newest);
            const bool is_whole = newest == 0 || page.state.is_whole_behind(newest);
            if (!is_whole) CHECK(is_whole);
            for (const Change& change : page.changes) {
                if (change.id <= newest) CHECK(change.id > newest);
                newest = change.id;
                ++seen[change.order_id.text()];
            }
            newest = page.next_after;
            if (page.changes.empty()) break;
        }
    }
    CHECK(seen.size() == in_all);
    for (const auto& [id, times] : seen) CHECK(times == 1);
}

TEST_CASE_FIXTURE(KeptChanges, "change_log: only the newest are kept, and what is gone is told") {
    static_assert(kept_changes == 100'000 && changes_per_trim == 5'000);
    keep(60s);
    const std::int64_t first = read(0).state.newest;
    constexpr int most_at_once = 5'000;
    std::int64_t count = 0;
    for (int round = 0; count < kept_changes + changes_per_trim; ++round) {
        std::vector<NewOrder> orders;
        for (int order = 0; order < most_at_once; ++order) {
            orders.push_back(an_order("o-" + std::to_string(round) + "-" + std::to_string(order)));
        }
        (void)user.submit(orders);
        count += most_at_once;
        (void)read(first, 0);
    }
    CHECK(read(first).state.is_whole_behind(first));
    tidy();
    const ChangeLogState state = read(first).state;
    CHECK_FALSE(state.is_whole_behind(first));
    CHECK(state.newest - state.whole_after >= kept_changes);
    CHECK(state.newest - state.whole_after <= kept_changes + changes_per_trim);
    CHECK(read(state.whole_after, 1).changes.at(0).id == state.whole_after + 1);
    CHECK(store->storage().verify().findings == 0);
}

}  // namespace orders::test
