// The trace that a create belonged to goes with the order, as far as to its processor.

#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

bool is_kept(const Trace& trace, const TraceContext& as_sent) {
    return trace && *trace == as_sent;
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore,
                  "trace: an order is found, claimed and pulled with the one it came with") {
    const TraceContext with_state{parent, "a=b, c=d e"};
    const TraceContext without{parent};
    (void)user.submit({an_order("a").traced(with_state),
                       an_order("b").traced(without).carrying(std::string(5'000, '1')),
                       an_order("pulled").traced(with_state).of_kind("mail"), an_order("plain")});
    CHECK(is_kept(user.find("a").spec.trace, with_state));
    CHECK(is_kept(user.find("b").spec.trace, without));
    CHECK_FALSE(user.find("plain").spec.trace);

    const OrderAction pull =
        PullOrders{.worker = "py-1",
                   .lease_time = lease_time,
                   .claim = {.limit = 1, .shares = {{.kinds = {{a_kind("mail")}}}}}};
    const auto pulled = std::get<Pulled>(user.act(pull));
    CHECK(is_kept(pulled.orders.at(0).order.spec.trace, with_state));
    const auto claimed = user.claim(user.enlist("w"), 9);
    REQUIRE(claimed.size() == 3);
    CHECK(is_kept(claimed[0].spec.trace, with_state));
    CHECK(is_kept(claimed[1].spec.trace, without));
    CHECK(claimed[1].spec.payload->size() == 5'000);
    CHECK_FALSE(claimed[2].spec.trace);
}

TEST_CASE_FIXTURE(UsedStore, "trace: a change leaves it, and a create that is sent again too") {
    const TraceContext first{parent, "a=b"};
    (void)user.submit(an_order("a").traced(first));
    (void)user.change("a", {.timeout = std::optional(7s)});
    (void)user.change("a", {.timeout = std::optional<std::chrono::seconds>()});
    (void)user.submit(an_order("a").traced({parent, "c=d"}));
    CHECK(is_kept(user.find("a").spec.trace, first));
    CHECK(is_kept(user.claim(user.enlist("w"), 1).at(0).spec.trace, first));
}

TEST_CASE_FIXTURE(UsedStore, "trace: it goes with its order") {
    (void)user.submit({an_order("a").traced({parent}), an_order("newest")});
    (void)user.cancel("a");
    store->pass_time(2h);
    CHECK(user.sweep(OrderStatus::cancelled, 1h) == 1);
    (void)user.submit(an_order("a"));
    CHECK_FALSE(user.find("a").spec.trace);
}

}  // namespace orders::test
