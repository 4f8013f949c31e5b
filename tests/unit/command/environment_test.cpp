#include "worker/processors/command/environment.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

class SetVariable {
   public:
    SetVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~SetVariable() { ::unsetenv(name_); }
    SetVariable(const SetVariable&) = delete;
    SetVariable& operator=(const SetVariable&) = delete;

   private:
    const char* name_;
};

ClaimedOrder an_attempt() {
    return {.lease = {.order = {7}, .token = 12},
            .spec = an_order("a:1").high().of_kind("mail").carrying("\"secret\"").build().spec,
            .attempt = 3,
            .limits = {.timeout = std::chrono::milliseconds(1'500)}};
}

}  // namespace

TEST_CASE("environment: a command gets a short list, and nothing else of ours") {
    const SetVariable unasked("DB_PATH", "/data/orders.db");
    const SetVariable language("LANG", "de_DE.UTF-8");
    const CommandEnvironment environment({});
    std::vector<std::string> expected{std::string("PATH=") + ::getenv("PATH"),
                                      "LANG=de_DE.UTF-8",
                                      "ORDER_ID=a:1",
                                      "ORDER_KIND=mail",
                                      "ORDER_PRIORITY=High",
                                      "ORDER_ATTEMPT=3",
                                      "ORDER_TOKEN=12",
                                      "ORDER_TIMEOUT_SECONDS=2",
                                      "ORDER_IDEMPOTENCY_KEY=ord_1_7"};
    CHECK(environment.for_order(an_attempt(), "ord_1_7") == expected);
}

TEST_CASE("environment: a command gets the trace of the order's create") {
    const CommandEnvironment environment({});
    ClaimedOrder order = an_attempt();
    const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    order.spec.trace = std::make_shared<const TraceContext>(TraceContext{parent, "a=b"});
    const std::vector<std::string> with_state = environment.for_order(order, "key");
    CHECK(with_state.at(with_state.size() - 2) == "TRACEPARENT=" + parent);
    CHECK(with_state.back() == "TRACESTATE=a=b");
    order.spec.trace = std::make_shared<const TraceContext>(TraceContext{parent});
    CHECK(environment.for_order(order, "key").back() == "TRACEPARENT=" + parent);
    for (const char* const name : {"TRACEPARENT", "TRACESTATE"}) {
        CHECK(fault_in_variable_name(name) == "is for the order's trace");
    }
}

TEST_CASE("environment: named variables pass through, and those that are not set are known") {
    const SetVariable home("COMMAND_HOME", "/srv/a=b c");
    const SetVariable empty("COMMAND_EMPTY", "");
    const CommandEnvironment environment(
        {"COMMAND_HOME", "COMMAND_EMPTY", "COMMAND_MISSING", "PATH", "COMMAND_HOME"});
    const std::vector<std::string> all = environment.for_order(an_attempt(), "key");
    REQUIRE(all.size() == 11);
    CHECK(all[2] == "COMMAND_HOME=/srv/a=b c");
    CHECK(all[3] == "COMMAND_EMPTY=");
    CHECK(environment.missing() == std::vector<std::string>{"COMMAND_MISSING"});
}

TEST_CASE("environment: a name that cannot be passed through is refused") {
    CHECK(fault_in_variable_name("HOME").empty());
    CHECK(fault_in_variable_name("_a1").empty());
    for (const char* name : {"", "1A", "A=B", "A B", "A-B", "\xc3\x84", "ORDER_ID", "ORDER_"}) {
        CAPTURE(name);
        CHECK_FALSE(fault_in_variable_name(name).empty());
    }
}

}  // namespace orders::test
