#pragma once

// A worker that pulls its orders over HTTP, as its client code would do it. Belongs to one thread.

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/order_processes.h"

namespace orders::test {

inline const std::string claims_path = "/api/v1/claims";
inline const std::string lease_batch_path = "/api/v1/leases/batch";

class Puller {
   public:
    explicit Puller(int port, std::string name = "puller") : http_(port), name_(std::move(name)) {}

    // As orders show it.
    [[nodiscard]] std::string name_in_orders() const { return "api:" + name_; }

    // The body of a claim, with more than the worker's name.
    [[nodiscard]] nlohmann::json claim_body(const nlohmann::json& more) const {
        nlohmann::json body{{"worker", name_}};
        body.update(more);
        return body;
    }
    [[nodiscard]] HttpAnswer claim_answer(const nlohmann::json& more) {
        return http_.post(claims_path, claim_body(more));
    }
    // The orders.
    [[nodiscard]] nlohmann::json claim(const nlohmann::json& more = nlohmann::json::object()) {
        const HttpAnswer answer = claim_answer(more);
        REQUIRE_MESSAGE(answer.status == 200, answer.body);
        return answer.json()["orders"];
    }
    // The only order there is, which must be there.
    [[nodiscard]] nlohmann::json claim_one(const nlohmann::json& more = nlohmann::json::object()) {
        nlohmann::json orders = claim(more);
        REQUIRE_EQ(orders.size(), 1);
        return std::move(orders[0]);
    }

    // `action` is complete, fail, release or renew. Without a body none is sent.
    [[nodiscard]] HttpAnswer ask(const std::string& lease, const std::string& action) {
        return http_.send({"POST", path_of(lease, action)});
    }
    [[nodiscard]] HttpAnswer ask(const std::string& lease, const std::string& action,
                                 const nlohmann::json& body) {
        return http_.post(path_of(lease, action), body);
    }
    [[nodiscard]] static std::string path_of(const std::string& lease, const std::string& action) {
        return "/api/v1/leases/" + lease + "/" + action;
    }

    [[nodiscard]] HttpClient& http() noexcept { return http_; }

   private:
    HttpClient http_;
    std::string name_;
};

// Sends a claim of the worker on a connection of its own, which the answer comes on.
[[nodiscard]] inline RawConnection begin_claim(int port, const std::string& name,
                                               const nlohmann::json& more) {
    RawConnection connection(port);
    REQUIRE(connection.send(to_bytes({"POST",
                                      claims_path,
                                      {{"Content-Type", "application/json"}},
                                      Puller(port, name).claim_body(more).dump()})));
    return connection;
}

// A claim that waits, on a connection of its own. When this is constructed it most likely waits
// already; a test whose outcome depends on that calls wait_until_known().
class WaitingPuller {
   public:
    WaitingPuller(int port, const std::string& name, const nlohmann::json& more)
        : http_(port), puller_(port, name), connection_(begin_claim(port, name, more)) {
        // Another claim, which is served behind all that are there.
        REQUIRE(Puller(port, "passer-by").claim({{"kinds", {"nobodys"}}}).empty());
    }

    // Returns once the report names the worker, which takes some seconds.
    void wait_until_known() {
        eventually(patience, [&] {
            const nlohmann::json report = http_.get("/api/v1/report").json();
            return std::ranges::any_of(report["workers"], [&](const nlohmann::json& worker) {
                return worker["worker"] == puller_.name_in_orders();
            });
        });
    }

    // What it got, as soon as it is answered.
    [[nodiscard]] nlohmann::json orders() {
        const HttpAnswer answer = answer_of(connection_.read_answer(patience));
        REQUIRE_MESSAGE(answer.status == 200, answer.body);
        return answer.json()["orders"];
    }

   private:
    HttpClient http_;
    Puller puller_;
    RawConnection connection_;
};

// The ids of a claim's orders, in order.
[[nodiscard]] inline std::vector<std::string> ids_of(const nlohmann::json& orders) {
    std::vector<std::string> ids;
    for (const auto& order : orders) ids.push_back(order["order_id"]);
    return ids;
}

[[nodiscard]] inline nlohmann::json order_of_kind(const std::string& id, const std::string& kind,
                                                  const std::string& priority = "Normal") {
    nlohmann::json order = order_json(id, priority);
    order["kind"] = kind;
    return order;
}

}  // namespace orders::test
