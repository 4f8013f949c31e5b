// Kinds: which orders a worker takes, kinds that are paused, and how many there may be.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;

bool is_done(const ActionOutcome& outcome) {
    return std::holds_alternative<Done>(outcome);
}

// As many as there may be besides `default`, one order of each.
std::vector<NewOrder> orders_of_all_kinds() {
    std::vector<NewOrder> orders;
    for (std::size_t number = 0; number < Kind::max_named; ++number) {
        const std::string name = "kind-" + std::to_string(number);
        orders.push_back(an_order(name).of_kind(name));
    }
    return orders;
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore, "kind: a claim takes orders of the kinds that it names, or of all") {
    (void)user.submit({an_order("m1").of_kind("mail"), an_order("d1"),
                       an_order("p1").of_kind("print"), an_order("m2").of_kind("mail")});
    const WorkerId worker = user.enlist("w");
    CHECK(user.find("m1").spec.kind.name() == "mail");
    CHECK(user.find("d1").spec.kind.is_default());
    CHECK(user.claim(worker, {.limit = 9, .shares = {{.kinds = {{a_kind("unknown")}}}}}).empty());
    const auto mails = user.claim(worker, {.limit = 9, .shares = {{.kinds = {{a_kind("mail")}}}}});
    CHECK(ids_of(mails) == Ids{"m1", "m2"});
    CHECK(mails.at(0).spec.kind.name() == "mail");
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"d1", "p1"});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "kind: across kinds High goes before Normal, and first come first served within "
                  "each") {
    (void)user.submit({an_order("1").of_kind("mail"), an_order("2"), an_order("3").of_kind("print"),
                       an_order("4").high().of_kind("print"), an_order("5").of_kind("mail"),
                       an_order("6").high(), an_order("7").of_kind("mail")});
    const WorkerId worker = user.enlist("w");
    CHECK(ids_of(user.claim(worker, 3)) == Ids{"4", "6", "1"});
    CHECK(ids_of(user.claim(worker,
                            {.limit = 2, .shares = {{.kinds = {{a_kind("print")}, {Kind()}}}}})) ==
          Ids{"2", "3"});
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"5", "7"});
}

TEST_CASE_FIXTURE(UsedStore, "kind: a claim goes through long lines of several kinds in order") {
    std::vector<NewOrder> orders;
    Ids ids;
    for (int number = 0; number < 300; ++number) {
        const std::string id = "order-" + std::to_string(number);
        // Long stretches of one kind, and some of all in turn.
        const char* const kind = number % 100 < 80 ? "mail" : number % 2 == 0 ? "print" : "default";
        orders.push_back(an_order(id).of_kind(kind));
        ids.push_back(id);
    }
    (void)user.submit(orders);
    CHECK(ids_of(user.claim(user.enlist("w"), 1'000)) == ids);
}

TEST_CASE_FIXTURE(UsedStore,
                  "kind: shares of a claim are kept, and the order of claims within them") {
    (void)user.submit({an_order("m1").of_kind("mail"), an_order("p1").of_kind("print"),
                       an_order("m2").of_kind("mail"), an_order("d1"),
                       an_order("m3").of_kind("mail"), an_order("p2").of_kind("print"),
                       an_order("x1").of_kind("other"), an_order("d2").high()});
    const WorkerId worker = user.enlist("w");
    const std::vector<ClaimShare> shares{
        {.limit = 3,
         .kinds = {{a_kind("mail"), 2}, {a_kind("print")}},
         .defaults = {.timeout = 30s, .max_attempts = 15}},
        {.limit = 2, .defaults = {.timeout = 7s}},
    };
    const auto claimed = user.claim(worker, {.limit = 9, .shares = shares});
    CHECK(ids_of(claimed) == Ids{"d2", "m1", "p1", "m2", "d1"});
    CHECK(claimed.at(0).limits.timeout == 7s);
    CHECK(claimed.at(1).limits.timeout == 30s);
    CHECK(claimed.at(1).limits.max_attempts == 15);
    CHECK(ids_of(user.claim(worker, {.limit = 2, .shares = shares})) == Ids{"m3", "p2"});
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"x1"});
}

TEST_CASE_FIXTURE(UsedStore, "kind: a share without room takes nothing, and nothing waits for it") {
    (void)user.submit({an_order("m").of_kind("mail"), an_order("p").of_kind("print")});
    const WorkerId worker = user.enlist("w");
    for (const ClaimShare& full :
         {ClaimShare{.limit = 0},
          ClaimShare{.kinds = {{a_kind("mail"), 0}, {a_kind("print"), 0}}}}) {
        CHECK_FALSE(user.worker().has_claimable({full}));
        CHECK(user.claim(worker, {.limit = 9, .shares = {full}}).empty());
    }
    // What a share names is not taken by the one for all others, even if there is no room.
    const std::vector<ClaimShare> shares{{.kinds = {{a_kind("mail"), 0}}}, ClaimShare{}};
    CHECK(ids_of(user.claim(worker, {.limit = 9, .shares = shares})) == Ids{"p"});
    CHECK_FALSE(user.worker().has_claimable(shares));
    CHECK_FALSE(user.worker().has_claimable({}));
    CHECK(user.claim(worker, {.limit = 9, .shares = {}}).empty());
}

TEST_CASE_FIXTURE(UsedStore, "kind: what waits is seen for the kinds that are asked for") {
    (void)user.submit(an_order("m").of_kind("mail"));
    CHECK(user.worker().has_claimable({ClaimShare{}}));
    CHECK(user.worker().has_claimable({{.kinds = {{Kind()}, {a_kind("mail")}}}}));
    CHECK_FALSE(user.worker().has_claimable({{.kinds = {{Kind()}, {a_kind("print")}}}}));
}

TEST_CASE_FIXTURE(UsedStore, "kind: one that is paused takes orders and starts none") {
    (void)user.submit({an_order("before").of_kind("mail"), an_order("other")});
    const WorkerId worker = user.enlist("w");
    CHECK(is_done(user.pause("mail")));
    CHECK(is_done(user.pause("mail")));
    CHECK(user.submit(an_order("after").of_kind("mail")));
    CHECK_FALSE(user.worker().has_claimable({{.kinds = {{a_kind("mail")}}}}));
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"other"});
    CHECK(user.claim(worker, {.limit = 9, .shares = {{.kinds = {{a_kind("mail")}}}}}).empty());

    CHECK(is_done(user.resume("mail")));
    CHECK(user.worker().has_claimable({{.kinds = {{a_kind("mail")}}}}));
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"before", "after"});
}

TEST_CASE_FIXTURE(UsedStore, "kind: what is in work when its kind is paused ends") {
    (void)user.submit({an_order("done"), an_order("back")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    CHECK(is_done(user.pause("default")));
    CHECK(user.renew(claimed.at(0).lease));
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    CHECK(user.release(claimed.at(1).lease));
    CHECK_FALSE(user.worker().has_claimable({ClaimShare{}}));
}

TEST_CASE("kind: a pause outlives all programs") {
    const auto store = make_store_under_test();
    CHECK(is_done(StoreUser(*store).pause("mail")));
    StoreUser user(*store);
    CHECK(user.submit(an_order("m").of_kind("mail")));
    CHECK_FALSE(user.worker().has_claimable({ClaimShare{}}));
}

TEST_CASE_FIXTURE(UsedStore, "kind: one that is not known may be paused, and resumed for nothing") {
    CHECK(is_done(user.resume("unknown")));
    CHECK(is_done(user.pause("mail")));
    CHECK(user.submit(an_order("m").of_kind("mail")));
    CHECK_FALSE(user.worker().has_claimable({ClaimShare{}}));
}

TEST_CASE_FIXTURE(UsedStore, "kind: there are no more than the limit, and the default") {
    for (const SubmitOutcome& outcome : user.submit(orders_of_all_kinds())) {
        CHECK(std::holds_alternative<Created>(outcome));
    }
    const auto outcomes =
        user.submit({an_order("more").of_kind("one-more"), an_order("kind-0").of_kind("one-more"),
                     an_order("plain"), an_order("known").of_kind("kind-7")});
    CHECK(std::holds_alternative<TooManyKinds>(outcomes.at(0)));
    CHECK(std::holds_alternative<IdTaken>(outcomes.at(1)));
    CHECK(std::holds_alternative<Created>(outcomes.at(2)));
    CHECK(std::holds_alternative<Created>(outcomes.at(3)));
    CHECK_FALSE(user.is_there("more"));
    CHECK(std::holds_alternative<TooManyKinds>(user.pause("another")));
    CHECK(is_done(user.pause("kind-3")));
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "kind: those without orders and pause give way, each to one that is new") {
    (void)user.submit(orders_of_all_kinds());
    const WorkerId worker = user.enlist("w");
    for (const char* name : {"kind-0", "kind-1", "kind-2", "kind-3"}) {
        user.settle(user.claim(worker, {.limit = 9, .shares = {{.kinds = {{a_kind(name)}}}}}));
    }
    CHECK(is_done(user.pause("kind-0")));
    CHECK(user.submit(an_order("last")));  // what is swept is never the last one
    store->pass_time(1h);
    CHECK(user.sweep(OrderStatus::processed, 1min) == 4);

    // Three are free: both of one group get a number of their own, and so does a pause.
    const auto outcomes =
        user.submit({an_order("x").of_kind("new-x"), an_order("y").of_kind("new-y")});
    CHECK(std::holds_alternative<Created>(outcomes.at(0)));
    CHECK(std::holds_alternative<Created>(outcomes.at(1)));
    CHECK(is_done(user.pause("new-z")));
    CHECK(std::holds_alternative<TooManyKinds>(user.pause("new-w")));
    CHECK(user.find("x").spec.kind.name() == "new-x");
    CHECK(user.find("y").spec.kind.name() == "new-y");
    CHECK(ids_of(user.claim(worker, {.limit = 9, .shares = {{.kinds = {{a_kind("new-y")}}}}})) ==
          Ids{"y"});
    check_counts(user.reader());
}

}  // namespace orders::test
