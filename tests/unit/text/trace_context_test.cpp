// The two headers of W3C Trace Context.

#include "shared/text/trace_context.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace orders {
namespace {

const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string members(int count) {
    std::string list = "a0=1";
    for (int i = 1; i < count; ++i) list += ",a" + std::to_string(i) + "=1";
    return list;
}

TEST_CASE("trace_context: a valid parent is taken, and has its trace's id") {
    for (const std::string& good :
         {parent, parent.substr(0, 53) + "00", parent.substr(0, 53) + "ff"}) {
        const auto trace = trace_context(good, "");
        REQUIRE(trace);
        CHECK(trace->parent == good);
        CHECK(trace->state.empty());
        CHECK(trace->trace_id() == "0af7651916cd43dd8448eb211c80319c");
    }
}

TEST_CASE("trace_context: an invalid parent is ignored") {
    for (const std::string& bad : std::vector<std::string>{
             std::string(), parent + "-", parent + "-00", parent.substr(1), parent.substr(0, 54),
             " " + parent, "01" + parent.substr(2), "ff" + parent.substr(2), "0" + parent,
             "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
             "00-00000000000000000000000000000000-b7ad6b7169203331-01",
             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
             "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
             "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
             "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
             parent.substr(0, 20) + std::string(1, '\0') + parent.substr(21)}) {
        CAPTURE(bad);
        CHECK_FALSE(trace_context(bad, "a=b"));
    }
}

TEST_CASE("trace_context: a state goes along if it is valid") {
    for (const std::string& good :
         {std::string("congo=t61rcWkgMzE"), std::string("rojo=00f067aa0ba902b7 , congo=t61"),
          std::string("a=b,,c=d,"), std::string("fw529a3039@dt=FfK/x;y:z"), members(32),
          "a=" + std::string(256, 'x') + ",b=" + std::string(251, 'y')}) {
        CAPTURE(good);
        CHECK(trace_context(parent, good)->state == good);
    }
    for (const std::string& bad :
         {std::string("a"), std::string("=b"), std::string("a="), std::string("A=b"),
          std::string("a=b=c"), std::string("a=b,c"), std::string("a=\xc3\xa4"),
          std::string("a=b\x01"), std::string("a b=c"), members(33), "a=" + std::string(257, 'x'),
          std::string(257, 'a') + "=b",
          "a=" + std::string(256, 'x') + ",b=" + std::string(252, 'y')}) {
        CAPTURE(bad);
        CHECK(trace_context(parent, bad)->state.empty());
    }
}

TEST_CASE("trace_context: a new span keeps trace, flags and state, and has another parent") {
    const TraceContext next = in_new_span({parent, "a=b"}, 0x10fU);
    CHECK(next.parent == "00-0af7651916cd43dd8448eb211c80319c-f010000000000000-01");
    CHECK(next.state == "a=b");
    CHECK(is_trace_parent(next.parent));
}

}  // namespace
}  // namespace orders
