// The report: what waits, for how long and for whom; kind by kind.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

struct ReportedStore : UsedStore {
    OrderReport report() { return user.reader().report(); }
    std::vector<std::string> kinds() {
        std::vector<std::string> names;
        for (const KindReport& kind : report().kinds) names.push_back(kind.kind.name());
        return names;
    }
    KindReport of_kind(const std::string& name) {
        for (const KindReport& kind : report().kinds) {
            if (kind.kind.name() == name) return kind;
        }
        FAIL("the report does not know it: " << name);
        return {};
    }
};

}  // namespace

TEST_CASE_FIXTURE(ReportedStore,
                  "report_waiting: it tells since when the longest waiting order waits") {
    CHECK_FALSE(report().oldest_pending_seconds());
    const UtcTime start = store->wall_clock();
    (void)user.submit(an_order("normal"));
    store->pass_time(1s);
    (void)user.submit(an_order("high").high());
    CHECK(report().oldest_normal == start);
    CHECK(report().oldest_high == start + 1s);
    (void)user.claim(user.enlist("w"), 1);
    CHECK(report().oldest_normal == start);
    CHECK_FALSE(report().oldest_high);
    CHECK(report().taken_at == start + 1s);
    CHECK(report().oldest_pending_seconds() == 1.0);
    CHECK(report().oldest_pending_seconds(Priority::normal) == 1.0);
    CHECK_FALSE(report().oldest_pending_seconds(Priority::high));
    (void)user.claim(user.enlist("v"), 1);
    CHECK_FALSE(report().oldest_pending_seconds());
}

TEST_CASE_FIXTURE(ReportedStore,
                  "report_waiting: an order from the future does not hide how long others wait") {
    const UtcTime start = store->wall_clock();
    store->set_wall_clock(start + 3h);
    (void)user.submit(an_order("future"));
    store->set_wall_clock(start);
    (void)user.submit(an_order("waiting"));
    store->pass_time(1h);
    CHECK(report().oldest_normal == start);
    CHECK(report().oldest_pending_seconds() == 3'600.0);
}

TEST_CASE_FIXTURE(ReportedStore,
                  "report_waiting: an order waits from when it was due, not from when it came") {
    const UtcTime start = store->wall_clock();
    (void)user.submit(an_order("scheduled").due(start + 60s));
    store->pass_time(59s);
    (void)user.submit(an_order("later").high().due(start + 120s));
    CHECK_FALSE(report().oldest_pending_seconds());
    CHECK(report().waiting_for_time == 2);
    CHECK(report().next_due_at == start + 60s);
    CHECK(report().total().pending == 2);
    store->pass_time(11s);
    CHECK_FALSE(report().oldest_pending_seconds());  // until it is put into the queue
    CHECK(user.promote() == 1);
    CHECK(report().oldest_normal == start + 60s);
    CHECK(report().oldest_pending_seconds() == 10.0);
    CHECK(report().waiting_for_time == 1);
    CHECK(report().next_due_at == start + 120s);
    CHECK(report().total().pending == 2);
}

TEST_CASE_FIXTURE(ReportedStore,
                  "report_waiting: the oldest is looked for in every kind, paused or not") {
    const UtcTime start = store->wall_clock();
    (void)user.submit(an_order("old").of_kind("mail"));
    (void)user.pause("mail");
    store->pass_time(5s);
    (void)user.submit({an_order("a"), an_order("b").of_kind("print")});
    CHECK(report().oldest_normal == start);
    (void)user.cancel("old");
    CHECK(report().oldest_normal == start + 5s);
}

TEST_CASE_FIXTURE(
    ReportedStore,
    "report_waiting: kinds come by name behind the default, if they have orders or a pause") {
    CHECK(kinds() == std::vector<std::string>{"default"});
    (void)user.submit({an_order("z").of_kind("zebra"), an_order("m").of_kind("mail").high(),
                       an_order("w").of_kind("mail").due(1h), an_order("x").of_kind("mail")});
    (void)user.pause("ant");
    CHECK(kinds() == std::vector<std::string>{"default", "ant", "mail", "zebra"});
    CHECK(of_kind("ant").is_paused);
    CHECK(of_kind("ant").counts == StatusCounts{});
    CHECK(of_kind("mail").counts == StatusCounts{.pending = 3});
    CHECK(of_kind("mail").waiting_for_time == 1);
    CHECK_FALSE(of_kind("mail").is_paused);
    CHECK(of_kind("default").counts == StatusCounts{});
    (void)user.resume("ant");
    CHECK(kinds() == std::vector<std::string>{"default", "mail", "zebra"});
    user.settle(
        user.claim(user.enlist("w"), {.limit = 9, .shares = {{.kinds = {{a_kind("zebra")}}}}}));
    CHECK(of_kind("zebra").counts == StatusCounts{.processed = 1});
    (void)user.submit(an_order("last"));
    store->pass_time(1s);
    CHECK(user.sweep(OrderStatus::processed, 500ms) == 1);
    CHECK(kinds() == std::vector<std::string>{"default", "mail"});
}

TEST_CASE_FIXTURE(ReportedStore,
                  "report_waiting: a kind is unattended if it has work and no worker lives") {
    (void)user.submit({an_order("a").of_kind("mail"), an_order("b").of_kind("later").due(1h),
                       an_order("c").of_kind("paused")});
    (void)user.pause("paused");
    CHECK(of_kind("mail").is_unattended);
    CHECK_FALSE(of_kind("later").is_unattended);
    CHECK_FALSE(of_kind("paused").is_unattended);
    CHECK_FALSE(of_kind("default").is_unattended);
    const WorkerId worker = user.enlist("w");
    CHECK_FALSE(of_kind("mail").is_unattended);
    user.worker().retire(worker, {});
    CHECK(of_kind("mail").is_unattended);
}

TEST_CASE_FIXTURE(ReportedStore,
                  "report_waiting: what live workers send orders to is as their heartbeats told") {
    const auto tell = [&](WorkerId worker, std::vector<EndpointState> endpoints) {
        (void)user.worker().take_turn({.worker = worker,
                                       .lease_time = lease_time,
                                       .is_heartbeat = true,
                                       .endpoints = std::move(endpoints)});
    };
    const WorkerId one = user.enlist("one");
    const WorkerId other = user.enlist("other");
    CHECK(report().endpoints.empty());
    tell(one, {{a_kind("sms"), 3, false}, {Kind(), 0, false}});
    CHECK(report().endpoints ==
          std::vector<EndpointState>{{Kind(), 0, false}, {a_kind("sms"), 3, false}});
    tell(other, {{a_kind("sms"), 4'000, true}});
    CHECK(report().endpoints ==
          std::vector<EndpointState>{{Kind(), 0, false}, {a_kind("sms"), 4'003, true}});
    user.worker().retire(other, {});
    tell(one, {});
    CHECK(report().endpoints.empty());
}

}  // namespace orders::test
