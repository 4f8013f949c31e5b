#include "shared/storage/open_storage.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "shared/storage/store_error.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

TEST_CASE("open_storage: a URL of PostgreSQL that is not valid is refused, and not quoted") {
    for (const std::string location :
         {"postgresql://user:sec%zzret@host/orders",
          "postgres://user:secret@host:port:secret/orders", "PostgreSQL://user:secret@[host/orders",
          "postgresql://h/orders?secret=1"}) {
        CAPTURE(location);
        try {
            (void)open_storage(location);
            FAIL("it was opened");
        } catch (const UnknownLocation& error) {
            const std::string what = error.what();
            CHECK(what.find("PostgreSQL") != std::string::npos);
            CHECK(what.find("user:") == std::string::npos);
            CHECK(what.find("secret") == std::string::npos);
        }
    }
}

TEST_CASE("open_storage: a password in a URL is noticed, however it is written") {
    for (const std::string location :
         {"postgresql://u:secret@host/orders", "postgres://u:s%2Fe@host/orders",
          "POSTGRESQL://u:secret@/orders?host=/run", "postgresql://host/o?password=secret"}) {
        CAPTURE(location);
        CHECK(shows_password(location));
    }
    for (const std::string location :
         {"postgresql://u@host:5433/orders", "postgresql://host:5432/orders", "orders.db",
          "postgresql:///orders", "a:b@c"}) {
        CAPTURE(location);
        CHECK_FALSE(shows_password(location));
    }
}

TEST_CASE("open_storage: what SQLite takes for no path, and URLs, are refused, and not quoted") {
    for (const std::string location :
         {":memory:", ":Memory:", "file:secret.db", "file:secret.db?mode=memory",
          "FILE:///secret.db", "sqlite:///secret.db", "sqlite3+x://secret", "mysql://u:secret@h/o",
          "http://secret"}) {
        CAPTURE(location);
        try {
            (void)open_storage(location);
            FAIL("it was opened");
        } catch (const UnknownLocation& error) {
            const std::string what = error.what();
            CHECK(what.ends_with("; give the path of a SQLite file"));
            CHECK(what.find("secret") == std::string::npos);
        }
    }
}

TEST_CASE("open_storage: anything else is the path of a file, which is not touched yet") {
    const TempDir directory;
    for (const std::string name :
         {"orders.db", "postgresql", "postgresql:", "memory", "a:b", "file", "1:"}) {
        const auto storage = open_storage(directory.file(name));
        CHECK_FALSE(std::filesystem::exists(directory.file(name)));
        (void)storage->open_worker();
        CHECK(std::filesystem::exists(directory.file(name)));
    }
    CHECK_NOTHROW((void)open_storage(directory.file("missing/orders.db")));
}

TEST_CASE("open_storage: a part that cannot be opened is an error that a restart may cure") {
    const TempDir directory;
    const auto storage = open_storage(directory.file("missing/orders.db"));
    try {
        (void)storage->open_intake();
        FAIL("it was opened");
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::unusable);
        CHECK(error.is_fatal());
        CHECK(std::string(error.what()).find("create it first") != std::string::npos);
    }
    CHECK_THROWS_AS((void)storage->open_worker(), StoreError);
    CHECK_THROWS_AS((void)storage->open_reader(), StoreError);
    CHECK_THROWS_AS((void)storage->open_housekeeping(), StoreError);
    CHECK_THROWS_AS((void)storage->open_watch(), StoreError);
    CHECK_THROWS_AS((void)storage->open_end_watch(), StoreError);
    CHECK_THROWS_AS((void)storage->verify(), StoreError);
    CHECK_THROWS_AS((void)storage->back_up(directory.file("copy.db")), StoreError);
    CHECK_FALSE(std::filesystem::exists(directory.file("copy.db")));
}

TEST_CASE("open_storage: all users of one file meet there, by whatever name they call it") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    (void)open_storage(path)->open_intake();
    std::filesystem::create_symlink(path, directory.file("link.db"));
    const auto intake = open_storage(directory.file("link.db"))->open_intake();
    const std::vector<NewOrder> orders{an_order("a")};
    (void)intake->begin()->commit({.creates = {orders}});
    CHECK(open_storage(path)->open_reader()->find(order_id("a")));
    CHECK(std::filesystem::exists(path + ".doorbell"));
    CHECK(std::filesystem::exists(path + ".endbell"));
    CHECK(std::filesystem::exists(path + ".turnstile-a"));
    CHECK_FALSE(std::filesystem::exists(directory.file("link.db.doorbell")));
}

TEST_CASE("open_storage: what it opened may outlive it, and verifies and copies as it stands") {
    const TempDir directory;
    std::unique_ptr<IntakeStore> intake;
    {
        const auto storage = open_storage(directory.file("orders.db"));
        intake = storage->open_intake();
    }
    const std::vector<NewOrder> orders{an_order("a"), an_order("b")};
    (void)intake->begin()->commit({.creates = {orders}});
    const auto storage = open_storage(directory.file("orders.db"));
    CHECK(storage->back_up(directory.file("copy.db")).orders == 2);
    const Verification verification = open_storage(directory.file("copy.db"))->verify();
    CHECK(verification.findings == 0);
    CHECK(verification.orders.pending == 2);
}

}  // namespace orders::test
