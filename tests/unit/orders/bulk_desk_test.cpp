// Cancelling and retrying many orders by a filter, over a scripted store that does as it is told.

#include "api/orders/bulk_desk.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_builder.h"
#include "tests/unit/orders/running_routes.h"

namespace orders::test {
namespace {

using nlohmann::json;

const std::string cancel_path = "/api/v1/orders/cancel";
const std::string retry_path = "/api/v1/orders/retry";

// Routes over a store with orders of the kinds `mail` and `default`, turn by turn, in which cancels
// and retries work as in a real one.
class RoutesWithOrders : public RoutesOnScript {
   public:
    explicit RoutesWithOrders(int orders, OrderStatus status = OrderStatus::pending) {
        for (int number = 0; number < orders; ++number) {
            OrderBuilder order = an_order("o-" + std::to_string(number));
            if (number % 2 == 0) order.of_kind("mail");
            script.put({.spec = order.build().spec,
                        .status = status,
                        .created_at = StoreScript::created_at});
        }
        // The script outlives what this class adds to its base.
        script.on_action([this, portions = portions_](const OrderAction& action) -> ActionOutcome {
            const auto& bulk = std::get<BulkAction>(action);
            portions->add(bulk.orders.size());
            BulkDone done;
            for (const OrderSequence sequence : bulk.orders) {
                Order order = script.find(sequence).value();
                if (!bulk.filter.fits(order)) continue;
                order.status = bulk.what == BulkAction::What::cancel ? OrderStatus::cancelled
                                                                     : OrderStatus::pending;
                script.put(order);
                ++done.changed;
            }
            return done;
        });
    }

    [[nodiscard]] std::vector<std::size_t> portions() { return portions_->all(); }
    [[nodiscard]] int count(OrderStatus status) {
        int orders = 0;
        for (int number = 0; const auto order = script.find("o-" + std::to_string(number));
             ++number) {
            orders += order->status == status ? 1 : 0;
        }
        return orders;
    }

   private:
    class Portions {
       public:
        void add(std::size_t orders) {
            const std::lock_guard lock(mutex_);
            sizes_.push_back(orders);
        }
        [[nodiscard]] std::vector<std::size_t> all() {
            const std::lock_guard lock(mutex_);
            return sizes_;
        }

       private:
        std::mutex mutex_;
        std::vector<std::size_t> sizes_;
    };
    const std::shared_ptr<Portions> portions_ = std::make_shared<Portions>();
};

}  // namespace

TEST_CASE("bulk_desk: all orders that fit are changed, in portions, and counted") {
    RoutesWithOrders routes(1'200);
    HttpClient http = routes.client();
    CHECK_EQ(http.post(cancel_path, json{{"kind", "mail"}}).body,
             "{\"cancelled\":600,\"more\":false}\n");
    CHECK_EQ(routes.portions(), std::vector<std::size_t>{250, 250, 100});
    CHECK_EQ(routes.count(OrderStatus::cancelled), 600);
    CHECK_EQ(routes.count(OrderStatus::pending), 600);
    CHECK_EQ(http.post(cancel_path, json{{"kind", "mail"}}).body,
             "{\"cancelled\":0,\"more\":false}\n");
    CHECK_EQ(http.post(retry_path, json{{"status", "Cancelled"}}).body,
             "{\"retried\":600,\"more\":false}\n");
    CHECK_EQ(routes.count(OrderStatus::pending), 1'200);
}

TEST_CASE("bulk_desk: a filter that nothing fits is answered with none") {
    RoutesWithOrders routes(10);
    HttpClient http = routes.client();
    CHECK_EQ(http.post(cancel_path, json{{"kind", "unheard-of"}}).body,
             "{\"cancelled\":0,\"more\":false}\n");
    CHECK_EQ(http.post(retry_path, json{{"kind", "mail"}}).body,
             "{\"retried\":0,\"more\":false}\n");
    CHECK(routes.portions().empty());
}

TEST_CASE("bulk_desk: a limit is kept to, and the answer says whether there are more") {
    RoutesWithOrders routes(1'000);
    HttpClient http = routes.client();
    const auto cancel = [&](int limit) {
        return http.post(cancel_path, json{{"kind", "mail"}, {"limit", limit}}).json();
    };
    CHECK_EQ(cancel(1), json{{"cancelled", 1}, {"more", true}});
    CHECK_EQ(cancel(250), json{{"cancelled", 250}, {"more", true}});
    CHECK_EQ(cancel(248), json{{"cancelled", 248}, {"more", true}});
    CHECK_EQ(cancel(1), json{{"cancelled", 1}, {"more", false}});
    CHECK_EQ(routes.count(OrderStatus::cancelled), 500);
}

TEST_CASE("bulk_desk: a limit of as many as there are leaves none, however they are found") {
    for (const std::size_t look_limit : {1U, 7U, 250U, 100'000U}) {
        CAPTURE(look_limit);
        RoutesWithOrders routes(520);
        routes.script.set_look_limit(look_limit);
        CHECK_EQ(routes.client().post(cancel_path, json{{"kind", "mail"}, {"limit", 260}}).body,
                 "{\"cancelled\":260,\"more\":false}\n");
    }
}

TEST_CASE("bulk_desk: a dry run counts, and changes nothing") {
    RoutesWithOrders routes(1'000);
    HttpClient http = routes.client();
    CHECK_EQ(http.post(cancel_path, json{{"kind", "mail"}, {"dry_run", true}}).body,
             "{\"matching\":500,\"more\":false}\n");
    CHECK_EQ(http.post(cancel_path, json{{"kind", "mail"}, {"dry_run", true}, {"limit", 499}}).body,
             "{\"matching\":499,\"more\":true}\n");
    CHECK(routes.portions().empty());
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
}

TEST_CASE("bulk_desk: an order that moves between the look and the change is not counted") {
    RoutesWithOrders routes(10);
    routes.script.hold(StoreStep::begin);
    auto answer = std::async(std::launch::async, [&] {
        return routes.client().post(cancel_path, json{{"kind", "mail"}}).json();
    });
    eventually(patience, [&] { return routes.script.is_anybody_held(StoreStep::begin); });
    Order moved = routes.script.find("o-0").value();
    moved.status = OrderStatus::processed;
    routes.script.put(moved);
    routes.script.release(StoreStep::begin);
    CHECK_EQ(answer.get(), json{{"cancelled", 4}, {"more", false}});
    CHECK_EQ(routes.script.find("o-0")->status, OrderStatus::processed);
}

TEST_CASE("bulk_desk: a stop ends a request after a step, and what is done is told") {
    RoutesWithOrders routes(1'000);
    routes.script.hold(StoreStep::commit);
    auto answer = std::async(std::launch::async, [&] {
        return routes.client().post(cancel_path, json{{"kind", "mail"}}).json();
    });
    eventually(patience, [&] { return routes.script.is_anybody_held(StoreStep::commit); });
    routes.is_stopping = true;
    routes.script.release(StoreStep::commit);
    CHECK_EQ(answer.get(), json{{"cancelled", 250}, {"more", true}});
    CHECK_EQ(routes.count(OrderStatus::cancelled), 250);
}

TEST_CASE("bulk_desk: a client that leaves ends its request after a step") {
    // Whether the server has noticed by the end of the first step is up to the threads' turns.
    eventually(patience, [] {
        RoutesWithOrders routes(2'000);
        routes.script.hold(StoreStep::commit);
        {
            RawConnection connection(routes.port());
            connection.send("POST " + cancel_path +
                            " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                            "Content-Length: 15\r\n\r\n{\"kind\":\"mail\"}");
            eventually(patience, [&] { return routes.script.is_anybody_held(StoreStep::commit); });
        }
        CHECK_EQ(routes.client().get("/livez").status, 200);
        routes.script.release(StoreStep::commit);
        // What the one has not done is left for another.
        const json rest = routes.client().post(cancel_path, json{{"kind", "mail"}}).json();
        return rest == json{{"cancelled", 750}, {"more", false}};
    });
}

TEST_CASE("bulk_desk: a step that fails is answered with the reason") {
    RoutesWithOrders routes(10);
    HttpClient http = routes.client();
    routes.script.fail(StoreStep::commit, StoreError::Kind::full);
    check_problem(http.post(cancel_path, json{{"kind", "mail"}}), 503, "disk-full");
    routes.script.fail(StoreStep::read, StoreError::Kind::busy);
    check_problem(http.post(cancel_path, json{{"kind", "mail"}}), 503, "overloaded");
    CHECK_EQ(http.post(cancel_path, json{{"kind", "mail"}}).status, 200);
}

TEST_CASE("bulk_desk: what was done before a step that fails is told") {
    RoutesWithOrders routes(1'000);
    routes.script.hold(StoreStep::commit);
    auto answer = std::async(std::launch::async, [&] {
        return routes.client().post(cancel_path, json{{"kind", "mail"}});
    });
    eventually(patience, [&] { return routes.script.is_anybody_held(StoreStep::commit); });
    routes.script.fail(StoreStep::read, StoreError::Kind::busy);
    routes.script.release(StoreStep::commit);
    const HttpAnswer told = answer.get();
    CHECK_EQ(told.status, 200);
    CHECK_EQ(told.json(), json{{"cancelled", 250}, {"more", true}});
    CHECK_EQ(routes.count(OrderStatus::cancelled), 250);
}

TEST_CASE("bulk_desk: more requests than it carries out at a time are told to come again") {
    RoutesWithOrders routes(10);
    routes.script.hold(StoreStep::begin);
    std::vector<std::future<int>> answers;
    for (std::size_t number = 0; number < BulkDesk::max_requests + 1; ++number) {
        answers.push_back(std::async(std::launch::async, [&] {
            return routes.client().post(cancel_path, json{{"kind", "mail"}}).status;
        }));
    }
    const auto is_ready = [](std::future<int>& answer) {
        return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    };
    eventually(patience, [&] { return std::ranges::count_if(answers, is_ready) == 1; });
    routes.script.release(StoreStep::begin);
    std::multiset<int> statuses;
    for (auto& answer : answers) statuses.insert(answer.get());
    CHECK_EQ(statuses.count(503), 1);
    CHECK_EQ(statuses.count(200), BulkDesk::max_requests);
}

TEST_CASE("bulk_desk: a filter that could mean more than was meant changes nothing") {
    RoutesWithOrders routes(10);
    HttpClient http = routes.client();
    for (const std::string& path : {cancel_path, retry_path}) {
        HttpAnswer answer = http.post(path, json::object());
        check_problem(answer, 400, "invalid-filter");
        CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{""});
        answer = http.post(path, json{{"kind", "mail"}, {"stauts", "Pending"}});
        check_problem(answer, 400, "invalid-filter");
        CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"stauts"});
        check_problem(http.post(path, std::string("{")), 400, "malformed-body");
        check_problem(http.send({"POST", path}), 415, "unsupported-media-type");
        check_problem(http.send({"POST", path, {{"Content-Type", "text/plain"}}, "{}"}), 415,
                      "unsupported-media-type");
    }
    CHECK_EQ(routes.count(OrderStatus::pending), 10);
}

}  // namespace orders::test
