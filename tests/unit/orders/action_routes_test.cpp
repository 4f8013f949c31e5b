// What clients are told of actions on single orders and kinds, over a scripted store.

#include "api/orders/action_routes.h"

#include <doctest/doctest.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_builder.h"
#include "tests/unit/orders/running_routes.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string order_path = "/api/v1/orders/a";

Order an_order_that_is(OrderStatus status) {
    return {.spec = an_order("a").carrying("[ 1e400 ]").build().spec,
            .status = status,
            .created_at = StoreScript::created_at};
}

// The last action that came to the store, for any thread.
template <typename Action>
class LastAction {
   public:
    void set(const Action& action) {
        const std::lock_guard lock(mutex_);
        action_ = action;
    }
    [[nodiscard]] Action get() {
        const std::lock_guard lock(mutex_);
        return action_.value();
    }

   private:
    std::mutex mutex_;
    std::optional<Action> action_;
};

// Lets every action come to this.
template <typename Action>
void answer_with(RoutesOnScript& routes, const ActionOutcome& outcome, LastAction<Action>& seen) {
    routes.script.on_action([outcome, &seen](const OrderAction& action) {
        seen.set(std::get<Action>(action));
        return outcome;
    });
}

HttpAnswer patch(HttpClient& http, const std::string& path, const std::string& body,
                 const std::string& type = "application/merge-patch+json") {
    return http.send({"PATCH", path, {{"Content-Type", type}}, body});
}

}  // namespace

TEST_CASE("action_routes: an order that was cancelled or retried is answered with itself") {
    LastAction<CancelOrder> cancelled;
    LastAction<RetryOrder> retried;
    RoutesOnScript routes;
    HttpClient http = routes.client();
    answer_with(routes, an_order_that_is(OrderStatus::cancelled), cancelled);
    const HttpAnswer cancel = http.send({"POST", order_path + "/cancel"});
    CHECK_EQ(cancel.status, 200);
    CHECK_EQ(cancel.json()["status"], "Cancelled");
    CHECK_EQ(cancel.json()["failure"], nullptr);
    CHECK_FALSE(cancel.json().contains("payload"));
    CHECK_EQ(cancelled.get().order_id, order_id("a"));

    answer_with(routes, an_order_that_is(OrderStatus::pending), retried);
    const HttpAnswer retry = http.send({"POST", order_path + "/retry"});
    CHECK_EQ(retry.status, 200);
    CHECK_EQ(retry.json()["status"], "Pending");
    CHECK_EQ(retried.get().order_id, order_id("a"));
}

TEST_CASE("action_routes: an action without content needs no content type, and takes no content") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    routes.script.on_action([](const OrderAction& action) -> ActionOutcome {
        if (std::holds_alternative<PauseKind>(action)) return Done{};
        return an_order_that_is(OrderStatus::pending);
    });
    for (const std::string& path :
         {order_path + "/cancel", order_path + "/retry", std::string("/api/v1/kinds/mail/pause"),
          std::string("/api/v1/kinds/mail/resume")}) {
        CAPTURE(path);
        CHECK_EQ(http.send({"POST", path}).status, 200);
        CHECK_EQ(http.send({"POST", path, {}, " {} "}).status, 200);
        CHECK_EQ(http.post(path, json::object()).status, 200);
        for (const char* body : {"{\"force\":true}", "[]", "null", "{", "a=b"}) {
            check_problem(http.send({"POST", path, {}, body}), 400, "malformed-body");
        }
        check_problem(http.get(path), 405, "method-not-allowed");
    }
}

TEST_CASE("action_routes: what an order's status forbids is a conflict that names the status") {
    struct Case {
        std::string method;
        std::string action;
        OrderStatus status;
        std::string slug;
    };
    RoutesOnScript routes;
    HttpClient http = routes.client();
    for (const Case& each :
         std::vector<Case>{{"POST", "/cancel", OrderStatus::processed, "already-ended"},
                           {"POST", "/cancel", OrderStatus::failed, "already-ended"},
                           {"POST", "/cancel", OrderStatus::cancelled, "already-ended"},
                           {"POST", "/retry", OrderStatus::pending, "not-ended"},
                           {"POST", "/retry", OrderStatus::processing, "not-ended"},
                           {"POST", "/retry", OrderStatus::processed, "already-processed"},
                           {"PATCH", "", OrderStatus::processing, "already-started"},
                           {"PATCH", "", OrderStatus::processed, "already-ended"},
                           {"PATCH", "", OrderStatus::failed, "already-ended"},
                           {"PATCH", "", OrderStatus::cancelled, "already-ended"}}) {
        CAPTURE(each.slug);
        const auto& [method, action, status, slug] = each;
        routes.script.on_action(
            [status = each.status](const OrderAction&) { return NotAllowed{status}; });
        const HttpAnswer answer =
            http.send({method, order_path + action, {{"Content-Type", "application/json"}}, "{}"});
        check_problem(answer, 409, slug);
        CHECK_EQ(answer.json()["order_id"], "a");
        CHECK_EQ(answer.json()["order_status"], std::string(to_string(status)));
    }
}

TEST_CASE("action_routes: an action on an order that is not there is answered with 404") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    for (const std::string id : {"a", "-", "a%00b", "%FF", "cancel", "retry", "batch"}) {
        CAPTURE(id);
        const std::string path = "/api/v1/orders/" + id;
        check_problem(http.send({"POST", path + "/cancel"}), 404, "order-not-found");
        check_problem(http.send({"POST", path + "/retry"}), 404, "order-not-found");
        check_problem(patch(http, path, "{}"), 404, "order-not-found");
    }
}

TEST_CASE("action_routes: a change is answered with the whole order, whatever its id") {
    LastAction<ChangeOrder> seen;
    RoutesOnScript routes;
    HttpClient http = routes.client();
    answer_with(routes, an_order_that_is(OrderStatus::pending), seen);
    for (const std::string id : {"a", "batch", "cancel", "retry"}) {
        for (const char* type : {"application/merge-patch+json", "application/json; charset=utf-8",
                                 "Application/Merge-Patch+JSON"}) {
            const HttpAnswer answer =
                patch(http, "/api/v1/orders/" + id, R"({"priority":"High"})", type);
            CHECK_EQ(answer.status, 200);
            CHECK_NE(answer.body.find(R"("payload":[ 1e400 ],"result":null)"), std::string::npos);
            CHECK_EQ(seen.get().order_id, order_id(id));
            CHECK(seen.get().change.priority == Priority::high);
        }
    }
}

TEST_CASE("action_routes: a change that is refused names the field, whoever finds it") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    HttpAnswer answer = patch(http, order_path, R"({"kind":"mail","priority":null})");
    check_problem(answer, 400, "invalid-change");
    CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"kind", "priority"});
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);

    routes.script.on_action([](const OrderAction&) {
        return InvalidChange{"max_attempts", "must be more than the 3 attempts that it has had"};
    });
    answer = patch(http, order_path, R"({"max_attempts":3})");
    check_problem(answer, 400, "invalid-change");
    CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"max_attempts"});

    check_problem(patch(http, order_path, "{"), 400, "malformed-body");
    answer = patch(http, order_path, "{}", "application/json-patch+json");
    check_problem(answer, 415, "unsupported-media-type");
    CHECK_EQ(answer.header("accept-patch"), "application/merge-patch+json, application/json");
}

TEST_CASE("action_routes: a kind is paused and resumed by its name") {
    LastAction<PauseKind> seen;
    RoutesOnScript routes;
    HttpClient http = routes.client();
    answer_with(routes, Done{}, seen);
    CHECK_EQ(http.send({"POST", "/api/v1/kinds/mail/pause"}).body,
             "{\"kind\":\"mail\",\"paused\":true}\n");
    CHECK_EQ(seen.get().kind, a_kind("mail"));
    CHECK(seen.get().is_paused);
    CHECK_EQ(http.send({"POST", "/api/v1/kinds/default/resume"}).body,
             "{\"kind\":\"default\",\"paused\":false}\n");
    CHECK(seen.get().kind.is_default());
    CHECK_FALSE(seen.get().is_paused);

    for (const std::string kind : {"Mail", "a%20b", "a.b", "%FF"}) {
        CAPTURE(kind);
        const HttpAnswer answer = http.send({"POST", "/api/v1/kinds/" + kind + "/pause"});
        check_problem(answer, 400, "invalid-kind");
        CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"kind"});
    }
    routes.script.on_action([](const OrderAction&) { return TooManyKinds{}; });
    check_problem(http.send({"POST", "/api/v1/kinds/more/pause"}), 400, "too-many-kinds");
}

TEST_CASE("action_routes: an action that could not be done is answered with the reason") {
    using Kind = StoreError::Kind;
    for (const auto& [kind, slug] :
         std::vector<std::pair<Kind, std::string>>{{Kind::busy, "overloaded"},
                                                   {Kind::full, "disk-full"},
                                                   {Kind::unusable, "stopping"},
                                                   {Kind::outcome_unknown, "outcome-unknown"}}) {
        RoutesOnScript routes;
        HttpClient http = routes.client();
        routes.script.fail(StoreStep::commit, kind);
        const HttpAnswer answer = http.send({"POST", order_path + "/cancel"});
        check_problem(answer, 503, slug);
        CHECK_EQ(answer.header("retry-after"), "1");
    }
}

TEST_CASE("action_routes: nothing is done to a store that is damaged") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    routes.script.fail(StoreStep::read, StoreError::Kind::damaged);
    check_problem(http.get(order_path), 503, "store-damaged");
    for (const std::string path : {"/api/v1/orders/a/cancel", "/api/v1/orders/a/retry",
                                   "/api/v1/orders/cancel", "/api/v1/kinds/mail/pause"}) {
        check_problem(http.post(path, json{{"kind", "mail"}}), 503, "store-damaged");
    }
    check_problem(patch(http, order_path, "{}"), 503, "store-damaged");
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
}

TEST_CASE("action_routes: a full queue or disk holds up no action") {
    LastAction<RetryOrder> seen;
    RoutesOnScript routes;
    HttpClient http = routes.client();
    routes.script.set_level({.pending = 1'000'000'000, .free_bytes = 0});
    answer_with(routes, an_order_that_is(OrderStatus::pending), seen);
    CHECK_EQ(http.send({"POST", order_path + "/retry"}).status, 200);
}

}  // namespace orders::test
