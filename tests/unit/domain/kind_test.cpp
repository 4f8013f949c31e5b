#include "shared/domain/kind.h"

#include <doctest/doctest.h>

#include <string>

namespace orders::test {

TEST_CASE("kind: without a name it is `default`") {
    CHECK(Kind().name() == "default");
    CHECK(Kind().is_default());
    CHECK(Kind::parse("default") == Kind());
}

TEST_CASE("kind: a name is 1 to 32 of lower-case letters, digits, _ and -") {
    for (const std::string name :
         {"m", "mail", "0", "-", "_a-b_9", "abcdefghijklmnopqrstuvwxyz012345"}) {
        CAPTURE(name);
        REQUIRE(Kind::parse(name));
        CHECK(Kind::parse(name)->name() == name);
    }
    for (const std::string name :
         {"", "Mail", "a b", "a.b", "ä", "abcdefghijklmnopqrstuvwxyz0123456"}) {
        CAPTURE(name);
        CHECK_FALSE(Kind::parse(name));
    }
}

}  // namespace orders::test
