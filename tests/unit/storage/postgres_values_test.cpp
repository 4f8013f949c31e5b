// What goes into statements for PostgreSQL, and what is shown of a server's URL.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/server_url.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {

TEST_CASE("postgres_values: arrays of numbers and texts are as PostgreSQL reads them") {
    Array numbers;
    CHECK(numbers.is_empty());
    CHECK(numbers.text() == "{}");
    numbers.add(1);
    numbers.add(std::nullopt);
    numbers.add(std::optional<std::int64_t>(-3));
    CHECK(numbers.text() == "{1,NULL,-3}");
    Array texts;
    texts.add(R"({"a":"b\c"})");
    texts.add("");
    texts.add("NULL");
    CHECK(texts.text() == R"({"{\"a\":\"b\\c\"}","","NULL"})");
}

TEST_CASE("postgres_values: what PostgreSQL keeps in no text is replaced") {
    using namespace std::string_view_literals;
    CHECK(storable("l\xc3\xa4uft") == "l\xc3\xa4uft");
    CHECK(storable("a\0b\xff"sv) ==
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd");
}

TEST_CASE("postgres_values: of a URL host, port, database and user are shown, and no password") {
    const auto url =
        ServerUrl::parse("postgresql://me:hidden@db.example:5433/orders?sslmode=require");
    REQUIRE(url);
    CHECK(url->describe() == "postgresql://me@db.example:5433/orders");
    CHECK(url->has_password());
    CHECK(url->without_secrets("could not connect") == "could not connect");
    CHECK(url->without_secrets("no host \"dden@db\"").find("dden") == std::string::npos);
    // Parts of a password that is not encoded as it should be.
    CHECK_FALSE(ServerUrl::parse("postgresql://me:hid/den@db/orders"));
    CHECK_FALSE(ServerUrl::parse("postgresql://me:hid@den@db/orders"));
    CHECK_FALSE(ServerUrl::parse("postgresql://me:123/hidden@db/orders"));
    CHECK_FALSE(ServerUrl::parse("postgresql://host:port/orders"));
    CHECK_FALSE(ServerUrl::parse("orders.db"));
    CHECK_FALSE(ServerUrl::parse("postgresql:///orders")->has_password());
}

TEST_CASE("postgres_values: only what waiting cannot mend calls for a restart") {
    for (const char* state : {"", "08006", "57P03", "53300", "40P01", "55P03", "25006", "53100"}) {
        CAPTURE(state);
        CHECK_FALSE(to_store_error(ServerError(state, "x"), "do it").is_fatal());
    }
    for (const char* state : {"28P01", "3D000", "42501", "42P01", "XX001"}) {
        CAPTURE(state);
        CHECK(to_store_error(ServerError(state, "x"), "do it").is_fatal());
    }
    CHECK(to_store_error(ServerError("53100", "x"), "do it").kind() == StoreError::Kind::full);
}

}  // namespace orders::postgres
