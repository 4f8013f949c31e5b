#include "api/claims/lease_text.h"

#include <doctest/doctest.h>

#include <string>

namespace orders::test {
namespace {

const std::string incarnation = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("lease_text: what a lease is written as is read as the same lease") {
    for (const Lease& lease : {Lease{.order = {1}, .token = 1}, Lease{.order = {4711}, .token = 12},
                               Lease{.order = {9'223'372'036'854'775'807}, .token = 100}}) {
        const std::string text = lease_text(lease, incarnation);
        CHECK(parse_lease(text, incarnation) == lease);
        CHECK_FALSE(parse_lease(text, std::string(32, 'f')));
        CHECK_FALSE(parse_lease(text + "0", incarnation));
        CHECK_FALSE(parse_lease(text.substr(0, text.size() - 1), incarnation));
    }
    CHECK(lease_text({.order = {12}, .token = 3}, incarnation) == "12.3." + incarnation);
}

TEST_CASE("lease_text: what was never handed out is no lease") {
    for (const std::string& text :
         {std::string(), std::string("."), std::string("1"), std::string("1.2"),
          "1.2" + incarnation, "01.2." + incarnation, "1.02." + incarnation, "0.1." + incarnation,
          "1.0." + incarnation, "-1.2." + incarnation, "+1.2." + incarnation, " 1.2." + incarnation,
          "1 .2." + incarnation, "1.2.." + incarnation, "9223372036854775808.1." + incarnation,
          "0x1.2." + incarnation, "1.2." + incarnation + " ",
          std::string(10'000, '1') + ".1." + incarnation, std::string("1\0.2.", 5) + incarnation}) {
        CAPTURE(text);
        CHECK_FALSE(parse_lease(text, incarnation));
    }
}

}  // namespace orders::test
