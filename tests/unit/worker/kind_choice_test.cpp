#include "worker/kind_choice.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/program/settings_error.h"
#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

using Entries = std::vector<std::string>;

// The text of the SettingsError.
std::string error_of(KindChoice choice, const Entries& simulated) {
    try {
        choice.simulate(simulated);
    } catch (const SettingsError& error) {
        return error.what();
    }
    return "was taken";
}

KindChoice with_webhook(const char* kind) {
    KindChoice choice;
    choice.take("--webhook", a_kind(kind));
    return choice;
}

}  // namespace

TEST_CASE("kind_choice: if nothing is said, all kinds are simulated") {
    KindChoice choice;
    choice.simulate({});
    REQUIRE(choice.simulated());
    CHECK(choice.simulated()->empty());
    CHECK(choice.is_default());
}

TEST_CASE("kind_choice: if something does work, only what is asked for is simulated") {
    KindChoice choice = with_webhook("mail");
    SUBCASE("nothing") {
        choice.simulate({});
        CHECK_FALSE(choice.simulated());
    }
    SUBCASE("some kinds") {
        choice.simulate({"default", "sms"});
        CHECK(choice.simulated() == std::vector{a_kind("default"), a_kind("sms")});
    }
    SUBCASE("all others") {
        choice.simulate({"*"});
        REQUIRE(choice.simulated());
        CHECK(choice.simulated()->empty());
    }
    CHECK_FALSE(choice.is_default());
}

TEST_CASE("kind_choice: simulating all, some or none can be asked for") {
    KindChoice all;
    all.simulate({"*"});
    REQUIRE(all.simulated());
    CHECK(all.simulated()->empty());
    CHECK_FALSE(all.is_default());

    KindChoice some;
    some.simulate({"mail"});
    CHECK(some.simulated() == std::vector{a_kind("mail")});
    CHECK_FALSE(some.is_default());

    KindChoice none;
    none.simulate({"none"});
    CHECK_FALSE(none.simulated());
    CHECK_FALSE(none.is_default());
}

TEST_CASE("kind_choice: a kind that is named twice is refused") {
    CHECK(error_of({}, {"mail", "sms", "mail"}) ==
          "the kind 'mail' is named twice: by --simulate (SERVICE_SIMULATE) and by --simulate "
          "(SERVICE_SIMULATE)");
    CHECK(error_of(with_webhook("mail"), {"mail"}) ==
          "the kind 'mail' is named twice: by --webhook and by --simulate (SERVICE_SIMULATE)");
    KindChoice choice = with_webhook("mail");
    CHECK_THROWS_AS(choice.take("--command", a_kind("mail")), SettingsError);
}

TEST_CASE("kind_choice: what is no kind is refused, and what stands for all or none is alone") {
    const std::string setting = "--simulate (SERVICE_SIMULATE): ";
    CHECK(error_of({}, {"mail", "Sms"}) ==
          setting + "'Sms' is not a kind of 1 to 32 of a-z, 0-9, '_' and '-'");
    CHECK(error_of({}, {"mail", "*"}) == setting + "'*' must stand alone");
    CHECK(error_of({}, {"none", "mail"}) == setting + "'none' must stand alone");
}

}  // namespace orders::test
