#include "shared/storage/sqlite/columns.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/storage/store_error.h"
#include "tests/support/order_builder.h"

namespace orders::sqlite {

TEST_CASE("columns: the kinds that a worker takes come back as they were stored") {
    const std::vector<Kind> kinds{Kind(), test::a_kind("mail")};
    CHECK(kinds_to_column(kinds) == "default,mail");
    CHECK(kinds_from_column("default,mail") == kinds);
    CHECK_FALSE(kinds_to_column(std::nullopt));
    CHECK_FALSE(kinds_from_column(std::nullopt));
}

TEST_CASE("columns: what a worker sends orders to comes back as it was stored") {
    const std::vector<EndpointState> endpoints{{test::a_kind("mail"), 12, false},
                                               {test::a_kind("sms"), 0, true}};
    CHECK(endpoints_to_column(endpoints) == "mail:12:0,sms:0:1");
    CHECK(endpoints_from_column("mail:12:0,sms:0:1") == endpoints);
    CHECK_FALSE(endpoints_to_column({}));
    CHECK(endpoints_from_column(std::nullopt).empty());
}

TEST_CASE("columns: what cannot have been stored so is damage") {
    for (const std::string text : {",", "mail,,sms", "A kind", "mail:1:0"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)kinds_from_column(text), StoreError);
    }
    for (const std::string text :
         {",", "mail", "mail:", "mail:1", "mail:1:", "mail:1:2", "mail:x:0", "mail:-1:0",
          "mail:1:0:", ":1:0", "mail:1:0,,sms:1:0", "mail:99999999999999999999:0"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)endpoints_from_column(text), StoreError);
    }
}

}  // namespace orders::sqlite
